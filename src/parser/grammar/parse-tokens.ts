/** @file Runs one rule of the grammar on a list of tokens. */
import { EOF, type CstNode, type IToken } from "chevrotain";
import { Grammar, type RuleName } from "./grammar.ts";

/** Shared by the whole process: building it takes longer than parsing most files, and `parseTokens` leaves no state in it. */
const grammar = new Grammar();

/** Where and why a rule failed. */
export interface Failure {
  /** The offending token; undefined at the end of the input. */
  readonly token: IToken | undefined;
  /** What the rule expected, in words. */
  readonly expected: string;
  /** The active rules, outermost first. */
  readonly rules: readonly string[];
}

/**
 * Parses all tokens with one rule, or reports where it failed.
 *
 * Recursion is as deep as brackets are nested. If the stack is smaller than Node's, or mostly used up, even nesting that
 * `maxNesting` allows may be too deep.
 */
export function parseTokens(
  rule: RuleName,
  tokens: readonly IToken[],
): { readonly cst: CstNode } | Failure | "too-deep" {
  grammar.input = [...tokens];
  try {
    const cst = grammar[rule]();
    const [error] = grammar.errors;
    if (error === undefined) return { cst };
    const { token, message, context } = error;
    return { token: token.tokenType === EOF ? undefined : token, expected: message, rules: context.ruleStack };
  } catch (error) {
    if (error instanceof RangeError) return "too-deep";
    throw error;
  } finally {
    grammar.input = [];
  }
}
