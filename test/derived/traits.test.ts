/** @file What every record claims about itself, in its trait and its matrix, on all its examples and attribute sets. */
import { describe, expect, test } from "vitest";
import { checkGuard } from "../../src/contract/guard.ts";
import { elements } from "../../src/contract/ndarray.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import type { Matrix, Trait } from "../../src/ir/trait.ts";
import { conv } from "../../src/ops/conv.ts";
import { seeded } from "../support/arrays.ts";
import type { AttributeSet } from "../support/attribute-sets.ts";
import { graphOfSet, nodesOf, records, setsOf } from "../support/operator-cases.ts";
import { OperatorTest } from "../support/operators.ts";
import { randomShapes, type Shapes } from "../support/shapes.ts";
import { byTier } from "../support/tier.ts";
import { wrongMatrix } from "../support/matrices.ts";
import { concreteNode, subjectOf, type Subject } from "../support/subject.ts";
import { wrongClaims } from "../support/traits.ts";

/** Operators that claim nothing, and why. */
const silent: Readonly<Record<string, string>> = {
  concat: "it joins what others act on; the optimizer has rules of its own for it",
  stack: "it joins, like concat",
  cast: "it changes the dtype, and no operator is worth moving across it",
  iota: "it has no input",
};

/** The number of sizes at which claims are tested. */
const runs = byTier({ quick: 1, full: 4 });

/** Of the sets besides the examples, every so many are tested. */
const every = byTier({ quick: 3, full: 1 });

/** Returns the operator in a set at some sizes: few of them 1, and few elements, which keeps runs short. */
function subjectsOf(name: string, set: AttributeSet): readonly Subject[] {
  const graph = graphOfSet(set);
  const ones = (shapes: Shapes) =>
    Object.values(shapes)
      .flat()
      .filter((size) => size === 1).length;
  const count = (shapes: Shapes) => Object.values(shapes).reduce((sum, shape) => sum + elements(shape), 0);
  const shapes = randomShapes(graph.guard, seeded(7), 12, 4).toSorted(
    (a, b) => ones(a) - ones(b) || count(a) - count(b),
  );
  const nodes = nodesOf(graph).filter(({ op }) => op.name === name);
  return shapes.slice(0, runs).flatMap((shapes, i) => {
    const given = graph.guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }] as const);
    const admission = checkGuard(graph.guard, Object.fromEntries(given));
    if ("problems" in admission) throw new Error(admission.problems.join());
    return nodes.map((node) => subjectOf(graph.builder, node, admission.sizes, i + 1));
  });
}

/** Returns the traits of a symbolic node and of the same one at numbers, where they differ. */
function traitsOf(subject: Subject, input: number): readonly Trait[] {
  const { builder, node } = subject;
  const traits = [node, concreteNode(subject)].flatMap((each) => builder.trait(each, input) ?? []);
  return [...new Map(traits.map((trait) => [JSON.stringify(trait), trait])).values()];
}

test("every operator says how it acts, or is listed", () => {
  const without = [...records.values()].filter((op) => op.trait === undefined).map(({ name }) => name);
  expect(without.sort()).toEqual(Object.keys(silent).sort());
});

describe.each([...records].filter(([, op]) => op.trait !== undefined))("the trait of %s", (name, op) => {
  const sets = setsOf(op).filter((_, i) => i < op.examples.length || i % every === 0);

  test.each(sets.map((set) => [`${set.code} of ${set.inputs}`, set] as const))("holds for %s", (_, set) => {
    for (const subject of subjectsOf(name, set))
      for (const input of subject.inputs.keys()) {
        const traits = traitsOf(subject, input);
        expect(traits.length, "it says something about each input").toBeGreaterThan(0);
        for (const trait of traits)
          expect(wrongClaims(subject, input, trait), `input ${input}: ${JSON.stringify(trait)}`).toEqual([]);
        expect(wrongMatrix(subject, input) ?? [], `the matrix for input ${input}`).toEqual([]);
      }
  });
});

/** Returns the operator that a call is of. */
const nameIn = (code: string): string => code.slice(0, code.indexOf("("));

