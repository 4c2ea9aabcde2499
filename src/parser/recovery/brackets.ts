/** @file Matches brackets, even in text where some are missing. */
import type { IToken, TokenType } from "chevrotain";
import * as t from "../grammar/tokens.ts";
import { maxNesting } from "../mistake.ts";

/** The matched brackets in a range of tokens. A bracket is identified by the index of its token. */
export interface Brackets {
  /** Maps each opening bracket to the index of the first token after its group. */
  readonly after: ReadonlyMap<number, number>;
  /** The opening brackets without a partner, in order. */
  readonly unclosed: readonly number[];
  /** Whether every bracket has a partner. */
  readonly balanced: boolean;
}

const partner: ReadonlyMap<TokenType, TokenType> = new Map([
  [t.RParen, t.LParen],
  [t.RSquare, t.LSquare],
  [t.RCurly, t.LCurly],
]);

interface Open {
  readonly index: number;
  readonly type: TokenType;
  /** How many of each kind are open, including this one. Round and square ones count from the last open curly one. */
  readonly round: number;
  readonly square: number;
  readonly curly: number;
}

/**
 * Pairs the brackets in the tokens from `from` up to but not including `to`.
 *
 * @param group whether the first token is a bracket and only its group is wanted.
 * @param mustClose whether an open bracket must close before a token. Pass it where guessing is worthwhile: indentation
 *   shows which brackets the author believes are closed.
 */
export function pairBrackets(
  tokens: readonly IToken[],
  from: number,
  to: number,
  group = false,
  mustClose?: (opening: number, at: number) => boolean,
): Brackets {
  const after = new Map<number, number>();
  const unclosed: number[] = [];
  const open: Open[] = [];
  let strays = 0;

  function giveUp(count: number, at: number): void {
    for (const { index } of open.splice(open.length - count)) {
      unclosed.push(index);
      after.set(index, at);
    }
  }

  for (let i = from; i < to; i++) {
    const type = tokens[i]!.tokenType;
    if (mustClose !== undefined) while (open.length > Number(group) && mustClose(open.at(-1)!.index, i)) giveUp(1, i);
    if (isOpening(type)) {
      const outer = open.at(-1);
      const inner = type === t.LCurly ? undefined : outer;
      open.push({
        index: i,
        type,
        round: (inner?.round ?? 0) + Number(type === t.LParen),
        square: (inner?.square ?? 0) + Number(type === t.LSquare),
        curly: (outer?.curly ?? 0) + Number(type === t.LCurly),
      });
      continue;
    }
    const opening = partner.get(type);
    if (opening === undefined) continue;
    if (!closes(opening)) {
      strays++;
      continue;
    }
    let above = 0;
    while (open.at(-1 - above)!.type !== opening) above++;
    giveUp(above, i);
    after.set(open.pop()!.index, i + 1);
    if (group && open.length === 0) break;
  }
  giveUp(open.length, to);
  unclosed.sort((a, b) => a - b);
  return { after, unclosed, balanced: strays === 0 && unclosed.length === 0 };

  /** Whether an open bracket can be closed here. A round or square bracket never closes across a curly one. */
  function closes(opening: TokenType): boolean {
    const top = open.at(-1);
    if (opening === t.LParen) return (top?.round ?? 0) > 0;
    if (opening === t.LSquare) return (top?.square ?? 0) > 0;
    return (top?.curly ?? 0) > 0;
  }
}

/** Returns the first unclosed bracket from `from` up to but not including `to`. */
export function firstUnclosed({ unclosed }: Brackets, from: number, to: number): number | undefined {
  let low = 0;
  for (let high = unclosed.length; low < high;) {
    const middle = (low + high) >> 1;
    if (unclosed[middle]! < from) low = middle + 1;
    else high = middle;
  }
  const found = unclosed[low];
  return found !== undefined && found < to ? found : undefined;
}

export function isOpening(type: TokenType | undefined): boolean {
  return type === t.LParen || type === t.LSquare || type === t.LCurly;
}

/** Returns the first bracket in the range that is nested too deeply. */
export function firstTooDeep(tokens: readonly IToken[], from: number, to: number): number | undefined {
  let depth = 0;
  for (let i = from; i < to; i++) {
    const type = tokens[i]!.tokenType;
    if (isOpening(type)) {
      if (++depth > maxNesting) return i;
    } else if (partner.has(type)) depth = Math.max(0, depth - 1);
  }
  return undefined;
}
