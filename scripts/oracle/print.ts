/** @file Graphs and moves in short. */
import type { Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { printType } from "../../src/ir/type.ts";
import { inOrder } from "../../src/ir/walk.ts";
import { Algebra } from "../../src/optimize/algebra.ts";
import type { Move } from "../../src/optimize/way.ts";

/** Returns a line for every operator of a run, with weights as `W` and constants as `K`, apart from those that another graph of the same model has too. */
export function printGraph({ results, builder }: ModelGraph, known?: ModelGraph): string {
  const algebra = new Algebra(builder);
  const valuesOf = (of: readonly Value[]) => inOrder(of, (value) => algebra.operands(value));
  const order = valuesOf(results.map(({ value }) => value));
  const others = new Set(known && valuesOf(known.results.map(({ value }) => value)));
  const names = new Map<Value, string>();
  const nameOf = (value: Value) => names.get(value) ?? (value.kind === "constant" ? "K" : "W");
  const lines: string[] = [];
  for (const value of order) {
    names.set(value, value.kind === "input" ? value.name : `v${value.id}`);
    if (others.has(value)) continue;
    if (value.kind === "node")
      lines.push(
        `  ${nameOf(value)} = ${value.op.name}(${value.inputs.map(nameOf).join(", ")}) ${printType(builder.sizes, value.type)}`,
      );
    if (value.kind === "pick") lines.push(`  ${nameOf(value)} = ${nameOf(value.of)}[${value.index}]`);
  }
  return lines.join("\n");
}

const operatorOf = (value: Value): string => (value.kind === "node" ? value.op.name : value.kind);

export const printMoves = (moves: readonly Move[]): string =>
  moves.map(({ rule, of, at }) => `${rule} (${operatorOf(of)}, ${operatorOf(at)})`).join("; ") || "nothing";
