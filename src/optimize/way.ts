/** @file A value equal to another one, and how it was found. */
import type { Value } from "../ir/graph.ts";
import type { Trait } from "../ir/trait.ts";
import type { Exchange } from "./exchange.ts";

/** What was done, in the order from the results to the inputs. */
export interface Move {
  readonly rule: Rule;
  /** The operator that moves or is merged, and what it meets. */
  readonly of: Value;
  readonly at: Value;
  /** Of an exchange: how the two act, and why they may be exchanged. */
  readonly why?: { readonly outer: Trait; readonly inner: Trait; readonly found: Exchange };
}

export type Rule =
  | "exchange"
  | "exchange with constant"
  | "merge"
  | "contract"
  | "split concat"
  | "into concat"
  | "split sum"
  | "collect"
  | "join";

/** A value equal to the one asked for. */
export interface Way {
  readonly value: Value;
  readonly moves: readonly Move[];
}

/** A move and those of the ways after it, each once: ways share parts, which would otherwise double with every sum. */
export function movesOf(first: Move, ways: readonly Way[]): readonly Move[] {
  return [first, ...new Set(ways.flatMap(({ moves }) => moves))];
}
