/** @file Finds the names that an unparsable piece would have defined, so that uses of them are not reported too. */
import type { Name } from "../ast.ts";
import { nameOf, tokenSpan } from "../grammar/cst.ts";
import * as t from "../grammar/tokens.ts";
import { isA, type Stream } from "./heads.ts";
import type { Piece } from "./outline.ts";

export function importedNames({ source, tokens }: Stream, { from, to }: Piece): Name[] {
  const words = tokens
    .slice(from + 1, to)
    .filter((token, i, all) => isA(token, t.Identifier) && !isA(all[i + 1], t.As));
  return words.filter((word) => !isA(word, t.As, t.From)).map((word) => nameOf(source, word));
}

export function declaredName({ source, tokens }: Stream, { from }: Piece): Name[] {
  const name = tokens[from + 1];
  return name !== undefined && isA(name, t.Identifier) ? [nameOf(source, name)] : [];
}

/** Returns the names before the `=`, or before the `:` of a weight. A statement without names may have been a `return`. */
export function statementNames({ source, tokens }: Stream, { from, to }: Piece): Name[] {
  const names: Name[] = [];
  let at = from;
  for (; at < to && !isA(tokens[at], t.Assign, t.Colon); at++) {
    // An identifier directly before another is a keyword of this or another language, not a name.
    if (isA(tokens[at], t.Identifier) && !isA(tokens[at + 1], t.Identifier)) names.push(nameOf(source, tokens[at]!));
  }
  return at < to && names.length > 0 ? names : [{ text: "return", span: tokenSpan(source, tokens[from]!) }];
}