/** Wrong claims, each about one input of a right operator. */
const planted: readonly (readonly [code: string, inputs: string, claim: Trait, found: RegExp])[] = [
  ["relu(x)", "x: [n, c]", { from: [], to: [], is: "linear" }, /^linear/],
  ["relu(x)", "x: [n, c]", { from: [], to: [], is: "affine" }, /^affine/],
  ["neg(x)", "x: i32[n, c]", { from: [], to: [], is: "linear" }, /^linear: only f32/],
  ["abs(x)", "x: [n, c]", { from: [], to: [], is: "any", rising: true }, /^rising/],
  ["sub(x, a)", "x: [n, c], a: [n, c]", { from: [], to: [], is: "affine" }, /^permuting/],
  ["add(x, a)", "x: [n, c], a: [c]", { from: [], to: [], along: ["c"], is: "linear" }, /^linear/],
  ["add(x, a)", "x: [n, c], a: [c]", { from: [], to: [], along: ["n", "c"], is: "affine" }, /^nothing varies along n/],
  ["conv(x, c: 8)", "x: [n, c: 4, h, w]", { from: ["c"], to: ["c"], is: "linear" }, /^linear/],
  ["conv(x, c: 8)", "x: [n, c: 4, h, w]", { from: ["c"], to: ["c"], is: "affine", unit: true }, /^unit/],
  ["conv(x, c: 8, kernel: [3, 1])", "x: [n, c: 4, h, w]", { from: ["c"], to: ["c"], is: "affine" }, /^elements of h/],
  ["conv(x, c: 4, kernel: 1, groups: 4)", "x: [n, c: 4, h, w]", { from: [], to: [], is: "affine" }, /^permuting c/],
  [
    "conv_transpose(x, c: 3, kernel: 2, stride: 2, bias: false)",
    "x: [n, c: 4, h, w]",
    { from: ["c", "h", "w"], to: ["c", "h", "w"], is: "linear", unit: true },
    /^unit/,
  ],
  [
    "avgpool(x, kernel: 3, stride: 1, pad: 1)",
    "x: [n, c, h, w]",
    { from: ["h", "w"], to: ["h", "w"], is: "linear", unit: true },
    /^unit/,
  ],
  ["sum(x, axis: h)", "x: [n, h, w: 3]", { from: ["h"], to: [], is: "linear", unit: true }, /^unit/],
  ["softmax(x, axis: c)", "x: [n, c]", { from: [], to: [], is: "any" }, /^elements of c apart/],
  ["batchnorm(x)", "x: [n, c: 4, h]", { from: [], to: [], is: "affine" }, /^permuting c/],
  ["layernorm(x, axis: d)", "x: [n, d: 4]", { from: [], to: [], along: ["d"], is: "any" }, /^elements of d apart/],
  ["softmax(x, axis: c)", "x: [n, c]", { from: ["c"], to: ["c"], is: "gather" }, /^gather/],
  [
    "resize(x, h: 5, w: 7, mode: bilinear)",
    "x: [n, c, h, w]",
    { from: ["h", "w"], to: ["h", "w"], is: "gather" },
    /^gather/,
  ],
  ["resize(x, h: 5, w: 7)", "x: [n, c, h, w]", { from: ["h"], to: ["h"], is: "gather" }, /^w has another size/],
  ["maxpool(x, kernel: 2)", "x: [n, h: 4, w: 4]", { from: ["h", "w"], to: ["h", "w"], is: "gather" }, /^gather/],
  ["mean(x, axis: h)", "x: [n, h: 4]", { from: ["h"], to: [], is: "largest" }, /^largest/],
  ["sort(x, axis: t)", "x: [n, t: 5]", { from: ["t"], to: ["t"], is: "largest" }, /^largest: neither/],
  ["pad(x, t: 1)", "x: [n, t]", { from: ["t"], to: ["t"], is: "gather" }, /^(gather|unit)/],
  ["cumsum(x, axis: t)", "x: [n, t: 4]", { from: ["t"], to: ["t"], is: "linear", unit: true }, /^unit/],
  ["flip(x, axis: t)", "x: [n, t: 4]", { from: ["t"], to: ["t"], is: "gather", view: true }, /^view/],
  ["reshape(x, [h, w] -> t)", "x: [n, h: 2, w: 3]", { from: ["w", "h"], to: ["t"], is: "gather", view: true }, /^view/],
  ["expand(x, h: 3)", "x: [n]", { from: [], to: [], is: "gather" }, /^the result has/],
  ["argmax(x, axis: c)", "x: [n, c]", { from: ["c"], to: ["c"], is: "any" }, /^the result has/],
  ["maximum(x, a)", "x: [n, c], a: [c]", { from: [], to: [], along: ["c"], is: "linear" }, /^linear/],
  ["cast(x, i32)", "x: [n, c]", { from: ["c"], to: ["c"], is: "largest", rising: true }, /^what rises/],
];

