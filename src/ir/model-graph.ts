/** @file A model as a graph: its results, what they need, and the facts about its sizes. */
import type { Guard } from "../contract/guard.ts";
import type { Facts } from "../sizes/facts.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Input, Origin, Value, Weight } from "./graph.ts";
import type { Axis } from "./type.ts";

export interface GraphResult {
  readonly name: string;
  readonly value: Value;
  /** Memory layout at the boundary. */
  readonly order: readonly Axis[];
}

/** A model with its settings applied: one world, blocks inlined, run-time sizes symbolic. */
export interface ModelGraph {
  readonly name: string;
  readonly doc: string | undefined;
  /** The file that declares the model, as the user named it. */
  readonly path: string;
  readonly inputs: readonly Input[];
  readonly results: readonly GraphResult[];
  /** Settings and their values, in order of declaration: `{ classes: "1000", pool: "avg" }`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The weights that the results need, in order of evaluation. */
  readonly weights: readonly Weight[];
  /** Facts about run-time sizes that follow from the settings and conditions of this world. The guard checks them. */
  readonly facts: Facts;
  readonly guard: Guard;
  readonly origins: ReadonlyMap<Value, readonly Origin[]>;
  /** The builder that made the values. It also expands composites. */
  readonly builder: GraphBuilder;
}
