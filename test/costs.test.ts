/** @file Multiply-accumulates: a leaf says its own, a composite has those of all that it stands for, each counted once. */
import { expect, test } from "vitest";
import { GraphBuilder } from "../src/ir/builder.ts";
import { operator, tensors } from "../src/ir/operator.ts";
import { Sizes } from "../src/ir/size.ts";
import { tensorType } from "../src/ir/type.ts";
import { operators } from "../src/ops/table.ts";
import { macsOf } from "../src/reference/costs.ts";

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

test("a composite counts what it stands for once, and not what it is made of", () => {
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
