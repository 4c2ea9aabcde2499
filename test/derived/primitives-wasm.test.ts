/** @file Derived from the records: every primitive, in every case, matches its reference in WebAssembly, with and without relaxed SIMD. */
import { setFlagsFromString } from "node:v8";
import { describe, expect, test } from "vitest";
import type { SizedInput, SizedPrepared, SizedStep } from "../../src/codegen/wasm/sized-plan.ts";
import { numbered } from "../../src/codegen/wasm/plan-at.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Primitive, PrimitiveCase } from "../../src/primitives/primitive.ts";
import { primitives } from "../../src/primitives/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { runWasm } from "../support/wasm.ts";

// Node 20 has it, but not by default. Later versions ignore the flag.
setFlagsFromString("--experimental-wasm-relaxed-simd");

const sizes = new Sizes();
const numberOf = (size: Size): number => Number(sizes.constant(size));

const inputsOf = ({ shapes, dtypes, range, values }: PrimitiveCase<unknown>, seed: number): readonly NdArray[] => {
  const random = seeded(seed);
  const source = { ...(range && { range }), ...(values && { values }) };
  return shapes.map((shape, i) => randomArray(random, dtypes?.[i] ?? "f32", shape, source));
};

/** Runs one primitive. Operands whose index `isPrepared` names are known when weights are loaded. */
function evaluate(
  primitive: Primitive,
  it: PrimitiveCase<unknown>,
  arrays: readonly NdArray[],
  relaxed: boolean,
  isPrepared: (operand: number) => boolean,
): NdArray {
  const operands = arrays.map(({ shape, dtype }, i): SizedInput | SizedPrepared => ({
    kind: isPrepared(i) ? "prepared" : "input",
    shape,
    dtype,
  }));
  const positional = arrays.map(({ shape, dtype }) => ({ shape: shape.map((n) => sizes.int(n)), dtype }));
  const { shape, dtype } = primitive.shape(positional, it.attributes, sizes);
  const attributes = numbered(it.attributes, sizes, numberOf);
  const step: SizedStep = { kind: "step", shape: shape.map(numberOf), dtype, primitive, attributes, inputs: operands };
  const plan = {
    inputs: operands.filter((operand) => operand.kind === "input"),
    prepared: operands.filter((operand) => operand.kind === "prepared"),
    steps: [step],
    results: [step],
  };
  const of = (prepared: boolean) => arrays.filter((_, i) => isPrepared(i) === prepared);
  return runWasm(plan, { relaxed }, of(false), of(true))[0]!;
}

const isWeight = (operand: number): boolean => operand > 0;
const isNone = (): boolean => false;

describe.each([false, true])("with relaxed SIMD: %s", (relaxed) => {
  test.each(primitives.map((primitive) => [primitive.name, primitive] as const))("%s", (_, primitive) => {
    const wrong = primitive.cases(sizes).flatMap((it, seed) =>
      [isNone, isWeight].flatMap((isPrepared) => {
        const inputs = inputsOf(it, seed);
        const want = primitive.reference(inputs, it.attributes, numberOf);
        const what = `${JSON.stringify(it.shapes)} ${it.dtypes?.join() ?? ""} ${seed}`;
        try {
          const got = evaluate(primitive, it, inputs, relaxed, isPrepared);
          return difference(got, want, primitive.exact ? 0 : 1e-4)?.concat(` (${what})`) ?? [];
        } catch (error) {
          return [`${String(error)} (${what})`];
        }
      }),
    );
    expect(wrong).toEqual([]);
  });
});
