/** @file Faults that are known and being mended. Each entry is deleted with its fault. */
import type { Constant } from "../../../src/ir/graph.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { inOrder } from "../../../src/ir/walk.ts";
import type { Size } from "../../../src/sizes/size.ts";
import { families } from "../../../src/ops/table.ts";
import { nodesOf } from "../../support/operator-cases.ts";
import type { Peculiar } from "./noise.ts";

/** What is known about one run. */
export interface Run {
  readonly graph: ModelGraph;
  readonly seen: Peculiar;
  /** Whether a size that is used as a number is beyond 32 bits. */
  readonly isLarge: boolean;
}

/** Returns the sizes that a graph uses as numbers. */
export function numbersOf({ results }: ModelGraph): readonly (Constant & { readonly value: Size })[] {
  return inOrder(results.map(({ value }) => value)).flatMap((value) =>
    value.kind === "constant" && typeof value.value === "object" && "terms" in value.value
      ? [{ ...value, value: value.value }]
      : [],
  );
}

interface Known {
  /** The fault in one line, with its point in the list of faults. */
  readonly fault: string;
  readonly applies: (run: Run) => boolean;
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

const known: readonly Known[] = [
  {
    fault: "9: infinities in what is computed with sums, and as divisors of %",
    applies: (run) => run.seen.infinite && !isOfElements(run.graph),
  },
];

/** Whether an engine is known to be wrong about a run. */
export function isKnown(run: Run): boolean {
  return known.some(({ applies }) => applies(run));
}
