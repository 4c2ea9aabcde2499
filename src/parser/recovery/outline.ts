/**
 * @file Divides a program into imports, headers and statements before anything is parsed. Each piece is then parsed separately, so
 * a mistake in one cannot affect another. This is the parser's entire error recovery. It works because the first tokens of a
 * statement identify it, and a name never continues an expression.
 */
import * as t from "../grammar/tokens.ts";
import { firstUnclosed, isOpening, pairBrackets, type Brackets } from "./brackets.ts";
import * as heads from "./heads.ts";
import { isA, type Stream } from "./heads.ts";

/** The tokens from `from` up to but not including `to`. */
export interface Piece {
  readonly kind: "edition" | "import" | "header" | "statement" | "stray";
  readonly from: number;
  readonly to: number;
  /** The first opening bracket without a partner, and the first token that it cannot reach. */
  readonly unclosed: { readonly at: number; readonly after: number } | undefined;
}

export interface DeclOutline {
  readonly header: Piece;
  /** The `{` of the body. */
  readonly open: number | undefined;
  readonly closed: boolean;
  readonly statements: readonly Piece[];
  readonly to: number;
}

export interface Outline {
  readonly edition: Piece | undefined;
  readonly imports: readonly Piece[];
  readonly decls: readonly DeclOutline[];
  /** Tokens outside of declarations that do not begin one. */
  readonly strays: readonly Piece[];
}

export function outline(stream: Stream): Outline {
  const { tokens } = stream;
  const starts = tokens.flatMap((_, i) => (heads.isDecl(stream, i) ? [i] : []));
  const imports: Piece[] = [];
  const decls: DeclOutline[] = [];
  const strays: Piece[] = [];
  const begins = (i: number) => heads.isDeclOutside(stream, i) || heads.isImport(stream, i);

  let at = 0;
  let edition: Piece | undefined;
  if (isA(tokens[0], t.Fuse)) {
    at = tokens.length > 1 && !begins(1) ? 2 : 1;
    edition = piece("edition", 0, at);
  }
  let next = 0;
  while (at < tokens.length) {
    while (next < starts.length && starts[next]! <= at) next++;
    const limit = starts[next] ?? tokens.length;
    if (heads.isDeclOutside(stream, at)) {
      const decl = outlineDecl(stream, at, limit);
      decls.push(decl);
      at = decl.to;
      continue;
    }
    let end = at + 1;
    if (heads.isImport(stream, at)) {
      while (end < limit && !isA(tokens[end - 1], t.StringLiteral) && !isImportBrace(end)) end++;
      imports.push(piece("import", at, end, pairBrackets(tokens, at, end)));
    } else {
      while (end < limit && !begins(end)) end++;
      strays.push(piece("stray", at, end));
    }
    at = end;
  }
  return { edition, imports, decls, strays };

  /** Whether another import begins here. A bare `import` may be a name between the braces of this one. */
  function isImportBrace(i: number): boolean {
    return isA(tokens[i], t.Import) && isA(tokens[i + 1], t.LCurly);
  }
}

function piece(kind: Piece["kind"], from: number, to: number, brackets?: Brackets): Piece {
  const at = brackets && firstUnclosed(brackets, from, to);
  const after = at === undefined ? undefined : brackets?.after.get(at);
  return { kind, from, to, unclosed: at === undefined || after === undefined ? undefined : { at, after } };
}

/** Outlines the declaration that begins at `from`. It ends by `limit`, where the next one begins. */
function outlineDecl(stream: Stream, from: number, limit: number): DeclOutline {
  const { tokens } = stream;
  const open = findBody(stream, from, limit);
  const headerEnd = open ?? limit;
  const header = piece("header", from, headerEnd, pairBrackets(tokens, from, headerEnd));
  if (open === undefined) return { header, open, closed: false, statements: [], to: limit };
  const late = lateEnd(stream, open, limit);
  if (late !== undefined) {
    const brackets = pairBrackets(tokens, open + 1, late, false, mustClose(stream));
    return { header, open, closed: true, statements: divide(stream, open + 1, late, brackets), to: late + 1 };
  }
  const strict = pairBrackets(tokens, open, limit, true);
  const brackets = strict.balanced ? strict : pairBrackets(tokens, open, limit, true, mustClose(stream));
  const to = brackets.after.get(open) ?? limit;
  const closed = firstUnclosed(brackets, open, open + 1) === undefined;
  const statements = divide(stream, open + 1, closed ? to - 1 : to, brackets);
  return { header, open, closed, statements, to };
}

/**
 * Returns the `}` that ends a body in which a `{` is missing: the last unmatched one before the next declaration. Undefined if
 * the first unmatched one can end the body, because nothing follows it and it is where the end of a body belongs.
 */
function lateEnd(stream: Stream, open: number, limit: number): number | undefined {
  const { tokens } = stream;
  let depth = 0;
  let first: number | undefined;
  let last: number | undefined;
  let goesOn = false;
  for (let i = open; i < limit && !(first !== undefined && heads.isImport(stream, i)); i++) {
    if (isA(tokens[i], t.LCurly)) depth++;
    else if (isA(tokens[i], t.RCurly) && depth > 1) depth--;
    else if (isA(tokens[i], t.RCurly)) {
      depth = 1;
      if (first === undefined) first = i;
      else last = i;
      continue;
    }
    if (first !== undefined && last === undefined) goesOn = true;
  }
  if (first === undefined || last === undefined) return undefined;
  return goesOn || !alignsWith(stream, first, open) ? last : undefined;
}

