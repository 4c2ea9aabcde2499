/**
 * @file Derived from the records: every convolution and matrix product, with another tensor added to it and an activation,
 * matches its reference in a session. TensorFlow fuses these nodes, and some of its fused kernels lose attributes.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { NodeEmitter, NodeNames } from "../../src/codegen/tensorflow/emitter.ts";
import { placeholder } from "../../src/codegen/tensorflow/graph.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { conv2dTranspose } from "../../src/primitives/convolution-transpose.ts";
import { conv2d, depthwiseConv2d } from "../../src/primitives/convolution.ts";
import { matmul } from "../../src/primitives/matmul.ts";
import { activations, type Primitive } from "../../src/primitives/primitive.ts";
import { sum } from "../../src/primitives/sum.ts";
import { unary } from "../../src/primitives/unary.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { openSession } from "../support/nodes.ts";

const products = [conv2d, depthwiseConv2d, conv2dTranspose, matmul] as readonly Primitive[];
const native = backends().find(({ name }) => name === "tensorflow")!;
const none = (): never => expect.unreachable();

/** Returns a line for each case of a product that is wrong with a residual, without an activation or with any. */
function failures(primitive: Primitive): string[] {
  const sizes = new Sizes();
  const e = new NodeEmitter({ sizes, fused: false, names: new NodeNames(), variable: none });
  const feeds: Record<string, NdArray> = {};
  const positional = ({ dtype, shape }: NdArray) => ({ dtype, shape: shape.map((size) => sizes.int(size)) });
  const cases = primitive.cases(sizes).flatMap(({ shapes, attributes, variant }, seed) => {
    if (variant !== undefined && !savedModelProfile.variants.has(variant)) return [];
    if ((attributes as { readonly activation?: string }).activation !== undefined) return [];
    const random = seeded(seed);
    const inputs = shapes.map((shape) => randomArray(random, "f32", shape));
    const operands = inputs.map(positional);
    const result = primitive.shape(operands, attributes, sizes);
    const of = primitive.reference(inputs, attributes, none);
    const residual = randomArray(random, "f32", of.shape);
    return [undefined, ...activations].flatMap((activation) =>
      [true, false].map((isKnown) => {
        const name = `case${seed}-${activation}-${isKnown}`;
        const given = (array: NdArray, as: string) => {
          const { shape } = array;
          const wire = placeholder(
            e,
            `${name}-${as}`,
            "f32",
            isKnown ? shape : [...shape.slice(0, -1).fill(-1), shape.at(-1)!],
          );
          feeds[wire.tensor] = array;
          return wire;
        };
        // Weights are constants, as in a model.
        const [x, ...weights] = inputs.map((input, i) =>
          i === 0 ? given(input, "x") : e.literal(`${name}-weight${i}`, input),
        );
        const product = primitive.tensorflow(e, [x!, ...weights], attributes, result, operands);
        const added = sum.tensorflow(e, [product, given(residual, "residual")], {}, result, [result, result]);
        const total = sum.reference([of, residual], {}, none);
        const text = `${JSON.stringify(attributes)} ${shapes.join(" x ")}, ${activation ?? "no activation"}, ${isKnown ? "known" : "open"} sizes`;
        if (activation === undefined) return { text, last: added, want: total };
        const last = unary.tensorflow(e, [added], { function: activation }, result, [result]);
        return { text, last, want: unary.reference([total], { function: activation }, none) };
      }),
    );
  });
  const session = openSession(e.nodes);
  const got = session.run(
    feeds,
    cases.map(({ last }) => last.tensor),
  );
  session.dispose();
  return cases.flatMap(({ text, want }, i) => {
    const found = difference(got[i]!, want, 1e-4);
    return found === undefined ? [] : [`${text}: ${found}`];
  });
}

describe.skipIf(native.skipped)("in a session", () => {
  beforeAll(() => useBackend("tensorflow"));

  test.each(products.map((primitive) => [primitive.name, primitive] as const))("%s", (_, primitive) => {
    expect(failures(primitive)).toEqual([]);
  });
});
