/** @file Generates grammar/fuse.ebnf: the parser's rules in ISO 14977 notation. */
import { patterns, rules, type Piece } from "./grammar.ts";

export function ebnf(): string {
  const lines = rules().map(({ name, piece }) => `${name} = ${notation(piece, 0)} ;`);
  const tokens = patterns().map(([name, source]) => `${name} = ? ${source} ? ;`);
  return [
    "(* The grammar of Fuse, edition 1. Generated from the parser by `npm run reference`: do not edit. *)",
    "(* Operators form a flat list here; their precedence, loosest first: or, and, not, comparisons, + -, * / %, unary -. *)",
    "(* Between tokens there may be white space and comments, `#` to the end of the line. *)",
    "",
    ...lines,
    "",
    "(* Tokens, as regular expressions. Reserved words cannot be names: see grammar/README.md. *)",
    ...tokens,
    "",
  ].join("\n");
}

/** Prints a piece. `level` is 1 for an element of a choice, 2 for one of a sequence, else 0. */
function notation(piece: Piece, level: 0 | 1 | 2): string {
  const within = (text: string, own: number) => (own < level ? `( ${text} )` : text);
  switch (piece.kind) {
    case "text":
      return `"${piece.name}"`;
    case "rule":
    case "token":
      return piece.name;
    case "sequence":
      return within(piece.of.map((part) => notation(part, 2)).join(", "), 1);
    case "choice":
      return within(piece.of.map((part) => notation(part, 1)).join(" | "), 0);
    case "optional":
      return `[ ${notation(piece.of, 0)} ]`;
    case "repeated":
      return `{ ${notation(piece.of, 0)} }`;
  }
}
