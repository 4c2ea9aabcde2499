/** @file What all searches in a graph share. */
import type { Algebra } from "./algebra.ts";
import type { GraphCosts } from "./cost.ts";
import type { Laws } from "./laws.ts";
import type { Maps } from "./map.ts";

export interface SearchTools {
  readonly algebra: Algebra;
  readonly maps: Maps;
  readonly costs: GraphCosts<number>;
  readonly laws: Laws;
  /** Nodes to ask for, and values to walk through for costs, in all searches of a graph. The rest stays as it is. */
  readonly mostWork: { readonly asked: number; readonly walked: number };
}
