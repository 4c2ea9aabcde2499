/** @file Runs one primitive in WebAssembly, with functions after it if a test wants them. */
import { numbered } from "../../src/codegen/wasm/plan-at.ts";
import { type SizedInput, type SizedPlan, type SizedStep } from "../../src/codegen/wasm/sized-plan.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Primitive } from "../../src/primitives/primitive.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { runWasm, unitsBackwards } from "./wasm.ts";

const sizes = new Sizes();
const numberOf = (size: Size): number => Number(sizes.constant(size));

/** The size of a number, for attributes. */
export const size = (n: number): Size => sizes.int(n);

/** Returns the plan of one primitive, whose operands are inputs. */
export function planOf<A>(primitive: Primitive<A>, attributes: A, inputs: readonly NdArray[]): SizedPlan {
  const operands = inputs.map(({ shape, dtype }): SizedInput => ({ kind: "input", shape, dtype }));
  const positional = inputs.map(({ shape, dtype }) => ({ shape: shape.map((n) => sizes.int(n)), dtype }));
  const { shape, dtype } = primitive.shape(positional, attributes, sizes);
  const step: SizedStep = {
    kind: "step",
    shape: shape.map(numberOf),
    dtype,
    primitive,
    attributes: numbered(attributes, sizes, numberOf),
    inputs: operands,
  };
  return { inputs: operands, prepared: [], steps: [step], results: [step] };
}

/** Runs one primitive, its units in the opposite order, because threads may run them in any. */
export const runStep = <A>(primitive: Primitive<A>, attributes: A, inputs: readonly NdArray[]): NdArray =>
  runWasm(planOf(primitive, attributes, inputs), { relaxed: false }, inputs, [], unitsBackwards)[0]!;

/** What the reference says. */
export const referenceOf = <A>(primitive: Primitive<A>, attributes: A, inputs: readonly NdArray[]): NdArray =>
  primitive.reference(inputs, attributes, numberOf);
