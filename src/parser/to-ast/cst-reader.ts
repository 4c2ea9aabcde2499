/** @file The state of reading one piece of a program from its syntax tree into the Ast. */
import type { IToken } from "chevrotain";
import type { SourceFile, Span } from "../../source/source.ts";
import type { Expr } from "../ast.ts";
import { tokenSpan } from "../grammar/cst.ts";
import { maxNesting, mistake, quoted, type Mistake } from "../mistake.ts";

/** The maximum height of an expression tree, because walking it recurses. Consecutive operators add height; stages do not. */
const maxHeight = 2 * maxNesting;

export class Reading {
  readonly source: SourceFile;
  readonly docs: ReadonlyMap<number, string>;
  /** Whether this is inside `where`, which is read before choices are made and so may not contain `match` or `if`. */
  inWhere = false;
  /** The first thing in the text that the grammar accepts but the language does not. */
  mistake: Mistake | undefined;
  /** Whether the result is meaningful despite any mistake. */
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

  /** Records a mistake that leaves the result usable. */
  remark(found: Mistake): void {
    if (this.mistake === undefined || found.span.start < this.mistake.span.start) this.mistake = found;
  }

  refuse(found: IToken, expected: string, note?: string): void {
    const span = tokenSpan(this.source, found);
    const details = note === undefined ? {} : { notes: [note] };
    this.complain(mistake("syntax-error", span, { found: quoted(found.image), expected }, details));
  }

  /** Records the height of an expression, and complains if it exceeds `maxHeight`. */
  grown<E extends Expr>(expr: E, parts: readonly Expr[], place: Span = expr.span): E {
    const height = 1 + parts.reduce((most, part) => Math.max(most, this.#heights.get(part) ?? 0), 0);
    this.#heights.set(expr, height);
    if (height > maxHeight)
      this.complain(mistake("too-large", place, { what: `an expression is nested more than ${maxHeight} deep` }));
    return expr;
  }

  /** Returns the same expression with the span of the parentheses around it. */
  wrapped(expr: Expr, span: Span): Expr {
    return this.grown({ ...expr, span }, [expr]);
  }
}
