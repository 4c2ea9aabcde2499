/** @file The parser: source text → Ast. */
import type { CstNode } from "chevrotain";
import type { Reporter } from "../source/reporter.ts";
import { cover, type SourceFile, type Span } from "../source/source.ts";
import type { Ast, Decl, Import, Name, Stmt } from "./ast.ts";
import { tokenSpan } from "./grammar/cst.ts";
import type { RuleName } from "./grammar/grammar.ts";
import { parseTokens } from "./grammar/parse-tokens.ts";
import { lex } from "./lex.ts";
import { mistake, tooDeep, type Mistake } from "./mistake.ts";
import { firstTooDeep } from "./recovery/brackets.ts";
import { declaredName, importedNames, statementNames } from "./recovery/broken.ts";
import { explain } from "./recovery/explain.ts";
import { headOfStatement, type Stream } from "./recovery/heads.ts";
import { explainStatement, explainStray } from "./recovery/not-a-statement.ts";
import { outline, type DeclOutline, type Piece } from "./recovery/outline.ts";
import { Reading } from "./to-ast/cst-reader.ts";
import { readEdition, readHeader, readImport, readStatement } from "./to-ast/to-ast.ts";

/** The most mistakes reported for one file; more would not help anyone. */
const maxMistakes = 100;

/**
 * Parses any text. A piece that cannot be parsed is reported once and left out of the Ast, and the names it would have defined
 * are listed as `broken`. It does not affect the other pieces.
 */
export function parse(source: SourceFile, reporter: Reporter): Ast {
  const { tokens, docs, comments, mistakes, slashes } = lex(source);
  const file: File = { source, tokens, docs, lexical: mistakes, mistakes: [...mistakes, ...slashes] };
  const { edition, imports, decls, strays } = outline(file);
  const broken: Name[] = [];

  for (const stray of strays) {
    const { start, end } = spanOf(file, stray.from, stray.to);
    if (!hasLexicalMistake(file, start, end)) file.mistakes.push(explainStray(file, stray));
  }
  const ast: Ast = {
    edition: edition && readPiece(file, edition, "edition", readEdition),
    imports: imports.flatMap((piece): Import | [] => {
      const found = readPiece(file, piece, "import", readImport);
      if (found === undefined) broken.push(...importedNames(file, piece));
      else if (decls[0] !== undefined && piece.from >= decls[0].to) file.mistakes.push(explainStray(file, piece));
      return found ?? [];
    }),
    decls: decls.flatMap((decl): Decl | [] => {
      const found = readDecl(file, decl);
      if (found === undefined) broken.push(...declaredName(file, decl.header));
      return found ?? [];
    }),
    comments,
    broken,
    span: { source, start: 0, end: source.text.length },
  };
  file.mistakes.sort((a, b) => a.span.start - b.span.start);
  for (const found of file.mistakes.slice(0, maxMistakes)) reporter.add(found);
  return ast;
}

/** The state of parsing one file. */
interface File extends Stream {
  readonly docs: ReadonlyMap<number, string>;
  /** The lexer's mistakes, in source order. */
  readonly lexical: readonly Mistake[];
  /** All mistakes found so far. */
  readonly mistakes: Mistake[];
}

function readDecl(file: File, { header, open, closed, statements, to }: DeclOutline): Decl | undefined {
  const before = file.mistakes.length;
  const read = readPiece(file, header, "header", readHeader);
  if (open === undefined) {
    const unfinished = read !== undefined && file.mistakes.length === before;
    if (unfinished) file.mistakes.push(explain(file, header, { token: undefined, expected: "`{`", rules: [] }));
  } else if (!closed && !hasMistakeAt(file, open, before)) file.mistakes.push(unclosed(file, open, to));

  const body: Stmt[] = [];
  const broken: Name[] = [];
  for (const piece of statements) {
    const isLast = piece === statements.at(-1);
    const statement = readPiece(file, piece, "statement", readStatement, () =>
      headOfStatement(file, piece.from) === undefined ? explainStatement(file, piece, isLast) : undefined,
    );
    if (statement !== undefined) body.push(statement);
    else broken.push(...statementNames(file, piece));
  }
  if (read === undefined || open === undefined) return undefined;
  return { ...read, body, broken, span: spanOf(file, header.from, to) };
}

/** Whether a mistake that was found since starts at a token: then another one there would say the same. */
function hasMistakeAt({ mistakes, tokens }: File, at: number, since: number): boolean {
  return mistakes.slice(since).some(({ span }) => span.start === tokens[at]!.startOffset);
}

/** Reads a piece, or reports a single mistake in it. */
function readPiece<T>(
  file: File,
  piece: Piece,
  rule: RuleName,
  read: (reading: Reading, cst: CstNode) => T,
  wrongFrom: () => Mistake | undefined = () => undefined,
): T | undefined {
  const { from, to } = piece;
  const { start, end } = spanOf(file, from, to);
  if (hasLexicalMistake(file, start, end)) return undefined;
  const found = wrongBrackets(file, piece) ?? wrongFrom();
  if (found !== undefined) return report(found);

  const parsed = parseTokens(rule, file.tokens.slice(from, to));
  if (parsed === "too-deep") return report(tooDeep(spanOf(file, from, from + 1)));
  if (!("cst" in parsed)) return report(explain(file, piece, parsed));
  const reading = new Reading(file.source, file.docs);
  const result = read(reading, parsed.cst);
  if (reading.mistake !== undefined) report(reading.mistake);
  return reading.usable ? result : undefined;

  /** Reports a mistake, except at the end of a piece that is followed by a lexical mistake: that one has been reported. */
  function report(found: Mistake): undefined {
    const next = file.tokens[to]?.startOffset ?? file.source.text.length;
    if (found.span.start < end || !hasLexicalMistake(file, end, next)) file.mistakes.push(found);
  }
}

function wrongBrackets(file: File, { from, to, unclosed: missing }: Piece): Mistake | undefined {
  const deep = firstTooDeep(file.tokens, from, to);
  if (deep !== undefined) return tooDeep(spanOf(file, deep, deep + 1));
  return missing && unclosed(file, missing.at, missing.after);
}

function unclosed(file: File, at: number, after: number): Mistake {
  const { image } = file.tokens[at]!;
  const labels =
    after < file.tokens.length ? [{ span: spanOf(file, after, after + 1), text: "it must be closed before this" }] : [];
  return mistake("unclosed-bracket", spanOf(file, at, at + 1), { bracket: image }, { labels });
}

function spanOf({ source, tokens }: File, from: number, to: number): Span {
  return cover(tokenSpan(source, tokens[from]!), tokenSpan(source, tokens[to - 1]!));
}

function hasLexicalMistake({ lexical }: File, start: number, end: number): boolean {
  let low = 0;
  for (let high = lexical.length; low < high;) {
    const middle = (low + high) >> 1;
    if (lexical[middle]!.span.start < start) low = middle + 1;
    else high = middle;
  }
  const next = lexical[low];
  return next !== undefined && next.span.start < end;
}
