/** @file Trivia: the comments and line breaks between tokens. */
import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Ast, Comment } from "../parser/ast.ts";
import type { Span } from "../source/source.ts";

const { breakParent, hardline, indent, lineSuffix } = builders;

/**
 * The comments of a text, taken in order as its tokens are printed in order. Printing a token takes the comments before it. So
 * a comment can move past a comma or a closing bracket but never past a name, and is never lost.
 */
export class Trivia {
  readonly #text: string;
  readonly #comments: readonly Comment[];
  #next = 0;

  constructor({ comments, span }: Ast) {
    this.#text = span.source.text;
    this.#comments = comments;
  }

  /** Returns the start of the token at or after an offset. */
  tokenAt(offset: number): number {
    const between = /(?:\s+|#[^\r\n]*)*/y;
    between.lastIndex = offset;
    between.test(this.#text);
    return between.lastIndex;
  }

  /** Returns the offset of the bracket that closes a list, given the end of its last item. */
  closingAfter(end: number): number {
    const at = this.tokenAt(end);
    return this.#text[at] === "," ? this.tokenAt(at + 1) : at;
  }

  /** Returns the start of an expression without the parentheses around it. */
  firstIn({ start }: Span): number {
    let at = start;
    while (this.#text[at] === "(") at = this.tokenAt(at + 1);
    return at;
  }

  /** Whether the token at or after an offset is a `{`. */
  isBrace(offset: number): boolean {
    return this.#text[this.tokenAt(offset)] === "{";
  }

  /** Whether two offsets are on different lines. */
  breaksBetween(start: number, end: number): boolean {
    return this.#text.slice(start, end).includes("\n");
  }

  /** Whether a blank line precedes an offset. */
  isAfterBlankLine(offset: number): boolean {
    return /\n[^\S\n]*\n\s*$/.test(this.#text.slice(this.#text.slice(0, offset).trimEnd().length, offset));
  }

  /** Whether a comment that is not yet taken precedes an offset. */
  has(until: number): boolean {
    const next = this.#comments[this.#next];
    return next !== undefined && next.span.start < until;
  }

  /** Takes the remaining comments before an offset. */
  take(until: number): Comment[] {
    const first = this.#next;
    while (this.has(until)) this.#next++;
    return this.#comments.slice(first, this.#next);
  }

  /** Takes the next comment if it precedes an offset and is at the end of a line of code. It stays there; a line break must follow. */
  trailing(until: number): Doc {
    const next = this.#comments[this.#next];
    if (next === undefined || !this.has(until) || !this.#hasCodeBefore(next)) return "";
    this.#next++;
    return [lineSuffix(` ${printComment(next)}`), breakParent];
  }

  /** Takes the comments before a token that begins a line; each gets its own line. */
  before(until: number): Doc {
    return this.take(until).map((comment) => [printComment(comment), hardline]);
  }

  /** Takes the comments before a token that does not begin a line. If there are any, the token then begins one, indented. */
  within(until: number): Doc {
    return this.has(until) ? indent(this.before(until)) : "";
  }

  /** Takes the comments after the last item of a list; each gets its own line. */
  after(until: number): Doc {
    return this.take(until).map((comment) => [hardline, printComment(comment)]);
  }

  /** Takes the comments before a comma or bracket that they may not move past. After it, `##` could document what follows. */
  fixed(until: number): Doc {
    return this.take(until).map((comment) => [" ", printComment(comment), hardline]);
  }

  /** Whether any remaining comment before an offset is a `##`. */
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
  return `${doc ? "##" : "#"}${text}`.trimEnd();
}
