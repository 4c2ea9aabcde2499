/** @file The lexer: source text → tokens, comments and lexical mistakes. */
import { createTokenInstance, type IToken } from "chevrotain";
import type { SourceFile } from "../source/source.ts";
import type { Comment } from "./ast.ts";
import * as t from "./grammar/tokens.ts";
import { spanAt, type Mistake } from "./mistake.ts";
import { badCharacter, badToken } from "./recovery/bad-tokens.ts";
import { isA } from "./recovery/heads.ts";
import { floorDivision, markFor, slashComments, slashesOf } from "./recovery/slashes.ts";

export interface Lexed {
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  /** The text of the `##` lines before a token, by the token's offset. */
  readonly docs: ReadonlyMap<number, string>;
  /** Mistakes in the code, in source order. A piece that has one is not parsed. */
  readonly mistakes: readonly Mistake[];
  /** Mistakes in comments. */
  readonly slashes: readonly Mistake[];
}

export function lex(source: SourceFile): Lexed {
  const tokens: IToken[] = [];
  const comments: Comment[] = [];
  const docs = new Map<number, string>();
  const mistakes: Mistake[] = [];
  /** The offsets of the comments that begin with `//`. */
  const slashes: number[] = [];
  /** How often each name is mentioned. */
  const mentioned = new Map<string, number>();
  /** The name that the current statement assigns. */
  let assigned: string | undefined;
  let doc: string[] = [];

  function scan(text: string, offset: number): void {
    const result = t.lexer.tokenize(text);
    const found = result.groups.comments ?? [];
    let next = 0;
    for (const token of result.tokens) {
      for (let c = found[next]; c !== undefined && c.startOffset < token.startOffset; c = found[++next])
        addComment(c, offset + c.startOffset);
      token.startOffset += offset;
      addToken(token);
    }
    for (const c of found.slice(next)) addComment(c, offset + c.startOffset);
    for (const error of result.errors) mistakes.push(badCharacter(source, offset + error.offset));
  }

  function addToken(token: IToken): void {
    token.endOffset = token.startOffset + token.image.length - 1;
    for (const part of token.tokenType === t.Label ? [token, ...tokensIn(token)] : [token]) {
      const found = badToken(source, part, tokens.at(-1));
      if (found !== undefined) mistakes.push(found);
    }
    if (doc.length > 0) docs.set(token.startOffset, doc.join("\n"));
    doc = [];
    if (isA(token, t.Identifier)) mentioned.set(token.image, (mentioned.get(token.image) ?? 0) + 1);
    else if (isA(token, t.Assign)) assigned = tokens.at(-1)?.image;
    else if (isA(token, t.Return)) assigned = undefined;
    tokens.push(token);
  }

  function mentions(name: string): boolean {
    return (mentioned.get(name) ?? 0) > (name === assigned ? 1 : 0);
  }

  function addComment({ image, tokenType }: IToken, offset: number): void {
    if (tokenType === t.SlashComment) addSlashes(image, offset);
    else addText(image, offset);
  }

  /** Adds a comment that begins with `//`. Where floor division was meant, scans the rest as code, to keep brackets balanced. */
  function addSlashes(image: string, offset: number): void {
    let start = 0;
    for (;;) {
      const found = floorDivision({ source, tokens, mentions }, offset + start, image.slice(start + 2));
      if (found === undefined) break;
      mistakes.push(found);
      tokens.push(createTokenInstance(t.Divide, "//", offset + start, offset + start + 1, NaN, NaN, NaN, NaN));
      const next = image.indexOf("//", start + 2);
      scan(image.slice(start + 2, next < 0 ? image.length : next), offset + start + 2);
      if (next < 0) return;
      start = next;
    }
    const rest = image.slice(start);
    slashes.push(offset + start);
    const mark = slashesOf(rest);
    addText(markFor(mark) + rest.slice(mark.length), offset + start, rest.length);
  }

  /** Adds a comment, as written with `#`. It has `length` characters in the source. */
  function addText(image: string, offset: number, length = image.length): void {
    const isDoc = image.startsWith("##") && !image.startsWith("###");
    const text = image.slice(isDoc ? 2 : 1);
    comments.push({ text, doc: isDoc, span: spanAt(source, offset, length) });
    if (isDoc) doc.push(text.replace(/^ /, "").trimEnd());
  }

  scan(source.text, 0);
  mistakes.sort((a, b) => a.span.start - b.span.start);
  return { tokens, comments, docs, mistakes, slashes: slashComments(source, slashes) };
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
