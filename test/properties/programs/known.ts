/** @file Faults that are known and being mended. Each entry is deleted with its fault. */
import type { ModelGraph } from "../../../src/ir/model-graph.ts";

interface Known {
  /** The fault in one line. */
  readonly fault: string;
  readonly engine: RegExp;
  readonly applies: (graph: ModelGraph) => boolean;
}

const known: readonly Known[] = [];

/** Whether an engine is known to be wrong about a graph. */
export function isKnown(engine: string, graph: ModelGraph): boolean {
  return known.some((one) => one.engine.test(engine) && one.applies(graph));
}