/** Whether a `}` is on the same line as the `{`, or begins a line that is indented no further. */
function alignsWith(stream: Stream, close: number, open: number): boolean {
  const [from, to] = [stream.tokens[open]!, stream.tokens[close]!];
  if (!stream.source.text.slice(from.startOffset, to.startOffset).includes("\n")) return true;
  return heads.isFirstOnLine(stream, close) && heads.indentation(stream, close) <= heads.indentation(stream, open);
}

/** Returns the first `{` that does not belong to a `match` or `if`. */
function findBody({ tokens }: Stream, from: number, limit: number): number | undefined {
  let depth = 0;
  let expected = 0;
  for (let i = from; i < limit; i++) {
    const token = tokens[i];
    if (isA(token, t.LCurly) && expected-- === 0) return i;
    if (isA(token, t.LParen, t.LSquare, t.LCurly)) depth++;
    else if (isA(token, t.RParen, t.RSquare, t.RCurly)) {
      depth = Math.max(0, depth - 1);
      if (depth === 0 && !isA(token, t.RCurly)) expected = 0;
    } else if (isA(tokens[i + 1], t.Colon, t.Comma, t.Assign))
      continue; // a reserved word as a name
    // The `if` of `where a == b if c == d` has no braces.
    else if (isA(token, t.Match) || (isA(token, t.If) && (depth > 0 || !heads.endsOperand(tokens[i - 1])))) expected++;
    else if (isA(token, t.Else) && !isA(tokens[i + 1], t.If)) expected++;
  }
  return undefined;
}

/** Guesses from indentation what the author believes is closed: a line indented no further than a bracket's is outside of it. */
function mustClose(stream: Stream): (opening: number, at: number) => boolean {
  return (opening, at) => {
    if (!heads.isFirstOnLine(stream, at)) return false;
    const inner = heads.indentation(stream, opening);
    const outer = heads.indentation(stream, at);
    if (isA(stream.tokens[at], t.RCurly)) return outer < inner;
    if (outer > inner) return false;
    return (heads.headOfStatement(stream, at) ?? heads.headWithForeignWord(stream, at)) !== undefined;
  };
}

/** Divides a body into statements. Tokens that cannot be a statement form a piece too. */
function divide(stream: Stream, from: number, to: number, brackets: Brackets): Piece[] {
  const { tokens } = stream;
  const pieces: Piece[] = [];
  let begin = from;
  // A step follows the `)` of `repeat(n)`.
  let afterRepeat = -1;
  const end = (i: number): void => {
    if (i > begin) pieces.push(piece("statement", begin, i, brackets));
    begin = i;
  };
  let i = from;
  while (i < to) {
    const head = i === afterRepeat ? heads.headOfStatement(stream, i) : statementAt(stream, i, brackets, begin);
    if (head !== undefined) end(i);
    if (head !== undefined && head > i) i = head;
    else if (isOpening(tokens[i]?.tokenType)) {
      const after = brackets.after.get(i) ?? to;
      if (isA(tokens[i - 1], t.Repeat)) afterRepeat = after;
      i = after;
    } else i++;
  }
  end(to);
  return pieces;
}

/** Whether an `if` or `match` of the statement still lacks its `{`. Then the next line is inside the missing brace. */
function awaitsBrace({ tokens }: Stream, begin: number, i: number): boolean {
  for (let at = i - 1; at >= begin && !isA(tokens[at], t.LCurly, t.RCurly, t.Pipe); at--)
    if (isA(tokens[at], t.If, t.Match)) return true;
  return false;
}

/** Whether this is the `[` after an element type. In `weight a: f32 [c] = …` it may begin a new line. */
function isInTypeOfWeight(tokens: Stream["tokens"], i: number, begin: number): boolean {
  const [keyword, , colon, dtype] = tokens.slice(begin, i);
  const isDeclared = isA(keyword, t.Weight, t.Const) && isA(colon, t.Colon) && isA(dtype, t.Identifier);
  return isDeclared && i === begin + 4 && isA(tokens[i], t.LSquare);
}

/** Returns the index after the head of the statement, or intended statement, that begins here. */
function statementAt(stream: Stream, i: number, brackets: Brackets, begin: number): number | undefined {
  const { tokens } = stream;
  const head = heads.headOfStatement(stream, i);
  if (head !== undefined) return head;
  if (!isA(tokens[i - 1], t.LCurly) && !(heads.endsOperand(tokens[i - 1]) && heads.isFirstOnLine(stream, i)))
    return undefined;
  const foreign = heads.headWithForeignWord(stream, i);
  if (foreign !== undefined) return foreign;
  // An arm of a `match` whose brace is missing.
  if (isA(tokens[i + 1], t.FatArrow, t.Bar)) return undefined;
  if (awaitsBrace(stream, begin, i)) return undefined;
  if (isInTypeOfWeight(tokens, i, begin)) return undefined;
  // `(a, b) = …`. Other brackets at the beginning of a line continue the line before.
  const destructures = isOpening(tokens[i]?.tokenType) && isA(tokens[brackets.after.get(i) ?? i], t.Assign);
  return destructures || heads.beginsOperand(tokens[i]) ? i : undefined;
}
