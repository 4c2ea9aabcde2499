/** @file The tokens of the language, in the order in which the lexer tries them. */
import { createToken, Lexer, type ITokenConfig, type TokenType } from "chevrotain";

/** Creates a token type that matches any of several others in the grammar. */
const category = (name: string): TokenType => createToken({ name, pattern: Lexer.NA });

export const BinaryOperator = category("BinaryOperator");
export const NumberLiteral = category("NumberLiteral");
export const BoolLiteral = category("BoolLiteral");
/** Words that are never names. */
export const Reserved = category("Reserved");

const token = (name: string, pattern: RegExp | string, more: Partial<ITokenConfig> = {}): TokenType =>
  createToken({ name, pattern, ...more });
const operator = (name: string, pattern: string): TokenType => token(name, pattern, { categories: BinaryOperator });

const Whitespace = token("Whitespace", /[ \t\r\n]+/, { group: Lexer.SKIPPED, line_breaks: true });
const ByteOrderMark = createToken({
  name: "ByteOrderMark",
  pattern: (text: string, offset: number) => (offset === 0 && text.startsWith("\uFEFF") ? ["\uFEFF"] : null),
  start_chars_hint: ["\uFEFF"],
  line_breaks: false,
  group: Lexer.SKIPPED,
});
const Comment = token("Comment", /#[^\r\n]*/, { group: "comments" });
/** A comment of another language or a floor division of Python, both mistakes here. */
export const SlashComment = token("SlashComment", /\/\/[^\r\n]*/, { group: "comments" });

export const Identifier = token("Identifier", /[A-Za-z_][A-Za-z0-9_]*/);
const reserved = (name: string, word: string, ...more: TokenType[]): TokenType =>
  token(name, word, { longer_alt: Identifier, categories: [Reserved, ...more] });
/** Creates a keyword that is a name wherever the grammar does not expect the keyword. */
const contextual = (name: string, word: string): TokenType =>
  token(name, word, { longer_alt: Identifier, categories: Identifier });

export const Return = reserved("Return", "return");
export const If = reserved("If", "if");
export const Else = reserved("Else", "else");
export const Match = reserved("Match", "match");
const And = reserved("And", "and", BinaryOperator);
const Or = reserved("Or", "or", BinaryOperator);
export const Not = reserved("Not", "not");
export const Inf = reserved("Inf", "inf");
const True = reserved("True", "true", BoolLiteral);
const False = reserved("False", "false", BoolLiteral);

export const Fuse = contextual("Fuse", "fuse");
export const Import = contextual("Import", "import");
export const From = contextual("From", "from");
export const As = contextual("As", "as");
export const Block = contextual("Block", "block");
export const Model = contextual("Model", "model");
export const Layer = contextual("Layer", "layer");
export const Weight = contextual("Weight", "weight");
export const Const = contextual("Const", "const");
export const Where = contextual("Where", "where");
export const Repeat = contextual("Repeat", "repeat");

export const Ellipsis = token("Ellipsis", "...");
export const Integer = token("Integer", /(?:0|[1-9]\d*)(?![\w.])/, { categories: NumberLiteral });
export const Float = token("Float", /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/, {
  categories: NumberLiteral,
});
/** A malformed number: one token, so it is reported once. */
export const BadNumber = token("BadNumber", /(?:\d|\.\d)(?:[eE][+-](?=\d)|[\w.])*/, { categories: NumberLiteral });

export const StringLiteral = token("StringLiteral", /"[^"\r\n]*"/);
export const UnterminatedString = token("UnterminatedString", /"[^"\r\n]*/, { categories: StringLiteral });
export const SingleQuotedString = token("SingleQuotedString", /'[^'\r\n]*'/, { categories: StringLiteral });
/** A label, with the sums in braces that are read later: `@layers.{i + 1}`. */
export const Label = token(
  "Label",
  /@(?:(?:[A-Za-z0-9_]|\{[^{}\r\n]*\})+(?:\.(?:[A-Za-z0-9_]|\{[^{}\r\n]*\})+)*|\.(?![\w.{]))/,
);

export const LParen = token("LParen", "(");
export const RParen = token("RParen", ")");
export const LSquare = token("LSquare", "[");
export const RSquare = token("RSquare", "]");
export const LCurly = token("LCurly", "{");
export const RCurly = token("RCurly", "}");

export const Pipe = token("Pipe", "|>");
export const Bar = token("Bar", "|");
export const Arrow = token("Arrow", "->");
export const FatArrow = token("FatArrow", "=>");
const Equal = operator("Equal", "==");
const NotEqual = operator("NotEqual", "!=");
const LessEqual = operator("LessEqual", "<=");
const Less = operator("Less", "<");
const GreaterEqual = operator("GreaterEqual", ">=");
const Greater = operator("Greater", ">");
const Plus = operator("Plus", "+");
export const Minus = operator("Minus", "-");
const Times = operator("Times", "*");
export const Divide = operator("Divide", "/");
const Remainder = operator("Remainder", "%");
export const Assign = token("Assign", "=");
export const Colon = token("Colon", ":");
export const Comma = token("Comma", ",");
export const Dot = token("Dot", ".");

// If one pattern is a prefix of another, the longer one comes first.
const concrete: readonly TokenType[] = [
  ...[Whitespace, ByteOrderMark, Comment, SlashComment],
  ...[Return, If, Else, Match, And, Or, Not, Inf, True, False],
  ...[Fuse, Import, From, As, Block, Model, Layer, Weight, Const, Where, Repeat, Identifier],
  ...[Ellipsis, Integer, Float, BadNumber, StringLiteral, UnterminatedString, SingleQuotedString, Label],
  ...[LParen, RParen, LSquare, RSquare, LCurly, RCurly],
  ...[Pipe, Bar, Arrow, FatArrow, Equal, NotEqual, LessEqual, Less, GreaterEqual, Greater],
  ...[Plus, Minus, Times, Divide, Remainder, Assign, Colon, Comma, Dot],
];

export const vocabulary: readonly TokenType[] = [BinaryOperator, NumberLiteral, BoolLiteral, Reserved, ...concrete];

/** Creates the lexer. With `validate`, throws an error that lists the mistakes in the tokens, which a test does. */
export const lexerOf = (validate: boolean): Lexer =>
  new Lexer([...vocabulary], {
    positionTracking: "onlyOffset",
    ensureOptimizations: true,
    skipValidations: !validate,
  });

export const lexer = lexerOf(false);
