/** @file The terminal that a command writes to. */
import type { Diagnostic } from "../../source/diagnostic.ts";
import { renderDiagnostic, renderDiagnostics } from "../../source/render.ts";

export interface Terminal {
  /** Writes result lines. Adds the final newline. */
  readonly out: (text: string) => void;
  /** Writes errors and other information for the user. */
  readonly err: (text: string) => void;
  /** Whether `err` goes to a person. */
  readonly interactive: boolean;
  /** Whether `err` supports colours. */
  readonly color: boolean;
  /** The line width. */
  readonly columns: number;
}

/** Returns the terminal of this process. */
export function processTerminal({ stdout, stderr, env }: NodeJS.Process): Terminal {
  const line = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
  return {
    out: (text) => void stdout.write(line(text)),
    err: (text) => void stderr.write(line(text)),
    interactive: stderr.isTTY,
    // no-color.org: any non-empty value.
    color: stderr.isTTY && (env["NO_COLOR"] ?? "") === "",
    columns: stdout.isTTY ? stdout.columns : 100,
  };
}

/** Writes diagnostics in readable form, with a count of those about programs. */
export function show(terminal: Terminal, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const { color } = terminal;
  const places = diagnostics.some(({ span }) => span !== undefined);
  if (places) terminal.err(renderDiagnostics(diagnostics, { color }));
  else terminal.err(diagnostics.map((found) => renderDiagnostic(found, { color })).join("\n"));
}
