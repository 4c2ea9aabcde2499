/** @file What one piece of a program is read with, from its syntax tree into the Ast. */
import type { IToken } from "chevrotain";
import type { SourceFile, Span } from "../../source/source.ts";
import type { Expr } from "../ast.ts";
import { tokenSpan } from "../grammar/cst.ts";
import { maxNesting, mistake, quoted, type Mistake } from "../mistake.ts";

/** How high an expression's tree may be: those who walk it recurse. Operators in a row make it high, stages in a row do not. */
const maxHeight = 2 * maxNesting;

export class Reading {
  readonly source: SourceFile;
  readonly docs: ReadonlyMap<number, string>;
  /** Inside `where`, which is read before anything is chosen. */
  inWhere = false;
  /** What the grammar accepts and the language does not; of several the first in the text. */
  mistake: Mistake | undefined;
  /** Whether what was read means something in spite of its mistakes. */
  usable = true;
  readonly #heights = new Map<Expr, number>();

  constructor(source: SourceFile, docs: ReadonlyMap<number, string>) {
    this.source = source;
    this.docs = docs;
  }

  complain(found: Mistake): void {
    this.usable = false;
    this.remark(found);
  }

  /** Says what is wrong with something that later stages can work with all the same. */
  remark(found: Mistake): void {
    if (this.mistake === undefined || found.span.start < this.mistake.span.start) this.mistake = found;
  }

  refuse(found: IToken, expected: string, note?: string): void {
    const span = tokenSpan(this.source, found);
    const details = note === undefined ? {} : { notes: [note] };
    this.complain(mistake("syntax-error", span, { found: quoted(found.image), expected }, details));
  }

  /** Keeps count of how high trees grow. */
  grown<E extends Expr>(expr: E, parts: readonly Expr[], place: Span = expr.span): E {
    const height = 1 + parts.reduce((most, part) => Math.max(most, this.#heights.get(part) ?? 0), 0);
    this.#heights.set(expr, height);
    if (height > maxHeight)
      this.complain(mistake("too-large", place, { what: `an expression nested more than ${maxHeight} deep` }));
    return expr;
  }

  /** The same expression with the parentheses around it. */
  wrapped(expr: Expr, span: Span): Expr {
    return this.grown({ ...expr, span }, [expr]);
  }
}