test.each(planted)("%s of %s does not act as %o", (code, inputs, claim, found) => {
  const [subject] = subjectsOf(nameIn(code), { code, inputs });
  expect(wrongClaims(subject!, 0, claim)).toContainEqual(expect.stringMatching(found));
});

test("a record that forgets the axes that it works on by default is found wrong", () => {
  const [subject] = subjectsOf("maxpool", { code: "maxpool(x, kernel: 2)", inputs: "x: [n, h: 4, w: 4]" });
  const { node, attributes, builder } = subject!;
  const forgetful = { ...node.op };
  delete forgetful.resolve;
  const planted = { ...subject!, node: { ...node, op: forgetful }, attributes: { ...attributes, axis: undefined } };
  expect(wrongClaims(planted, 0, builder.trait(node, 0)!)).toContainEqual(expect.stringMatching(/^with d/));
});

/** Mistakes in matrices. */
const mistakes: readonly (readonly [
  name: string,
  code: string,
  inputs: string,
  change: (matrix: Matrix<Value>) => Matrix<Value>,
  found: RegExp,
])[] = [
  ["no bias", "conv(x, c: 8)", "x: [n, c: 4, h, w]", (matrix) => ({ ...matrix, bias: undefined }), /^as a product/],
  ["no scale", "batchnorm(x)", "x: [n, c: 4, h, w]", (matrix) => ({ ...matrix, weight: undefined }), /^as a product/],
  [
    "other axes",
    "mul(x, a)",
    "x: [n, c], a: [c]",
    (matrix) => ({ ...matrix, from: ["n"], to: ["n"] }),
    /^it acts on other/,
  ],
  [
    "a bias that gets lost",
    "linear(x, c: 8)",
    "x: [n, c: 4]",
    (matrix) => ({ ...matrix, with: (input, weight) => matrix.with!(input, weight, undefined) }),
    /^applied again/,
  ],
  [
    "a refusal of its own tensors",
    "linear(x, c: 4)",
    "x: [n, c: 4]",
    (matrix) => ({ ...matrix, with: () => undefined }),
    /^it cannot be applied again/,
  ],
];

test.each(mistakes)("a matrix with %s is found wrong: %s", (_, code, inputs, change, found) => {
  const [subject] = subjectsOf(nameIn(code), { code, inputs });
  expect(wrongMatrix(subject!, 0, change)).toContainEqual(expect.stringMatching(found));
});

test("a convolution stays one as long as there is an axis to slide along", () => {
  const it = new OperatorTest();
  const node = it.apply(conv, [it.input("[n, c: 4, h, w]")], { c: 8 })!;
  const matrix = it.builder.matrix(node, 0)!;
  const again = (type: string) => matrix.with!(it.input(type), matrix.weight!, matrix.bias) as Node | undefined;
  expect(again("[n, c: 4, w]")?.op).toBe(conv);
  expect(again("[c: 4, t, d, h, w]")?.attributes["axis"]).toEqual(["h", "w"]);
  expect(again("[n, c: 4]")).toBe(undefined);
  expect(again("[n, c: 4, t]")).toBe(undefined);
  const along = it.apply(conv, [it.input("[n, c: 4, t]")], { c: 8, axis: "t" })!;
  const other = it.builder.matrix(along, 0)!;
  expect((other.with!(it.input("[c: 4, t, u]"), other.weight!, undefined) as Node).op).toBe(conv);
  expect(other.with!(it.input("[c: 4, w]"), other.weight!, undefined)).toBe(undefined);
});

test.each([
  ["conv(x, c: 8, kernel: 3)", "x: [n, c: 4, h, w]"],
  ["conv(x, c: 8, stride: 2)", "x: [n, c: 4, h, w]"],
  ["conv(x, c: 8, pad: 1)", "x: [n, c: 4, h, w]"],
  ["conv(x, c: 8, groups: 2)", "x: [n, c: 4, h, w]"],
  ["mul(x, a)", "x: [c], a: [n, c]"],
  ["mul(x, a)", "x: i32[n, c], a: i32[c]"],
  ["instancenorm(x)", "x: [n, c, h, w]"],
])("there is no matrix where %s of %s is none", (code, inputs) => {
  const [subject] = subjectsOf(nameIn(code), { code, inputs });
  expect(wrongMatrix(subject!, 0)).toBe(undefined);
});
