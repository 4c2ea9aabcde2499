/** @file What a plan costs: its multiply-accumulates, bytes, rows, resized bytes and steps, times the costs of the profile. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { targetNames, targets } from "../../src/codegen/targets.ts";
import { backendNames } from "../../src/contract/backends.ts";
import { elements, type NdArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import type { Positional } from "../../src/ir/lowering.ts";
import { relu, tanh } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add } from "../../src/ops/elementwise.ts";
import { concat } from "../../src/ops/fusion.ts";
import { resize } from "../../src/ops/resize.ts";
import { reshape } from "../../src/ops/shape.ts";
import { planCost, planWork, type Work } from "../../src/plan/cost.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import { noPads, side, type Pads, type Pair } from "../../src/primitives/image.ts";
import type { Primitive, PrimitiveCase } from "../../src/primitives/primitive.ts";
import { primitives } from "../../src/primitives/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { ModelBuilder } from "../support/model.ts";

const sizes = new Sizes();
const numberOf = (size: Size): number => Number(sizes.constant(size));

/** Returns ones of this shape that call `read` for each element that is read. */
function watched(shape: readonly number[], read: () => void): NdArray {
  const data = new Proxy(new Float64Array(elements(shape)).fill(1), {
    get: (array, key): unknown => {
      if (typeof key === "string" && /^\d+$/.test(key)) read();
      return Reflect.get(array, key, array);
    },
  });
  return { dtype: "f32", shape, data };
}

interface Geometry {
  readonly strides: Pair<number>;
  readonly dilations?: Pair<number>;
  readonly pads?: Pads;
}

/** The same case with the padding in the image or, for a transposed convolution, without cutting it off. */
function unpadded({ name }: Primitive, it: PrimitiveCase<unknown>): PrimitiveCase<unknown> {
  const attributes = it.attributes as Geometry;
  const { pads, strides, dilations } = attributes;
  const rest = { ...it, attributes: { ...attributes, pads: noPads } };
  if (pads === undefined || name === "conv2d_transpose") return rest;
  const [[n, h, w, c], filter, ...others] = it.shapes as [[number, number, number, number], number[], ...number[][]];
  const added = ([h, w] as const).map((size, i) => {
    if (pads !== "same_tf") return pads[i]![0] + pads[i]![1];
    const { count } = side(size, filter[i]!, strides[i]!, dilations![i]!, pads);
    return Math.max((count - 1) * strides[i]! + dilations![i]! * (filter[i]! - 1) + 1 - size, 0);
  });
  return { ...rest, shapes: [[n, h + added[0]!, w + added[1]!, c], filter, ...others] };
}

const multiplying = primitives.filter((primitive) => primitive.macs !== undefined);

test("convolutions and matrix products multiply", () => {
  expect(multiplying.map(({ name }) => name)).toEqual([
    "conv2d",
    "depthwise_conv2d",
    "conv2d_transpose",
    "matmul",
    "attention",
  ]);
});

/** In each product, the reference reads one element of the second operand; attention has two products. */
test.each(multiplying.map((primitive) => [primitive.name, primitive] as const))(
  "the multiply-accumulates of %s are the products of its reference",
  (_, primitive) => {
    for (const it of primitive.cases(sizes)) {
      const operands = it.shapes.map((shape): Positional => ({ shape: shape.map((n) => sizes.int(n)), dtype: "f32" }));
      const result = primitive.shape(operands, it.attributes, sizes);
      const claimed = primitive.macs!(operands, it.attributes, result)
        .map((factors) => factors.reduce((n, size) => n * numberOf(size), 1))
        .reduce((a, b) => a + b);
      const { shapes, attributes } = unpadded(primitive, it);
      const multiplied = primitive.name === "attention" ? [1, 2] : [1];
      let products = 0;
      const arrays = shapes.map((shape, i) => watched(shape, () => (products += Number(multiplied.includes(i)))));
      primitive.reference(arrays, attributes, numberOf);
      expect(claimed, JSON.stringify(it)).toBe(products);
    }
  },
);

/** Returns the plan of a model of an image of five channels, and what it works at 6 by 8. */
function planned(make: (m: ModelBuilder, x: Value) => Value, profile = esmProfile(), order = "nhwc"): [Plan, Work] {
  const m = new ModelBuilder();
  const axes = [...order];
  const x = m.input(
    "x",
    axes.map((axis) => (axis === "c" ? "c: 5" : axis)),
  );
  const made = plan(m.graph({ y: [make(m, x), axes] }), profile);
  return [made, planWork(made, numberAt(m.sizes))];
}

const numberAt = (sizes: Sizes) => (size: Size) =>
  Number(sizes.evaluate(size, ({ name }) => ({ n: 1n, h: 6n, w: 8n })[name]!));

