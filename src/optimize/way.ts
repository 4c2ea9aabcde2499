/** @file What the search finds, and what it works with. */
import type { Value } from "../ir/graph.ts";
import type { Algebra } from "./algebra.ts";
import type { GraphCosts } from "./cost.ts";
import type { Laws } from "./laws.ts";
import type { Maps } from "./map.ts";

/** What was done, in the order from the results to the inputs. */
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

/** What all searches in a graph share. */
export interface PushTools {
  readonly algebra: Algebra;
  readonly maps: Maps;
  readonly costs: GraphCosts<number>;
  readonly laws: Laws;
}
