/** @file Renders diagnostics for a terminal. */
import { renderFrames, type Mark } from "./code-frame.ts";
import type { Diagnostic, Help, Note } from "./diagnostic.ts";
import { placeOf, position, type SourceFile } from "./source.ts";
import { printable, styles, type Style } from "./terminal.ts";

export interface RenderOptions {
  /** Whether to use ANSI colours. Default: no. */
  readonly color?: boolean;
}

const shownHelps = 2;

/** Renders a diagnostic, without a final line break. A note that begins with `note:` comes last and has no `=`. */
export function renderDiagnostic(diagnostic: Diagnostic, { color = false }: RenderOptions = {}): string {
  const style = styles(color);
  const { code, severity, span, message, labels, notes, helps } = diagnostic;
  const paint = severity === "error" ? style.error : style.warning;
  const head = `${paint(`${severity}[${code}]`)}${style.strong(`: ${printable(message)}`)}`;
  const marks: Mark[] = labels.map((label) => ({ ...label, text: printable(label.text), primary: false }));
  const frames =
    span === undefined
      ? { lines: [], indent: "  " }
      : renderFrames({ span, text: "", primary: true }, marks, style, paint);
  const last = (note: Note): boolean => note.text.startsWith("note:");
  return [
    head,
    ...frames.lines,
    ...notes
      .filter((note) => !last(note))
      .map((note) => `${frames.indent}${style.frame("=")} ${noteText(note, span?.source)}`),
    ...renderHelps(helps.slice(0, shownHelps), style).map((line) => frames.indent + line),
    ...notes.filter(last).map((note) => frames.indent + noteText(note, span?.source)),
  ]
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Returns a note with its position, which includes the file name if it is another file. */
function noteText({ text, span }: Note, source: SourceFile | undefined): string {
  if (span === undefined) return printable(text);
  const { line, column } = position(span.source, span.start);
  return printable(`${text} at ${span.source === source ? `${line}:${column}` : placeOf(span)}`);
}

/** Renders helps with their code aligned in one column. */
function renderHelps(helps: readonly Help[], style: Style): string[] {
  const prefix = "help: ";
  const width = Math.max(0, ...helps.map(({ text, code }) => (code === undefined ? 0 : text.length))) + 4;
  return helps.flatMap(({ text, code }) => {
    const [first = "", ...rest] = code?.split("\n") ?? [];
    const line = `${style.help("help")}: ${code === undefined ? printable(text) : printable(text).padEnd(width)}${printable(first)}`;
    return [line, ...rest.map((more) => " ".repeat(prefix.length + width) + printable(more))];
  });
}

/** Renders diagnostics ordered by file and position, followed by their counts; empty if there are none. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  if (diagnostics.length === 0) return "";
  const sorted = [...diagnostics].sort(compare).map((diagnostic) => renderDiagnostic(diagnostic, options));
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const counts = [count(errors, "error"), count(diagnostics.length - errors, "warning")].filter((text) => text !== "");
  return [...sorted, counts.join(", ")].join("\n\n") + "\n";
}

function count(n: number, what: string): string {
  return n === 0 ? "" : `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** Orders diagnostics by file and position. Those without a span come first. */
function compare(a: Diagnostic, b: Diagnostic): number {
  const [left, right] = [a.span?.source.path ?? "", b.span?.source.path ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return (a.span?.start ?? 0) - (b.span?.start ?? 0);
}
