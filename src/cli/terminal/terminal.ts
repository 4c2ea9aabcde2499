/** @file Where a command writes. */
import type { Diagnostic } from "../../source/diagnostic.ts";
import { renderDiagnostic, renderDiagnostics } from "../../source/render.ts";

export interface Terminal {
  /** Writes lines of results; the last line feed is added. */
  readonly out: (text: string) => void;
  /** Writes lines about what went wrong, or what else a person should know. */
  readonly err: (text: string) => void;
  /** Whether a person looks at what goes to `err`. */
  readonly interactive: boolean;
  /** Whether `err` shows colours. */
  readonly color: boolean;
  /** The width of a line. */
  readonly columns: number;
}

/** The terminal of this process. */
export function processTerminal({ stdout, stderr, env }: NodeJS.Process): Terminal {
  const line = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
  return {
    out: (text) => void stdout.write(line(text)),
    err: (text) => void stderr.write(line(text)),
    interactive: stderr.isTTY,
    // no-color.org: any text that is not empty.
    color: stderr.isTTY && (env["NO_COLOR"] ?? "") === "",
    columns: stdout.isTTY ? stdout.columns : 100,
  };
}

/** Writes diagnostics as a person reads them; those about programs with how many there are. */
export function show(terminal: Terminal, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const { color } = terminal;
  const places = diagnostics.some(({ span }) => span !== undefined);
  if (places) terminal.err(renderDiagnostics(diagnostics, { color }));
  else terminal.err(diagnostics.map((found) => renderDiagnostic(found, { color })).join("\n"));
}
