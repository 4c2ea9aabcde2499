/** @file Which additions become one sum, and in which order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graphModelProfile } from "../../src/codegen/graph-model/profile.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import { relu } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul, sub } from "../../src/ops/elementwise.ts";
import { batchnorm } from "../../src/ops/normalise.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { countUses } from "../../src/plan/value.ts";
import { ModelBuilder } from "../support/model.ts";
import { planText } from "../support/plan-text.ts";
import { assertProperty } from "../support/properties.ts";

const order = ["n", "c"];

/** Returns the lines of a plan for the results that `make` builds from six tensors of one shape. */
function linesOf(
  make: (plus: (a: Value, b: Value) => Value, inputs: readonly Value[], m: ModelBuilder) => readonly Value[],
  profile: Profile = savedModelProfile,
): string[] {
  const m = new ModelBuilder();
  const inputs = [..."abcdef"].map((name) => m.input(name, ["n", "c: 3"]));
  const results = make((a, b) => m.apply(add, [a, b]), inputs, m);
  const named = Object.fromEntries(results.map((value, i) => [`y${i}`, [value, order] as const]));
  return planText(plan(m.graph(named), profile)).split("\n");
}

describe("additions become one sum", () => {
  test("in a chain, in its order, before an activation", () => {
    expect(linesOf((plus, [a, b, c, d], m) => [m.apply(relu, [plus(plus(plus(a!, b!), c!), d!)])])).toEqual([
      "sum.0 = sum(a, b, c, d) [n, 3]",
      "relu.1 = relu(sum.0) [n, 3]; frees sum.0",
      "return { y0: relu.1 }",
    ]);
  });

  test("in a chain to the right, from its end", () => {
    expect(linesOf((plus, [a, b, c, d]) => [plus(a!, plus(b!, plus(c!, d!)))])[0]).toBe(
      "sum.0 = sum(c, d, b, a) [n, 3]",
    );
  });

  test("in a tree", () => {
    expect(linesOf((plus, [a, b, c, d]) => [plus(plus(a!, b!), plus(c!, d!))])[0]).toBe(
      "sum.0 = sum(a, b, c, d) [n, 3]",
    );
  });

  test("of products, after their biases and scales went into the weights", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "h", "w", "c: 3"]);
    const branch = (path: string) =>
      m.apply(batchnorm, [m.apply(conv, [x], { c: 3 }, { path })], {}, { path: `${path}n` });
    const y = m.apply(add, [m.apply(add, [branch("a"), branch("b")]), x]);
    const lines = planText(plan(m.graph({ y: [y, ["n", "h", "w", "c"]] }), savedModelProfile)).split("\n");
    expect(lines.map((line) => line.replace(/ = conv2d.*\) /, " = conv2d "))).toEqual([
      "batchnorm.0 = conv2d [n, h, w, 3]",
      "batchnorm.1 = conv2d [n, h, w, 3]",
      "sum.2 = sum(batchnorm.0, batchnorm.1, x) [n, h, w, 3]; frees batchnorm.0, batchnorm.1",
      "return { y: sum.2 }",
    ]);
  });

  test("of at most eight terms: more would all be in memory at once", () => {
    const lines = linesOf((plus, [a, b]) => [
      Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? a! : b!)).reduce(plus),
    ]);
    expect(lines).toEqual([
      "sum.0 = sum(a, b, a, b, a, b, a, b) [n, 3]",
      "sum.1 = sum(sum.0, a, b, a, b, a, b, a) [n, 3]; frees sum.0",
      "sum.2 = sum(sum.1, b) [n, 3]; frees sum.1",
      "return { y0: sum.2 }",
    ]);
  });

  test("of two terms, because TensorFlow then fuses them into a convolution", () => {
    const lines = linesOf((plus, [a, b]) => [plus(a!, b!)]);
    expect(lines[0]).toBe("sum.0 = sum(a, b) [n, 3]");
  });

  test("and keep the author's name", () => {
    const lines = linesOf((plus, [a, b, c], m) => [m.apply(add, [plus(a!, b!), c!], {}, { name: "total" })]);
    expect(lines[0]).toBe("total.0 = sum(a, b, c) [n, 3]");
  });
});