const pixels = 6 * 8;
const image = 4 * pixels * 5;

describe("the work of a plan", () => {
  test("a convolution reads its image, filter and bias; a fused activation is no step", () => {
    const make = (m: ModelBuilder, x: Value) => m.apply(relu, [m.apply(conv, [x], { c: 7, kernel: 3 }, { path: "a" })]);
    const [, work] = planned(make);
    const bytes = image + 4 * (9 * 5 * 7 + 7) + 4 * pixels * 7;
    expect(work).toEqual({ macs: pixels * 7 * 9 * 5, bytes, rows: 0, resized: 0, step: 1 });
  });

  test("an elementwise operator reads and writes", () => {
    const [, work] = planned((m, x) => m.apply(add, [x, m.apply(tanh, [x])]));
    expect(work).toEqual({ macs: 0, bytes: 5 * image, rows: 0, resized: 0, step: 2 });
  });

  test("a concatenation copies a row of each operand for each index before its axis", () => {
    const joined = (axis: string) => planned((m, x) => m.apply(concat, [x, m.apply(tanh, [x]), x], { axis }))[1];
    expect(joined("c")).toEqual({ macs: 0, bytes: 8 * image, rows: 3 * pixels, resized: 0, step: 2 });
    expect(joined("w")).toEqual({ macs: 0, bytes: 8 * image, rows: 3 * 6, resized: 0, step: 2 });
  });

  test("a resize counts what it writes", () => {
    const [, work] = planned((m, x) => m.apply(resize, [x], { keyed: { h: 12, w: 16 }, mode: "bilinear" }));
    expect(work).toEqual({ macs: 0, bytes: 5 * image, rows: 0, resized: 4 * image, step: 1 });
  });

  test("a reshape costs nothing", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 6"]);
    const y = m.apply(reshape, [x], {
      maps: [
        {
          from: ["c"],
          to: [
            { axis: "a", size: m.sizes.int(2) },
            { axis: "b", size: m.sizes.int(3) },
          ],
        },
      ],
    });
    const made = plan(m.graph({ y: [y, ["n", "a", "b"]] }), esmProfile());
    expect(made.steps).toHaveLength(1);
    expect(planWork(made, numberAt(m.sizes))).toEqual({ macs: 0, bytes: 0, rows: 0, resized: 0, step: 0 });
  });

  test("an activation that the runtime fuses costs nothing after a convolution of a single use", () => {
    const steps = (make: Parameters<typeof planned>[0]) => {
      const [made, { step }] = planned(make, onnxProfile, "nchw");
      return [made.steps.length, step];
    };
    const convolved = (m: ModelBuilder, x: Value) => m.apply(conv, [x], { c: 5 }, { path: "a" });
    expect(steps((m, x) => m.apply(relu, [convolved(m, x)]))).toEqual([2, 1]);
    expect(steps((m, x) => m.apply(tanh, [convolved(m, x)]))).toEqual([2, 2]);
    expect(steps((m, x) => m.apply(relu, [m.apply(tanh, [x])]))).toEqual([2, 2]);
    const twice = (m: ModelBuilder, x: Value) => m.apply(add, [convolved(m, x), m.apply(relu, [convolved(m, x)])]);
    expect(steps(twice)).toEqual([3, 3]);
  });
});

test("a plan costs its work times the costs of its profile", () => {
  const costs = { macs: 2, bytes: 3, rows: 5, resized: 7, step: 11 };
  const make = (m: ModelBuilder, x: Value) => {
    const large = m.apply(resize, [x], { keyed: { h: 12, w: 16 } });
    return m.apply(conv, [m.apply(concat, [large, m.apply(tanh, [large])], { axis: "c" })], { c: 2 }, { path: "a" });
  };
  const [made, work] = planned(make, { ...esmProfile(), costs });
  for (const amount of Object.values(work)) expect(amount).toBeGreaterThan(0);
  const wanted = Object.entries(costs).reduce((sum, [thing, cost]) => sum + cost * work[thing as keyof Work], 0);
  expect(planCost(made, numberAt(made.graph.builder.sizes))).toBe(wanted);
});

test("profiles ship whole numbers that make every work dearer", () => {
  const profiles = [
    ...targetNames.map((name) => targets[name].profile),
    ...backendNames.map((backend) => esmProfile(backend)),
  ];
  for (const { name, backend, costs } of profiles) {
    const which = `${name} ${backend}`;
    for (const cost of Object.values(costs)) expect(Number.isSafeInteger(cost) && cost >= 0, which).toBe(true);
    expect(Math.min(costs.macs, costs.bytes, costs.step), which).toBeGreaterThan(0);
  }
});
