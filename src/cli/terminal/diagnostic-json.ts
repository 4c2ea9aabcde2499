/** @file Diagnostics for other programs. The format is stable and documented in docs/guide/command-line.md. */
import type { Diagnostic, Help } from "../../source/diagnostic.ts";
import { position, type Span } from "../../source/source.ts";

/**
 * Returns a diagnostic as JSON. `path` is its file if it has no span. Lines and columns count from 1, offsets from 0.
 */
export function diagnosticJson(found: Diagnostic, path: string): object {
  const { code, severity, message, span, labels, notes, helps } = found;
  return {
    code,
    severity,
    file: span?.source.path ?? path,
    span: span === undefined ? null : spanJson(span),
    message,
    help: helps.map(helpText),
    related: [...labels, ...notes].map(({ text, span }) => ({
      message: text,
      ...(span === undefined ? {} : { file: span.source.path, span: spanJson(span) }),
    })),
    fixes: helps.flatMap((help) =>
      help.edits === undefined ? [] : [{ message: helpText(help), edits: help.edits.map(editJson) }],
    ),
  };
}

/** Returns a help on one line: what to do, and what to write. */
export function helpText({ text, code }: Help): string {
  return code === undefined ? text : `${text}: ${code}`;
}

function editJson({ span, text }: { readonly span: Span; readonly text: string }): object {
  return { file: span.source.path, span: spanJson(span), text };
}

function spanJson({ source, start, end }: Span): object {
  const [from, to] = [position(source, start), position(source, end)];
  return { start, end, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}
