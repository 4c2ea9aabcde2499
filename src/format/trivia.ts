/** @file What stands between the tokens of a text: comments and line breaks. */
import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Ast, Comment } from "../parser/ast.ts";
import type { Span } from "../source/source.ts";

const { breakParent, hardline, indent, lineSuffix } = builders;

/**
 * The comments of a text, which are taken in order while its tokens are printed in order. Whoever prints a token takes what stands
 * before it; a comment can so be carried over a comma or a closing bracket, but never over a name, and is never lost.
 */
export class Trivia {
  readonly #text: string;
  readonly #comments: readonly Comment[];
  #next = 0;

  constructor({ comments, span }: Ast) {
    this.#text = span.source.text;
    this.#comments = comments;
  }

  /** Where the token at or behind an offset begins. */
  tokenAt(offset: number): number {
    const between = /(?:\s+|\/\/[^\r\n]*)*/y;
    between.lastIndex = offset;
    between.test(this.#text);
    return between.lastIndex;
  }

  /** Where the bracket stands that closes a list whose last item ends at an offset. */
  closingAfter(end: number): number {
    const at = this.tokenAt(end);
    return this.#text[at] === "," ? this.tokenAt(at + 1) : at;
  }

  /** Where an expression begins without the parentheses around it. */
  firstIn({ start }: Span): number {
    let at = start;
    while (this.#text[at] === "(") at = this.tokenAt(at + 1);
    return at;
  }

  /** Whether the token at or behind an offset is a `{`. */
  isBrace(offset: number): boolean {
    return this.#text[this.tokenAt(offset)] === "{";
  }

  /** Whether two offsets are on different lines. */
  breaksBetween(start: number, end: number): boolean {
    return this.#text.slice(start, end).includes("\n");
  }

  /** Whether the line before what begins at an offset is blank. */
  isAfterBlankLine(offset: number): boolean {
    return /\n[^\S\n]*\n\s*$/.test(this.#text.slice(this.#text.slice(0, offset).trimEnd().length, offset));
  }

  /** Whether a comment that was not taken stands before an offset. */
  has(until: number): boolean {
    const next = this.#comments[this.#next];
    return next !== undefined && next.span.start < until;
  }

  /** The comments before an offset that were not taken yet. */
  take(until: number): Comment[] {
    const first = this.#next;
    while (this.has(until)) this.#next++;
    return this.#comments.slice(first, this.#next);
  }

  /** The next comment, if it stands before an offset and at the end of a line with code: it stays there. A line break must follow. */
  trailing(until: number): Doc {
    const next = this.#comments[this.#next];
    if (next === undefined || !this.has(until) || !this.#hasCodeBefore(next)) return "";
    this.#next++;
    return [lineSuffix(` ${printComment(next)}`), breakParent];
  }

  /** All before an offset, each on a line of its own, before a token that begins a line. */
  before(until: number): Doc {
    return this.take(until).map((comment) => [printComment(comment), hardline]);
  }

  /** All before an offset, before a token that does not begin a line: it does then, indented. */
  within(until: number): Doc {
    return this.has(until) ? indent(this.before(until)) : "";
  }

  /** All before an offset, each on a line of its own, behind the last item of a list. */
  after(until: number): Doc {
    return this.take(until).map((comment) => [hardline, printComment(comment)]);
  }

  /** All before an offset, before a comma or bracket over which they may not be carried: behind it, `///` could document what follows. */
  fixed(until: number): Doc {
    return this.take(until).map((comment) => [" ", printComment(comment), hardline]);
  }

  /** Whether one of them is a `///`. */
  hasDoc(until: number): boolean {
    for (let i = this.#next; i < this.#comments.length && this.#comments[i]!.span.start < until; i++)
      if (this.#comments[i]!.doc) return true;
    return false;
  }

  #hasCodeBefore({ span }: Comment): boolean {
    const line = this.#text.lastIndexOf("\n", span.start - 1) + 1;
    return this.#text.slice(line, span.start).trim() !== "";
  }
}

export function printComment({ text, doc }: Comment): string {
  return `${doc ? "///" : "//"}${text}`.trimEnd();
}
