/** @file Reads Chevrotain's syntax tree: looks up the children of a node by rule or token type. */
import type { CstNode, IToken, TokenType } from "chevrotain";
import { invariant } from "../../source/internal-error.ts";
import type { SourceFile, Span } from "../../source/source.ts";
import type { Name } from "../ast.ts";
import type { RuleName } from "./grammar.ts";

/** Returns the children that a rule created, in order. */
export function nodes(parent: CstNode, rule: RuleName): CstNode[] {
  return (parent.children[rule] ?? []).filter((child) => "children" in child);
}

export function optionalNode(parent: CstNode, rule: RuleName): CstNode | undefined {
  return nodes(parent, rule)[0];
}

export function node(parent: CstNode, rule: RuleName): CstNode {
  const found = optionalNode(parent, rule);
  invariant(found !== undefined, `no ${rule} in ${parent.name}`);
  return found;
}

/** Returns the tokens consumed as this type or category, in order. */
export function tokens(parent: CstNode, type: TokenType): IToken[] {
  return (parent.children[type.name] ?? []).filter((child) => "image" in child);
}

export function optionalToken(parent: CstNode, type: TokenType): IToken | undefined {
  return tokens(parent, type)[0];
}

export function token(parent: CstNode, type: TokenType): IToken {
  const found = optionalToken(parent, type);
  invariant(found !== undefined, `no ${type.name} in ${parent.name}`);
  return found;
}

export function tokenSpan(source: SourceFile, { startOffset, image }: IToken): Span {
  return { source, start: startOffset, end: startOffset + image.length };
}

export function nodeSpan(source: SourceFile, { location, name }: CstNode): Span {
  invariant(location?.endOffset !== undefined, `no place of ${name}`);
  return { source, start: location.startOffset, end: location.endOffset + 1 };
}

export function nameOf(source: SourceFile, token: IToken): Name {
  return { text: token.image, span: tokenSpan(source, token) };
}
