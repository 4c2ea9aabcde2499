/** @file Multiply-accumulates: a leaf counts its own, a composite those of its parts, each once. */
import { expect, test } from "vitest";
import { generate, named } from "../../src/contract/ndarray.ts";
import { GraphBuilder } from "../../src/ir/builder.ts";
import { macsOf } from "../../src/ir/costs.ts";
import type { Value } from "../../src/ir/graph.ts";
import { operator, tensors } from "../../src/ir/operator.ts";
import { tensorType } from "../../src/ir/type.ts";
import { operators } from "../../src/ops/table.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { OperatorTest, type Written } from "../support/operators.ts";

/** A Gram matrix, added to itself. */
const gram = operator({
  name: "gram",
  doc: "For this test.",
  inputs: tensors("x"),
  attributes: {},
  examples: [],
  type: ({ sizes }) => tensorType("f32", [["k", sizes.int(5)]]),
  expand: (c) => {
    const [x] = c.inputs;
    const product = c.node(operators["dot"]!, [x!, x!], { contract: ["c"], batch: ["n"] });
    return c.node(operators["relu"]!, [c.node(operators["add"]!, [product, product], {})], {});
  },
});

test("a composite counts its own operations once, and not those of its parts", () => {
  const sizes = new Sizes();
  const builder = new GraphBuilder(sizes);
  const n = sizes.of(sizes.variable("n", { time: "run" }));
  const input = builder.input(
    "x",
    tensorType("f32", [
      ["n", n],
      ["c", sizes.int(7)],
    ]),
  );
  const before = builder.node(operators["dot"]!, [input, input], { contract: [], batch: ["n", "c"] })!;
  expect(sizes.print(macsOf(before, builder))).toBe("7*n");
  const node = builder.node(gram, [before], {})!;
  expect(sizes.print(macsOf(node, builder))).toBe("7*n");
  const relu = builder.node(operators["relu"]!, [node], {})!;
  expect(sizes.print(macsOf(relu, builder))).toBe("0");
});

const image = "[n: 2, c: 4, h: 5, w: 6]";
const counted: readonly (readonly [string, string | readonly string[], Written, number])[] = [
  // Every element of the result is a sum over channels and window, including elements in padding.
  ["conv", image, { c: 3, kernel: 3 }, 2 * 3 * 5 * 6 * (4 * 3 * 3)],
  ["conv", image, { c: 6, kernel: [1, 3], stride: 2, groups: 2, pad: "same_tf" }, 2 * 6 * 3 * 3 * (2 * 1 * 3)],
  // Every element of the input paints a window in each channel, including cropped parts.
  ["conv_transpose", image, { c: 3, kernel: 2, stride: 2 }, 2 * 4 * 5 * 6 * (3 * 2 * 2)],
  ["conv_transpose", image, { c: 6, kernel: 3, pad: 1, groups: 2, bias: false }, 2 * 4 * 5 * 6 * (3 * 3 * 3)],
  ["linear", image, { keyed: { c: 7 } }, 2 * 5 * 6 * 4 * 7],
  ["dot", ["[n: 2, t: 3, e: 4]", "[n: 2, s: 5, e: 4]"], { contract: ["e"], batch: ["n"] }, 2 * 3 * 5 * 4],
  ["softmax", image, { axis: ["c"] }, 0],
  ["groupnorm", image, { groups: 2 }, 0],
];

test.each(counted)("%s of %j %j: the interpreter's count equals the count by hand", (name, types, attributes, macs) => {
  const context = new OperatorTest();
  const inputs = [types].flat().map((type, i) => context.input(type, `x${i}`));
  const node = context.apply(operators[name]!, inputs, attributes)!;
  const number = (size: Size) => Number(context.sizes.constant(size));
  const ones = ({ type }: Value) => {
    const shape = [...type.axes.values()].map(number);
    return named(
      generate("f32", shape, () => 1),
      [...type.axes.keys()],
    );
  };
  let count = 0;
  evaluateGraph([node], {
    input: ones,
    weight: ones,
    sizes: () => 0n,
    count: (more) => void (count += more),
    builder: context.builder,
  });
  expect(count).toBe(macs);
  expect(number(macsOf(node, context.builder))).toBe(macs);
});
