/** @file Runs a rule of the grammar on tokens. */
import { EOF, type CstNode, type IToken } from "chevrotain";
import { Grammar, type RuleName } from "./grammar.ts";

/** One for the process: building it takes longer than parsing most files, and `parseTokens` leaves nothing in it. */
const grammar = new Grammar();

/** Where and why a rule could not go on. */
export interface Failure {
  /** The offending token; undefined behind the last one. */
  readonly token: IToken | undefined;
  /** What could have stood there, in words. */
  readonly expected: string;
  /** The rules that were under way, outermost first. */
  readonly rules: readonly string[];
}

/**
 * Parses tokens by one rule, all of them, or says where it stopped.
 *
 * Recursion is as deep as brackets are nested. Where the stack is smaller than Node's, or mostly used up, even what `maxNesting`
 * allows may be too deep.
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
