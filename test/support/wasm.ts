/** @file Runs plans at known sizes as WebAssembly. */
import { emitWasm, type Packed, type WasmCode } from "../../src/codegen/wasm/emit.ts";
import { planAt } from "../../src/codegen/wasm/plan-at.ts";
import type { SizedPlan } from "../../src/codegen/wasm/sized-plan.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { storedArrays } from "../../src/plan/prepared.ts";
import { elements, typedArrays, type NdArray } from "../../src/contract/ndarray.ts";
import { packed } from "../../src/contract/packing.ts";
import { importedIntegers, instantiate, type WasmExports } from "../../src/runtime/wasm/instance.ts";
import type { Features } from "../../src/wasm/module.ts";

/** Where a run has its memory. */
export interface Space {
  readonly shared: boolean;
  readonly threads: number;
  /** The first address that is free. */
  readonly start: number;
  /** Returns a memory of at least this many bytes. */
  upTo(bytes: number): WebAssembly.Memory;
}

export const page = 65536;

const own: Space = {
  shared: false,
  threads: 1,
  start: 64,
  upTo: (bytes) => new WebAssembly.Memory({ initial: Math.ceil(bytes / page) + 1 }),
};

/** What is run. */
interface Made {
  readonly exports: WasmExports;
  readonly code: WasmCode;
  readonly bytes: Uint8Array;
  readonly integers: Readonly<Record<string, number>>;
}

/** Runs a plan on inputs and prepared tensors, both in the plan's order. Memory is full of NaN, as after earlier runs. */
export function runWasm(
  plan: SizedPlan,
  features: Features,
  inputs: readonly NdArray[],
  prepared: readonly NdArray[],
  run: (made: Made) => void = ({ exports }) => exports.run(),
  space: Space = own,
): readonly NdArray[] {
  const code = emitWasm(plan, features);
  const bytes = code.module.bytes({ shared: space.shared });
  let end = space.start;
  const take = (size: number): number => {
    const at = end;
    end += Math.ceil((size + 16) / 16) * 16;
    return at;
  };
  const given = inputs.map((array) => ({ array, at: take(4 * elements(array.shape)) }));
  const weights = code.packed.map((it) => ({ it, at: take(it.bytes) }));
  const arena = take(code.arena);
  const own = take(space.threads * code.perThread);
  const memory = space.upTo(end);
  new Float32Array(memory.buffer, space.start).fill(NaN);
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
  const places = { memory, arena, own, packed: (it: Packed) => addresses.get(it)! };
  const exports = instantiate(code, new WebAssembly.Module(bytes), places);
  run({ exports, code, bytes, integers: importedIntegers(code, places) });
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
  run: typeof runWasm = runWasm,
): readonly NdArray[] {
  const admission = checkGuard(plan.graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("\n"));
  const values = plan.prepared.map(({ value }) => value);
  const arrays = storedArrays(values, (path) => weights[path]!);
  return run(
    planAt(plan, admission.sizes),
    { relaxed: false },
    plan.inputs.map(({ name }) => inputs[name]!),
    values.map((value) => arrays.get(value)!),
  );
}

/** Runs every step unit by unit, the last unit first: one that writes more than its own elements spoils those of the next. */
export function unitsBackwards({ exports, code }: Made): void {
  code.steps.forEach(({ units }, step) => {
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
