/** @file What random programs compute element by element, and where they use sizes as numbers. */
import type { Constant } from "../../../src/ir/graph.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { inOrder } from "../../../src/ir/walk.ts";
import type { Size } from "../../../src/sizes/size.ts";
import { families } from "../../../src/ops/table.ts";
import { nodesOf } from "../../support/operator-cases.ts";

/** Returns the sizes that a graph uses as numbers. */
export function numbersOf({ results }: ModelGraph): readonly (Constant & { readonly value: Size })[] {
  return inOrder(results.map(({ value }) => value)).flatMap((value) =>
    value.kind === "constant" && typeof value.value === "object" && "terms" in value.value
      ? [{ ...value, value: value.value }]
      : [],
  );
}

/** The operators that look at one element of each operand. */
export const ofElements: ReadonlySet<string> = new Set(
  ["activation", "elementwise", "functions", "shape", "fusion"]
    .flatMap((family) => families[family]!)
    .map(({ name }) => name),
);

/** Whether every operator of a graph looks at one element of each operand, so that engines agree about infinities. */
export const isOfElements = (graph: ModelGraph): boolean =>
  nodesOf(graph).every(({ op }) => ofElements.has(op.name) && op.name !== "mod");
