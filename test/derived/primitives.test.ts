/** @file Derived from the records: every primitive, in every case, matches its reference on every backend. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { transpose, type NdArray } from "../../src/contract/ndarray.ts";
import type { Positional } from "../../src/ir/lowering.ts";
import type { EsmEmitter } from "../../src/primitives/esm/emitter.ts";
import { noPads } from "../../src/primitives/image.ts";
import { pad } from "../../src/primitives/layout.ts";
import { pool } from "../../src/primitives/pool.ts";
import { activations, type Activation, type Primitive, type PrimitiveCase } from "../../src/primitives/primitive.ts";
import { primitives } from "../../src/primitives/table.ts";
import { unary } from "../../src/primitives/unary.ts";
import type { Size, SizeVar } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { download, upload } from "../support/tensors.ts";

const named = primitives.map((primitive) => [primitive.name, primitive] as const);
const sizes = new Sizes();
const numberOf = (size: Size): number => Number(sizes.constant(size));
const emitter = (print: (n: number) => string): EsmEmitter => ({
  size: (size) => print(numberOf(size)),
  sizes: (list) => `[${list.map((size) => print(numberOf(size))).join(", ")}]`,
});
/** Known sizes, and unknown ones that are printed as a sum, which the surrounding code must allow for. */
const emitters = [emitter(String), emitter((n) => `${n - 1} + 1`)];

const inputsOf = ({ shapes, dtypes, range, values }: PrimitiveCase<unknown>, seed: number): readonly NdArray[] => {
  const random = seeded(seed);
  const source = { ...(range && { range }), ...(values && { values }) };
  return shapes.map((shape, i) => randomArray(random, dtypes?.[i] ?? "f32", shape, source));
};

const positional = ({ shape, dtype }: NdArray): Positional => ({ shape: shape.map((n) => sizes.int(n)), dtype });

/** Evaluates the expression that a primitive prints. Checks that it creates one tensor and leaks none. */
function evaluate(
  primitive: Primitive,
  it: PrimitiveCase<unknown>,
  inputs: readonly NdArray[],
  e: EsmEmitter,
): NdArray {
  const operands = inputs.map(positional);
  const names = inputs.map((_, i) => `x${i}`);
  const result = primitive.shape(operands, it.attributes, sizes);
  const text = primitive.esm(e, names, it.attributes, result, operands);
  // This tests exactly the code that Fuse prints.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function("tf", ...names, `return ${text}`) as (...args: unknown[]) => tf.Tensor;
  const tensors = inputs.map(upload);
  const before = tf.memory().numTensors;
  const tensor = run(tf, ...tensors);
  const made = tf.memory().numTensors - before;
  const array = download(tensor);
  tf.dispose([tensor, ...tensors]);
  if (made !== 1) throw new Error(`${made} tensors instead of 1 are made`);
  return array;
}

/** Returns one line for each case that is wrong. */
const failures = (primitive: Primitive, wrong: (it: PrimitiveCase<unknown>, seed: number) => string | undefined) =>
  primitive.cases(sizes).flatMap((it, seed) => {
    let complaint: string | undefined;
    try {
      complaint = wrong(it, seed);
    } catch (error) {
      complaint = String(error);
    }
    const inputs = it.shapes.map((shape, i) => `${it.dtypes?.[i] ?? "f32"}[${shape.join(", ")}]`);
    return complaint === undefined ? [] : [`${inputs.join(", ")} ${printed(it.attributes)}: ${complaint}`];
  });

const printed = (attributes: unknown): string =>
  JSON.stringify(attributes, (_, value: unknown) =>
    typeof value === "object" && value !== null && sizes.owns(value) ? sizes.print(value as Size) : value,
  );

