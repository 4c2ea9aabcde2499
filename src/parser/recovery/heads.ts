/** @file Where a declaration, an import or a statement begins, told from its first tokens. */
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

/** Whether an expression can end with this token, so that nothing but an operator may follow. */
export function endsOperand(token: IToken | undefined): boolean {
  return isA(token, t.Identifier, t.NumberLiteral, t.BoolLiteral, t.Inf, t.Label, t.RParen, t.RSquare, t.RCurly);
}

/** Whether an expression can begin with this token and cannot go on with it. */
export function beginsOperand(token: IToken | undefined): boolean {
  const literals = [t.NumberLiteral, t.BoolLiteral, t.Inf, t.StringLiteral];
  return isA(token, t.Identifier, t.If, t.Match, t.Not, ...literals);
}

export function isFirstOnLine({ source, tokens }: Stream, i: number): boolean {
  const [before, token] = [tokens[i - 1], tokens[i]];
  if (before === undefined || token === undefined) return true;
  return source.text.slice(before.startOffset + before.image.length, token.startOffset).includes("\n");
}

/** The column of the first character that is not blank in the line of a token. */
export function indentation({ source, tokens }: Stream, i: number): number {
  const { startOffset } = tokens[i]!;
  const start = startOffset - position(source, startOffset).column + 1;
  let at = start;
  while (source.text[at] === " " || source.text[at] === "\t") at++;
  return at - start;
}

/** `block A (`, wherever it stands: nothing else in the language looks like it. `{` and `->` are for a forgotten `()`. */
export function isDecl({ tokens }: Stream, i: number): boolean {
  return (
    isA(tokens[i], t.Block, t.Model) &&
    isA(tokens[i + 1], t.Identifier, t.Reserved) &&
    isA(tokens[i + 2], t.LParen, t.LCurly, t.Arrow)
  );
}

/** The same outside of declarations, where a `block` at the beginning of a line can be nothing else. */
export function isDeclOutside(stream: Stream, i: number): boolean {
  return isDecl(stream, i) || (isA(stream.tokens[i], t.Block, t.Model) && isFirstOnLine(stream, i));
}

/** Outside of declarations. */
export function isImport(stream: Stream, i: number): boolean {
  return isA(stream.tokens[i], t.Import) && (isA(stream.tokens[i + 1], t.LCurly) || isFirstOnLine(stream, i));
}

/**
 * The index behind the first tokens of a statement, `return`, `a, b =`, `layer a =` or `weight a :`, if one begins here.
 * Where the token before may be the last of an expression this is exact, otherwise (`y = x +`, then a new line `z = …`) a good guess.
 */
export function headOfStatement(stream: Stream, i: number): number | undefined {
  const { tokens } = stream;
  const before = tokens[i - 1];
  if (isA(tokens[i], t.Return)) return i + 1;
  const exact = endsOperand(before) || isA(before, t.LCurly);
  if (!exact && !isFirstOnLine(stream, i)) return undefined;
  // `:` for `=` and the reverse are mistakes inside such a statement.
  const keyword = isA(tokens[i], t.Layer, t.Weight, t.Const) && isA(tokens[i + 1], t.Identifier);
  if (exact && keyword && isA(tokens[i + 2], t.Assign, t.Colon)) return i + 3;
  return headOfAssignment(tokens, i, isA(before, t.Comma) ? 1 : Infinity);
}

/** The index behind `let a, b =`, which other languages begin statements with. */
export function headWithForeignWord(stream: Stream, i: number): number | undefined {
  const begins = isA(stream.tokens[i], t.Identifier) && isFirstOnLine(stream, i) && !isFirstOnLine(stream, i + 1);
  return begins ? headOfAssignment(stream.tokens, i + 1) : undefined;
}

/** The index behind `a, b =`; one that begins with a reserved word is a mistake, but it is one of these. */
export function headOfAssignment(tokens: readonly IToken[], from: number, most = Infinity): number | undefined {
  let i = from;
  if (!isA(tokens[i], t.Identifier, t.Reserved)) return undefined;
  for (let names = 1; names < most && isA(tokens[i + 1], t.Comma) && isA(tokens[i + 2], t.Identifier); names++) i += 2;
  return isA(tokens[i + 1], t.Assign) ? i + 2 : undefined;
}
