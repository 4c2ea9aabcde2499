/** @file Recognises the beginning of a declaration, import or statement by its first tokens. */
import type { IToken, TokenType } from "chevrotain";
import { position, type SourceFile } from "../../source/source.ts";
import * as t from "../grammar/tokens.ts";

export interface Stream {
  readonly source: SourceFile;
  readonly tokens: readonly IToken[];
}

export function isA(token: IToken | undefined, ...types: readonly TokenType[]): boolean {
  if (token === undefined) return false;
  const { tokenType } = token;
  return types.some((type) => tokenType === type || tokenType.CATEGORIES?.includes(type) === true);
}

/** Whether an expression can end with this token. Then only an operator can continue it. */
export function endsOperand(token: IToken | undefined): boolean {
  return isA(token, t.Identifier, t.NumberLiteral, t.BoolLiteral, t.Inf, t.Label, t.RParen, t.RSquare, t.RCurly);
}

/** Whether this token can begin an expression but cannot continue one. */
export function beginsOperand(token: IToken | undefined): boolean {
  const literals = [t.NumberLiteral, t.BoolLiteral, t.Inf, t.StringLiteral];
  return isA(token, t.Identifier, t.If, t.Match, t.Not, ...literals);
}

export function isFirstOnLine({ source, tokens }: Stream, i: number): boolean {
  const [before, token] = [tokens[i - 1], tokens[i]];
  if (before === undefined || token === undefined) return true;
  return source.text.slice(before.startOffset + before.image.length, token.startOffset).includes("\n");
}

/** Returns the number of blanks at the beginning of a token's line. */
export function indentation({ source, tokens }: Stream, i: number): number {
  const { startOffset } = tokens[i]!;
  const start = startOffset - position(source, startOffset).column + 1;
  let at = start;
  while (source.text[at] === " " || source.text[at] === "\t") at++;
  return at - start;
}

/** Whether a declaration begins here: `block A (`, which nothing else looks like. A `{` or `->` covers a forgotten `()`. */
export function isDecl({ tokens }: Stream, i: number): boolean {
  return (
    isA(tokens[i], t.Block, t.Model) &&
    isA(tokens[i + 1], t.Identifier, t.Reserved) &&
    isA(tokens[i + 2], t.LParen, t.LCurly, t.Arrow)
  );
}

/** Like `isDecl`, outside of declarations: there, `block` at the beginning of a line always begins one. */
export function isDeclOutside(stream: Stream, i: number): boolean {
  return isDecl(stream, i) || (isA(stream.tokens[i], t.Block, t.Model) && isFirstOnLine(stream, i));
}

/** Whether an import begins here. For use outside of declarations. */
export function isImport(stream: Stream, i: number): boolean {
  return isA(stream.tokens[i], t.Import) && (isA(stream.tokens[i + 1], t.LCurly) || isFirstOnLine(stream, i));
}

/**
 * Returns the index after the head of a statement (`return`, `a, b =`, `layer a =` or `weight a :`), if one begins here.
 * Exact if the previous token can end an expression; otherwise a good guess, as for `z = …` on the line after `y = x +`.
 */
export function headOfStatement(stream: Stream, i: number): number | undefined {
  const { tokens } = stream;
  const before = tokens[i - 1];
  if (isA(tokens[i], t.Return)) return i + 1;
  const exact = endsOperand(before) || isA(before, t.LCurly);
  if (!exact && !isFirstOnLine(stream, i)) return undefined;
  // A `:` instead of `=`, or the reverse, is a mistake within the statement.
  const keyword = isA(tokens[i], t.Layer, t.Weight, t.Const) && isA(tokens[i + 1], t.Identifier);
  if (exact && keyword && isA(tokens[i + 2], t.Assign, t.Colon)) return i + 3;
  return headOfAssignment(tokens, i, isA(before, t.Comma) ? 1 : Infinity);
}

/** Returns the index after a head with a foreign keyword, such as `let a, b =`. */
export function headWithForeignWord(stream: Stream, i: number): number | undefined {
  const begins = isA(stream.tokens[i], t.Identifier) && isFirstOnLine(stream, i) && !isFirstOnLine(stream, i + 1);
  return begins ? headOfAssignment(stream.tokens, i + 1) : undefined;
}

/** Returns the index after `a, b =`. A reserved word as the first name is a mistake, but still makes it an assignment. */
export function headOfAssignment(tokens: readonly IToken[], from: number, most = Infinity): number | undefined {
  let i = from;
  if (!isA(tokens[i], t.Identifier, t.Reserved)) return undefined;
  for (let names = 1; names < most && isA(tokens[i + 1], t.Comma) && isA(tokens[i + 2], t.Identifier); names++) i += 2;
  return isA(tokens[i + 1], t.Assign) ? i + 2 : undefined;
}
