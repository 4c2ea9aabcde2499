/** @file What `fuse summary --engine wasm` shows: the functions of a model's WebAssembly at some sizes, or why there is none. */
import { emitWasm } from "../../codegen/wasm/emit.ts";
import { planAt } from "../../codegen/wasm/plan-at.ts";
import { mostElements } from "../../codegen/wasm/sized-plan.ts";
import { wasmProfile } from "../../codegen/wasm/profile.ts";
import { elements } from "../../contract/ndarray.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { planOptimized } from "../../optimize/planned.ts";
import { planCost } from "../../plan/cost.ts";
import { numbersAt } from "../../plan/memory.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { countText, plural, timeText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import type { Sizes } from "./model.ts";

export interface Compiled {
  readonly model: string;
  readonly at: Sizes;
  /** Why it cannot be compiled at these sizes. */
  readonly refused?: string;
  /** In the order in which they run. Threads may share the units of a step. */
  readonly steps?: readonly { readonly name: string; readonly units: number }[];
  readonly codeBytes?: number;
  /** What a run needs in addition to inputs and weights. */
  readonly memoryBytes?: number;
  readonly weightBytes?: number;
  /** Predicted, with one thread. */
  readonly milliseconds?: number;
}

export function compiledAt(graph: ModelGraph, at: Sizes): Compiled {
  const head = { model: graph.name, at };
  const { plan } = planOptimized(graph, wasmProfile, { at });
  const sized = planAt(plan, at);
  const large = [...sized.inputs, ...sized.prepared, ...sized.steps].find((it) => elements(it.shape) > mostElements);
  if (large !== undefined) {
    const what = large.kind === "step" ? `the result of ${large.primitive.name}` : "an input or weight";
    const count = countText(elements(large.shape));
    return { ...head, refused: `${what} has ${count} elements, more than ${countText(mostElements)}` };
  }
  const { module, steps, arena, packed } = emitWasm(sized, { relaxed: true });
  return {
    ...head,
    steps: steps.map(({ name, units }) => ({ name, units })),
    codeBytes: module.bytes({ shared: false }).length,
    memoryBytes: arena,
    weightBytes: packed.reduce((sum, { bytes }) => sum + bytes, 0),
    milliseconds: planCost(plan, numbersAt(graph.builder.sizes, at)) / 1e9,
  };
}

export function compiledText({ model, at, refused, steps = [], ...made }: Compiled): string {
  const sizes = Object.entries(at).map(([name, size]) => `${name}=${size}`);
  const head = `model ${model} as WebAssembly${sizes.length === 0 ? "" : `, at ${sizes.join(",")}`}`;
  if (refused !== undefined) return `${head}: it runs as calls, because ${refused}`;
  const rows = steps.map(({ name, units }) => [name, countText(units)]);
  return [
    head,
    "",
    table(["step", "units of work"], rows, [1]),
    "",
    `code     ${bytesText(made.codeBytes ?? 0)}, ${plural(steps.length, "function")}`,
    `memory   ${bytesText(made.memoryBytes ?? 0)}, plus ${bytesText(made.weightBytes ?? 0)} of weights`,
    `time     ${timeText(made.milliseconds ?? 0)} with one thread, as predicted`,
  ].join("\n");
}
