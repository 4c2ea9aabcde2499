/** @file Diagnostics for other programs. */
import type { Diagnostic } from "../source/diagnostic.ts";
import { position, type Span } from "../source/source.ts";

/** `path` is the file that is about it if the diagnostic has no place. Lines and columns count from 1, offsets from 0. */
export function diagnosticJson(found: Diagnostic, path: string): object {
  const { code, severity, message, span, labels, notes, helps } = found;
  return {
    code,
    severity,
    file: span?.source.path ?? path,
    span: span === undefined ? null : spanJson(span),
    message,
    help: helps.map((help) => (help.code === undefined ? help.text : `${help.text}: ${help.code}`)),
    related: [...labels, ...notes].map(({ text, span }) => ({
      message: text,
      ...(span === undefined ? {} : { file: span.source.path, span: spanJson(span) }),
    })),
    fixes: helps.flatMap(({ text, edits }) =>
      edits === undefined
        ? []
        : [
            {
              message: text,
              edits: edits.map((edit) => ({
                file: edit.span.source.path,
                span: spanJson(edit.span),
                text: edit.text,
              })),
            },
          ],
    ),
  };
}

function spanJson({ source, start, end }: Span): object {
  const [from, to] = [position(source, start), position(source, end)];
  return { start, end, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}
