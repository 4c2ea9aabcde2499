/** @file Mistakes: diagnostics with a span. All of the parser's diagnostics are mistakes. */
import type { Code, Holes } from "../source/catalogue/catalogue.ts";
import type { Details, Diagnostic } from "../source/diagnostic.ts";
import { diagnostic } from "../source/reporter.ts";
import type { SourceFile, Span } from "../source/source.ts";

/** The maximum nesting depth of brackets in a statement or header. */
export const maxNesting = 200;

export interface Mistake extends Diagnostic {
  readonly span: Span;
}

export function mistake<C extends Code>(
  code: C,
  span: Span,
  args: Readonly<Record<Holes<C>, string>>,
  details: Details = {},
): Mistake {
  return { ...diagnostic(code, span, args, details), span };
}

export function spanAt(source: SourceFile, start: number, length: number): Span {
  return { source, start, end: start + length };
}

/** Quotes source text in a message: in backticks, shortened if long. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return `\`${short}\``;
}

/** Reports brackets nested deeper than `maxNesting`. */
export function tooDeep(span: Span): Mistake {
  return mistake("too-large", span, { what: `brackets are nested more than ${maxNesting} deep` });
}
