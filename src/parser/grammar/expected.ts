/** @file Describes what the grammar expected. Chevrotain's own messages name tokens and rules, which mean nothing to users. */
import type { IParserErrorMessageProvider, TokenType } from "chevrotain";
import * as t from "./tokens.ts";

/** The item of each rule that is a list in brackets. */
const items: Readonly<Record<string, string>> = {
  import: "a name",
  header: "a parameter",
  tensor: "an axis",
  result: "a named result",
  list: "an expression",
  call: "an argument",
  axisGroup: "an axis",
};

/** What may follow a rule that has matched completely. */
const next: Readonly<Record<string, string>> = {
  edition: "an import or a declaration",
  import: "an import or a declaration",
  header: "`{`",
  statement: "an operator or the next statement",
  expression: "an operator or the next statement",
};

const names: Readonly<Record<string, string>> = {
  axis: "an axis",
  axisSpec: "an axis",
  param: "a parameter",
  resultItem: "a named result",
};

export const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage({ expected, previous, ruleName }) {
    const item = items[ruleName];
    if (item !== undefined && [t.RParen, t.RSquare, t.RCurly].includes(expected)) {
      const more = [t.Comma, t.LParen, t.LSquare, t.LCurly].includes(previous.tokenType) ? item : "`,`";
      return `${more} or ${spelling(expected)}`;
    }
    if (expected === t.Identifier) return names[ruleName] ?? "a name";
    if (expected === t.Integer) return "an edition number (`1`)";
    if (expected === t.StringLiteral) return 'a module name in double quotes (`"fuse/attention"`)';
    if (ruleName === "tensor" && expected === t.LSquare) return "a tensor type such as `[n, c]`";
    return spelling(expected);
  },
  buildNoViableAltMessage: ({ customUserDescription }) => customUserDescription ?? "a statement",
  buildEarlyExitMessage: ({ customUserDescription }) => customUserDescription ?? "a statement",
  buildNotAllInputParsedMessage: ({ ruleName }) => next[ruleName] ?? "the end",
};

function spelling(type: TokenType): string {
  return typeof type.PATTERN === "string" ? `\`${type.PATTERN}\`` : type.name;
}