describe("additions stay apart", () => {
  test("if a partial sum is needed elsewhere, or is a result", () => {
    const apart = ["sum.0 = sum(a, b) [n, 3]", "sum.1 = sum(sum.0, c) [n, 3]"];
    const elsewhere = linesOf((plus, [a, b, c], m) => {
      const s = plus(a!, b!);
      return [m.apply(mul, [plus(s, c!), s])];
    });
    expect(elsewhere.slice(0, 2)).toEqual(apart);
    const isResult = linesOf((plus, [a, b, c]) => {
      const s = plus(a!, b!);
      return [s, plus(s, c!)];
    });
    expect(isResult.slice(0, 2)).toEqual(apart);
  });

  test("if a partial sum is added to itself", () => {
    const lines = linesOf((plus, [a, b]) => {
      const s = plus(a!, b!);
      return [plus(s, s)];
    });
    expect(lines[1]).toBe("sum.1 = sum(sum.0, sum.0) [n, 3]; frees sum.0");
  });

  test("if a shape differs", () => {
    const lines = linesOf((plus, [a, b], m) => [plus(plus(a!, b!), m.input("row", ["c: 3"]))]);
    expect(lines[1]).toBe("add.1 = add(sum.0, row) [n, 3]; frees sum.0");
  });

  test("next to a subtraction, which is no term", () => {
    const lines = linesOf((plus, [a, b, c, d], m) => [plus(m.apply(sub, [plus(a!, b!), c!]), d!)]);
    expect(lines.slice(0, 3).map((line) => line.split(" = ")[1]!.split("(")[0])).toEqual(["sum", "sub", "sum"]);
  });

  test.each([graphModelProfile, onnxProfile])("for $name, which adds no faster", (profile) => {
    expect(linesOf((plus, [a, b, c]) => [plus(plus(a!, b!), c!)], profile)).toHaveLength(3);
  });
});

/** A random tree of additions: an input, or two trees. */
type Tree = number | readonly [Tree, Tree];

const chain = fc
  .array(fc.nat(5), { minLength: 1, maxLength: 40 })
  .map((leaves): Tree => leaves.slice(1).reduce<Tree>((sum, leaf) => [sum, leaf], leaves[0]!));

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, fc.nat(5), chain, fc.tuple(tie("tree"), tie("tree"))),
}));

test("random trees keep their sums, and no partial sum is written that could be a term of the next", () =>
  assertProperty(
    fc.array(tree, { minLength: 1, maxLength: 3 }),
    (trees) => {
      // Every sum of these is exact, and says how often each input is in it.
      const numbers = [..."abcdef"].map((_, i) => 2 ** (8 * i));
      const value = (of: Tree): number => (typeof of === "number" ? numbers[of]! : value(of[0]) + value(of[1]));
      const m = new ModelBuilder();
      const inputs = [..."abcdef"].map((name) => m.input(name, ["n", "c: 3"]));
      const made = (of: Tree): Value =>
        typeof of === "number" ? inputs[of]! : m.apply(add, [made(of[0]), made(of[1])]);
      const results = trees.map((of, i) => [`y${i}`, [made(of), order]] as const);
      const planned = plan(m.graph(Object.fromEntries(results)), savedModelProfile);

      const arrays = inputs.map(({ name }, i): [string, NdArray] => [
        name,
        { dtype: "f32", shape: [2, 3], data: new Float64Array(6).fill(numbers[i]!) },
      ]);
      const got = evaluatePlan(planned, Object.fromEntries(arrays), () => expect.unreachable());
      trees.forEach((of, i) => expect([...got[`y${i}`]!.data]).toEqual(new Array(6).fill(value(of))));

      const steps = planned.steps.map((step) => step.value);
      const uses = countUses(
        steps,
        planned.results.map((result) => result.value),
      );
      for (const { inputs } of steps) {
        expect(inputs.length).toBeLessThanOrEqual(8);
        for (const input of inputs)
          if (input.kind === "computation" && uses.get(input) === 1)
            expect(input.inputs.length + inputs.length - 1).toBeGreaterThan(8);
      }
    },
    { seed: 31, runs: 2000, least: 50 },
  ));
