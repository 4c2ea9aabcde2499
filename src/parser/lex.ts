/** @file The lexer: source text → tokens, comments and lexical mistakes. */
import type { IToken, TokenType } from "chevrotain";
import type { SourceFile } from "../source/source.ts";
import type { Comment } from "./ast.ts";
import * as t from "./grammar/tokens.ts";
import { spanAt, type Mistake } from "./mistake.ts";
import { badCharacter, badToken, hashComment } from "./recovery/bad-tokens.ts";
import { floorDivision, isArithmetic } from "./recovery/floor-division.ts";
import { endsOperand } from "./recovery/heads.ts";

export interface Lexed {
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  /** The text of the `///` lines before a token, by the token's offset. */
  readonly docs: ReadonlyMap<number, string>;
  /** In source order. */
  readonly mistakes: readonly Mistake[];
}

const opening: ReadonlySet<TokenType> = new Set([t.LParen, t.LSquare, t.LCurly]);

export function lex(source: SourceFile): Lexed {
  const tokens: IToken[] = [];
  const comments: Comment[] = [];
  const docs = new Map<number, string>();
  const mistakes: Mistake[] = [];
  const open: TokenType[] = [];
  let doc: string[] = [];

  function scan(text: string, offset: number): void {
    const result = t.lexer.tokenize(text);
    const found = result.groups.comments ?? [];
    let next = 0;
    for (const token of result.tokens) {
      for (let c = found[next]; c !== undefined && c.startOffset < token.startOffset; c = found[++next])
        addComment(c.image, offset + c.startOffset);
      token.startOffset += offset;
      addToken(token);
    }
    for (const c of found.slice(next)) addComment(c.image, offset + c.startOffset);
    for (const c of result.groups.hashComments ?? []) mistakes.push(hashComment(source, offset + c.startOffset));
    for (const error of result.errors) mistakes.push(badCharacter(source, offset + error.offset));
  }

  function addToken(token: IToken): void {
    token.endOffset = token.startOffset + token.image.length - 1;
    for (const part of token.tokenType === t.Label ? [token, ...tokensIn(token)] : [token]) {
      const found = badToken(source, part);
      if (found !== undefined) mistakes.push(found);
    }
    if (doc.length > 0) docs.set(token.startOffset, doc.join("\n"));
    doc = [];
    follow(open, token.tokenType);
    tokens.push(token);
  }

  /** Adds a comment. If its `//` was meant as floor division, scans the text after it as code, to keep brackets balanced. */
  function addComment(image: string, offset: number): void {
    let rest = image;
    while (isDivision(rest)) {
      const notes = open.at(-1) === t.LCurly ? [] : ["if you mean a comment, put a comma before it"];
      mistakes.push(floorDivision(source, offset, notes));
      const next = rest.indexOf("//", 2);
      scan(rest.slice(2, next < 0 ? rest.length : next), offset + 2);
      if (next < 0) return;
      offset += next;
      rest = rest.slice(next);
    }
    const isDoc = /^\/\/\/(?!\/)/.test(rest);
    const text = rest.slice(isDoc ? 3 : 2);
    comments.push({ text, doc: isDoc, span: spanAt(source, offset, rest.length) });
    if (isDoc) doc.push(text.replace(/^ /, "").trimEnd());
  }

  function isDivision(comment: string): boolean {
    const bracket = open.at(-1);
    if (bracket === undefined || !endsOperand(tokens.at(-1))) return false;
    // In braces, only a comment that would hide the closing one.
    const operands = bracket === t.LCurly ? /^[^}]*(?=\})/ : /^(?:(?!\/\/)[^,)\]])*/;
    return isArithmetic(operands.exec(comment.slice(2))?.[0] ?? "");
  }

  scan(source.text, 0);
  mistakes.sort((a, b) => a.span.start - b.span.start);
  return { tokens, comments, docs, mistakes };
}

/** Returns the tokens in the braces of a label. */
function tokensIn(label: IToken): IToken[] {
  return [...label.image.matchAll(/(?<=\{)[^{}]+(?=\})/g)].flatMap(({ 0: text, index }) => {
    const { tokens } = t.lexer.tokenize(text);
    for (const token of tokens) {
      token.startOffset += label.startOffset + index;
      token.endOffset = token.startOffset + token.image.length - 1;
    }
    return tokens;
  });
}

/** Updates the stack of open brackets. Approximate if they do not match: a new statement closes all that are open in its body. */
function follow(open: TokenType[], type: TokenType): void {
  if (opening.has(type)) {
    if (open.length < 1000) open.push(type);
  } else if (type === t.RCurly) open.length = Math.max(0, open.lastIndexOf(t.LCurly));
  else if (type === t.RParen || type === t.RSquare) {
    if (open.at(-1) === (type === t.RParen ? t.LParen : t.LSquare)) open.pop();
  } else if (type === t.Assign || type === t.Return) {
    const body = open.lastIndexOf(t.LCurly);
    if (body >= 0) open.length = body + 1;
  }
}