describe.each(backends())("on $name", ({ name, skipped }) => {
  test.skipIf(skipped).each(named)("%s", async (_, primitive) => {
    await useBackend(name);
    const wrong = failures(primitive, (it, seed) => {
      const isAsked = it.variant === undefined || esmProfile(name).variants.has(it.variant);
      if (!isAsked || it.backends?.includes(name) === false) return undefined;
      const inputs = inputsOf(it, seed);
      const want = primitive.reference(inputs, it.attributes, numberOf);
      const tolerance = primitive.exact ? 0 : 1e-4;
      return emitters
        .map((e) => difference(evaluate(primitive, it, inputs, e), want, tolerance))
        .find((complaint) => complaint !== undefined);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(named)("%s", (_, primitive) => {
  test("has cases and a sentence", () => {
    expect(primitive.cases(sizes)).not.toEqual([]);
    expect(primitive.doc).toMatch(/^[A-Z].*\.$/);
    expect(primitives.filter(({ name }) => name === primitive.name)).toEqual([primitive]);
  });

  test("computes the shape of its result", () => {
    const wrong = failures(primitive, (it, seed) => {
      const inputs = inputsOf(it, seed);
      const want = primitive.reference(inputs, it.attributes, numberOf);
      const { shape, dtype } = primitive.shape(inputs.map(positional), it.attributes, sizes);
      return difference({ ...want, dtype, shape: shape.map(numberOf) }, want, 0);
    });
    expect(wrong).toEqual([]);
  });

  test("computes the shape of its result while sizes are unknown", () => {
    const wrong = failures(primitive, (it, seed) => {
      const inputs = inputsOf(it, seed);
      const values = new Map<SizeVar, bigint>();
      // A size of 1 that broadcasts is a literal, so all of them are. Equal sizes share a variable, because they may
      // have to be equal.
      const variables = new Map<number, Size>();
      const symbol = (n: number): Size => {
        const known = variables.get(n);
        if (n === 1 || known !== undefined) return known ?? sizes.int(1);
        const variable = sizes.variable(`s${n}`, { time: "run" });
        values.set(variable, BigInt(n));
        variables.set(n, sizes.of(variable));
        return sizes.of(variable);
      };
      const operands = inputs.map((input) => ({ ...positional(input), shape: input.shape.map(symbol) }));
      const { shape } = primitive.shape(operands, it.attributes, sizes);
      const got = shape.map((size) => Number(sizes.evaluate(size, (variable) => values.get(variable)!)));
      const want = primitive.reference(inputs, it.attributes, numberOf).shape;
      return got.join() === want.join() ? undefined : `[${got.join(", ")}] instead of [${want.join(", ")}]`;
    });
    expect(wrong).toEqual([]);
  });

  test("absorbs an activation once", () => {
    const wrong = failures(primitive, (it, seed) => {
      const { activation: own } = it.attributes as { readonly activation?: Activation };
      const inputs = inputsOf(it, seed);
      const complaints = activations.map((activation) => {
        const absorbed = primitive.absorb?.(it.attributes, activation, inputs.map(positional));
        if (absorbed === undefined) return undefined;
        if (own !== undefined) return "a second activation is absorbed";
        const before = primitive.reference(inputs, it.attributes, numberOf);
        const want = unary.reference([before], { function: activation }, numberOf);
        return difference(primitive.reference(inputs, absorbed, numberOf), want, 0);
      });
      return complaints.find((complaint) => complaint !== undefined);
    });
    expect(wrong).toEqual([]);
    const absorbs = (it: PrimitiveCase<unknown>, seed: number): boolean =>
      primitive.absorb?.(it.attributes, "relu", inputsOf(it, seed).map(positional)) !== undefined;
    expect(primitive.cases(sizes).some(absorbs)).toBe(primitive.absorb !== undefined);
  });

  test("means the same in both layouts", () => {
    const wrong = failures(primitive, (it, seed) => {
      const attributes = it.attributes as { readonly layout?: string };
      if (attributes.layout === undefined) return undefined;
      const [image, ...others] = inputsOf(it, seed);
      const nchw = [transpose(image!, [0, 3, 1, 2]), ...others];
      const other = { ...attributes, layout: "NCHW" };
      const want = transpose(primitive.reference([image!, ...others], attributes, numberOf), [0, 3, 1, 2]);
      const { shape } = primitive.shape(nchw.map(positional), other, sizes);
      const got = primitive.reference(nchw, other, numberOf);
      return difference(got, want, 0) ?? difference({ ...got, shape: shape.map(numberOf) }, want, 0);
    });
    expect(wrong).toEqual([]);
  });
});

test("padding counts in an average with numeric pads", () => {
  const [image] = inputsOf({ shapes: [[2, 5, 6, 3]], attributes: {} }, 1);
  const number = (n: number): Size => sizes.int(n);
  const attributes = {
    kind: "avg",
    kernel: [number(3), number(2)],
    strides: [number(2), number(1)],
    layout: "NHWC",
  } as const;
  const margins = [
    [0, 0],
    [1, 2],
    [1, 0],
    [0, 0],
  ] as const;
  const pads = margins.map(([before, after]) => [number(before), number(after)] as const);
  const padded = pad.reference([image!], { pads, mode: "constant", value: 0 }, numberOf);
  const want = pool.reference([padded], { ...attributes, pads: noPads }, numberOf);
  const got = pool.reference([image!], { ...attributes, pads: [margins[1], margins[2]] }, numberOf);
  expect(difference(got, want, 1e-12)).toBeUndefined();
});
