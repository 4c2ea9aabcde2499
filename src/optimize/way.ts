/** @file What the search finds: a value that is equal to another, and what was done to get from one to the other. */
import type { Value } from "../ir/graph.ts";

/** One thing that was done, in the order from the results to the inputs. */
export interface Move {
  readonly rule: Rule;
  /** The operator that moves or is merged, and what it meets. */
  readonly of: Value;
  readonly at: Value;
}

export type Rule = "exchange" | "merge" | "split concat" | "into concat" | "split sum" | "collect" | "join";

/** A value equal to the one asked for. */
export interface Way {
  readonly value: Value;
  readonly moves: readonly Move[];
}
