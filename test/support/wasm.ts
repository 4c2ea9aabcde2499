/** @file Runs plans at known sizes as WebAssembly. */
import { emitWasm, type WasmCode } from "../../src/codegen/wasm/emit.ts";
import { planAt } from "../../src/codegen/wasm/plan-at.ts";
import type { SizedPlan } from "../../src/codegen/wasm/sized-plan.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { storedArrays } from "../../src/plan/prepared.ts";
import { elements, typedArrays, type NdArray } from "../../src/contract/ndarray.ts";
import { packed } from "../../src/contract/packing.ts";
import { instantiate, type WasmExports } from "../../src/runtime/wasm/instance.ts";
import type { Features } from "../../src/wasm/module.ts";

/** Sizes of the memory, in bytes. */
const page = 65536;
const start = 64;

/** Runs a plan on inputs and prepared tensors, both in the plan's order. Memory is full of NaN, as after earlier runs. */
export function runWasm(
  plan: SizedPlan,
  features: Features,
  inputs: readonly NdArray[],
  prepared: readonly NdArray[],
  run: (exports: WasmExports, code: WasmCode) => void = (exports) => exports.run(),
): readonly NdArray[] {
  const code = emitWasm(plan, features);
  const bytes = code.module.bytes({ shared: false });
  let end = start;
  const take = (size: number): number => {
    const at = end;
    end += Math.ceil((size + 16) / 16) * 16;
    return at;
  };
  const given = inputs.map((array) => ({ array, at: take(4 * elements(array.shape)) }));
  const weights = code.packed.map((it) => ({ it, at: take(it.bytes) }));
  const arena = take(code.arena);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / page) + 1 });
  new Float32Array(memory.buffer).fill(NaN);
  const write = (at: number, { dtype, data }: Pick<NdArray, "dtype" | "data">): void => {
    if (dtype === "f32") new Float32Array(memory.buffer, at, data.length).set(data);
    else new Int32Array(memory.buffer, at, data.length).set(data);
  };
  for (const { array, at } of given) write(at, array);
  for (const { it, at } of weights) {
    const arrays = it.of.map((source) => prepared[plan.prepared.indexOf(source)]!);
    const data = packed(arrays, it.bytes / 4, it.moves);
    write(at, { dtype: data instanceof Float32Array ? "f32" : "i32", data });
  }
  given.forEach(({ at }, i) => (new Int32Array(memory.buffer)[(arena + code.control) / 4 + i] = at));
  const addresses = new Map(weights.map(({ it, at }) => [it, at]));
  run(instantiate(code, new WebAssembly.Module(bytes), { memory, arena, packed: (it) => addresses.get(it)! }), code);
  return plan.results.map(({ shape, dtype }, i) => {
    const at = addressOf(code, i, { given, arena, addresses });
    const stored = dtype === "f32" ? Float32Array : Int32Array;
    const data = typedArrays[dtype].from(new stored(memory.buffer, at, elements(shape)));
    return { shape, dtype, data };
  });
}

/** Runs a plan at the sizes of its inputs. @throws Error with the guard's problems */
export function runPlanAsWasm(
  plan: Plan,
  inputs: Readonly<Record<string, NdArray>>,
  weights: Readonly<Record<string, NdArray>>,
): readonly NdArray[] {
  const admission = checkGuard(plan.graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("\n"));
  const values = plan.prepared.map(({ value }) => value);
  const arrays = storedArrays(values, (path) => weights[path]!);
  return runWasm(
    planAt(plan, admission.sizes),
    { relaxed: false },
    plan.inputs.map(({ name }) => inputs[name]!),
    values.map((value) => arrays.get(value)!),
  );
}

/** Runs every step unit by unit, the last unit first: one that writes more than its own elements spoils those of the next. */
export function unitsBackwards(exports: WasmExports, { steps }: WasmCode): void {
  steps.forEach(({ units }, step) => {
    for (let unit = units - 1; unit >= 0; unit--) exports[String(step)]!(unit, unit + 1);
  });
}

interface Addresses {
  readonly given: readonly { readonly at: number }[];
  readonly arena: number;
  readonly addresses: ReadonlyMap<WasmCode["packed"][number], number>;
}

function addressOf(code: WasmCode, result: number, { given, arena, addresses }: Addresses): number {
  const at = code.results[result]!;
  if ("input" in at) return given[at.input]!.at;
  return "packed" in at ? addresses.get(at.packed)! : arena + at.offset.value;
}
