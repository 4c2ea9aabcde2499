/** @file Extracts the parser's rules for EBNF and diagrams. The parser has no rules for whole files, so these are added. */
import { Lexer, type ISerializedGast } from "chevrotain";
import { Grammar } from "../../src/parser/grammar/grammar.ts";
import { vocabulary } from "../../src/parser/grammar/tokens.ts";

/** A piece of a rule. */
export type Piece =
  | { readonly kind: "text" | "rule" | "token"; readonly name: string }
  | { readonly kind: "sequence" | "choice"; readonly of: readonly Piece[] }
  | { readonly kind: "optional" | "repeated"; readonly of: Piece };

export interface Rule {
  readonly name: string;
  readonly piece: Piece;
}

interface Gast {
  readonly type: ISerializedGast["type"];
  readonly name?: string;
  readonly pattern?: string;
  readonly definition?: readonly Gast[];
}

const text = (name: string): Piece => ({ kind: "text", name });
const rule = (name: string): Piece => ({ kind: "rule", name });
const sequence = (of: readonly Piece[]): Piece => (of.length === 1 ? of[0]! : { kind: "sequence", of });

/** Returns all rules, from whole files down, followed by the token categories. */
export function rules(): readonly Rule[] {
  const whole = [
    {
      name: "program",
      piece: sequence([optional(rule("edition")), repeated(rule("import")), repeated(rule("declaration"))]),
    },
    { name: "declaration", piece: sequence([rule("header"), text("{"), repeated(rule("statement")), text("}")]) },
  ];
  const parsed = (new Grammar().getSerializedGastProductions() as readonly Gast[]).map(({ name, definition }) => ({
    name: name!,
    piece: sequence(definition!.map(pieceOf)),
  }));
  const categories = vocabulary.filter(({ PATTERN }) => PATTERN === Lexer.NA);
  const tokens = categories.map(({ name }): Rule => {
    const members = vocabulary.filter(({ CATEGORIES }) => CATEGORIES!.some((category) => category.name === name));
    return {
      name,
      piece: { kind: "choice", of: members.filter(isValid).map(({ name, PATTERN }) => terminal(name, PATTERN)) },
    };
  });
  const used = new Set([...whole, ...parsed].flatMap(({ piece }) => [...names(piece)]));
  return [...whole, ...parsed, ...tokens.filter(({ name }) => used.has(name))];
}

/** Whether a token belongs in the grammar. Tokens for mistakes do not. */
const isValid = ({ name }: { readonly name: string }): boolean => !/^(Bad|Unterminated|SingleQuoted|Hash)/.test(name);

function* names(piece: Piece): Generator<string> {
  if ("name" in piece) yield piece.name;
  else if (Array.isArray(piece.of)) for (const part of piece.of as readonly Piece[]) yield* names(part);
  else yield* names(piece.of as Piece);
}

const optional = (of: Piece): Piece => ({ kind: "optional", of });
const repeated = (of: Piece): Piece => ({ kind: "repeated", of });

function pieceOf(gast: Gast): Piece {
  const inner = (): Piece => sequence((gast.definition ?? []).map(pieceOf));
  switch (gast.type) {
    case "Terminal":
      return terminal(gast.name!, gast.pattern);
    case "NonTerminal":
      return rule(gast.name!);
    case "Option":
      return optional(inner());
    case "Repetition":
      return repeated(inner());
    case "RepetitionMandatory":
      return sequence([inner(), repeated(inner())]);
    case "Alternation":
      return { kind: "choice", of: gast.definition!.map(pieceOf) };
    case "Alternative":
      return inner();
    default:
      throw new Error(`the grammar has a ${gast.type}, which has no notation yet`);
  }
}

/** Returns a fixed word or symbol, or the name of a token that is described elsewhere. */
function terminal(name: string, pattern: unknown): Piece {
  const described = vocabulary.find((token) => token.name === name)!.PATTERN;
  return typeof described === "string" && pattern !== undefined ? text(described) : { kind: "token", name };
}

/** Returns the tokens that are not fixed words, as regular expressions. */
export function patterns(): readonly (readonly [string, string])[] {
  return vocabulary
    .filter(isValid)
    .flatMap(({ name, PATTERN }) =>
      PATTERN instanceof RegExp && PATTERN !== Lexer.NA ? [[name, PATTERN.source] as const] : [],
    );
}
