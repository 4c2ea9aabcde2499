/** @file Functions of elements run inside of the kernels before them, and units of work write nothing of one another. */
import { describe, expect, test } from "vitest";
import { groupsOf } from "../../src/codegen/wasm/groups.ts";
import type { SizedInput, SizedPlan, SizedStep, SizedValue } from "../../src/codegen/wasm/sized-plan.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { binary } from "../../src/primitives/binary.ts";
import { conv2dTranspose } from "../../src/primitives/convolution-transpose.ts";
import { depthwiseConv2d } from "../../src/primitives/convolution.ts";
import { noPads, unevenPads } from "../../src/primitives/image.ts";
import { pool } from "../../src/primitives/pool.ts";
import { dims, type Primitive } from "../../src/primitives/primitive.ts";
import { resize } from "../../src/primitives/resize.ts";
import { unary } from "../../src/primitives/unary.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { runWasm, unitsBackwards } from "../support/wasm.ts";

interface Producer {
  readonly primitive: Primitive;
  readonly attributes: unknown;
  readonly shapes: readonly string[];
  readonly result: string;
}

const plain = { strides: [1, 1], dilations: [1, 1], pads: "same_tf", layout: "NHWC" };
const pooling = { kernel: [3, 2], strides: [1, 1], pads: "same_tf", layout: "NHWC" };
const transposed = { strides: [2, 2], pads: noPads, outputPadding: [0, 0], layout: "NHWC" };
const sized = { centres: "half_pixel", layout: "NHWC", size: [5, 7] };

const producers: readonly Producer[] = [
  ...[1, 3, 5, 8, 33].flatMap((c): Producer[] => [
    {
      primitive: depthwiseConv2d,
      attributes: { ...plain, activation: "sigmoid" },
      shapes: [`2x4x21x${c}`, `3x3x${c}x1`, `${c}`],
      result: `2x4x21x${c}`,
    },
    {
      primitive: pool,
      attributes: { ...pooling, kind: "max" },
      shapes: [`2x4x19x${c}`],
      result: `2x4x19x${c}`,
    },
    { primitive: pool, attributes: { ...pooling, kind: "avg" }, shapes: [`1x4x19x${c}`], result: `1x4x19x${c}` },
    {
      primitive: pool,
      attributes: { ...pooling, kind: "avg", kernel: [13, 11], pads: unevenPads },
      shapes: [`2x13x9x${c}`],
      result: `2x2x4x${c}`,
    },
    { primitive: resize, attributes: { ...sized, mode: "nearest" }, shapes: [`2x3x4x${c}`], result: `2x5x7x${c}` },
    { primitive: resize, attributes: { ...sized, mode: "bilinear" }, shapes: [`2x3x4x${c}`], result: `2x5x7x${c}` },
    {
      primitive: conv2dTranspose,
      attributes: transposed,
      shapes: [`2x3x11x5`, `3x3x${c}x5`],
      result: `2x7x23x${c}`,
    },
  ]),
  {
    primitive: depthwiseConv2d,
    attributes: { ...plain, strides: [2, 2], dilations: [2, 1], pads: unevenPads },
    shapes: ["2x7x21x3", "3x3x3x2"],
    result: "2x2x12x6",
  },
];

/** What follows the producer, on its result, a residual of its shape and a gate for each channel. */
const epilogues: Readonly<
  Record<string, (apply: Apply, x: SizedValue, residual: SizedValue, gate: SizedValue) => SizedStep>
> = {
  relu: (apply, x) => apply(unary, { function: "relu" }, x),
  residual: (apply, x, residual) => apply(binary, { function: "add" }, x, residual),
  gate: (apply, x, _, gate) => apply(binary, { function: "mul" }, gate, x),
  all: (apply, x, residual, gate) =>
    apply(
      unary,
      { function: "relu" },
      apply(binary, { function: "add" }, apply(binary, { function: "mul" }, x, gate), residual),
    ),
};

type Apply = (primitive: Primitive, attributes: unknown, ...inputs: readonly SizedValue[]) => SizedStep;

/** Makes the plan of a producer with what follows it. */
function planOf({ primitive, attributes, shapes, result }: Producer, epilogue: keyof typeof epilogues): SizedPlan {
  const shape = dims(result);
  const input = (own: readonly number[]): SizedInput => ({ kind: "input", shape: own, dtype: "f32" });
  const [operands, residual, gate] = [shapes.map((it) => input(dims(it))), input(shape), input(shape.slice(-1))];
  const steps: SizedStep[] = [];
  const apply: Apply = (of, own, ...inputs) => {
    const step: SizedStep = { kind: "step", shape, dtype: "f32", primitive: of, attributes: own, inputs };
    steps.push(step);
    return step;
  };
  const last = epilogues[epilogue]!(apply, apply(primitive, attributes, ...operands), residual, gate);
  return { inputs: [...operands, residual, gate], prepared: [], steps, results: [last] };
}

/** Computes the result of a plan without prepared tensors by the references. */
function expected({ inputs, steps, results }: SizedPlan, arrays: readonly NdArray[]): NdArray {
  const known = new Map<SizedValue, NdArray>(inputs.map((input, i) => [input, arrays[i]!]));
  for (const step of steps) {
    const operands = step.inputs.map((input) => known.get(input)!);
    known.set(step, step.primitive.reference(operands, step.attributes, Number));
  }
  return known.get(results[0]!)!;
}

const named = producers.map(
  (producer) => [`${producer.primitive.name} ${producer.shapes.join(" ")}`, producer] as const,
);

describe.each(Object.keys(epilogues))("followed by %s", (epilogue) => {
  test.each(named)("%s", (_, producer) => {
    const plan = planOf(producer, epilogue);
    expect(groupsOf(plan)).toHaveLength(1);
    const random = seeded(7);
    const inputs = plan.inputs.map(({ dtype, shape }) => randomArray(random, dtype, shape));
    const want = expected(plan, inputs);
    for (const run of [undefined, unitsBackwards])
      expect(difference(runWasm(plan, { relaxed: false }, inputs, [], run)[0]!, want, 1e-5)).toBeUndefined();
  });
});
