/** @file Coverage of the derived operator tests: every operator, attribute, choice and dtype, and edge-case shapes. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Guard } from "../../src/contract/guard.ts";
import type { DType } from "../../src/contract/ndarray.ts";
import type { Attribute } from "../../src/ir/attribute.ts";
import { assumed } from "../../src/ir/builder.ts";
import type { Node } from "../../src/ir/graph.ts";
import { Complaint } from "../../src/ir/obligation.ts";
import { OperatorContext, type Operator } from "../../src/ir/operator.ts";
import { tensorType } from "../../src/ir/type.ts";
import { families } from "../../src/ops/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import type { Sizes } from "../../src/sizes/sizes.ts";
import { seeded } from "../support/arrays.ts";
import { attributeSets, attributeTables } from "../support/attribute-sets.ts";
import { graphOfSet, nodesOf, records, setsOf } from "../support/operator-cases.ts";
import { manyShapes } from "../support/shapes.ts";

/**
 * Returns every application of an operator in its own examples and sets, with the code and the sizes of its attributes.
 */
function applications(op: Operator): readonly { readonly node: Node; readonly code: string; readonly sizes: Sizes }[] {
  return setsOf(op).flatMap((set) => {
    const graph = graphOfSet(set);
    const nodes = nodesOf(graph).filter((node) => node.op === op);
    return nodes.map((node) => ({ node, code: set.code, sizes: graph.builder.sizes }));
  });
}

/** Returns a given or declared value as text. Sizes are numbers there, and one may stand for several. */
function textOf(value: unknown, kind: Attribute["kind"], sizes: Sizes): string {
  const isSize = (item: unknown): item is Size => typeof item === "object" && item !== null && "terms" in item;
  const text = (item: unknown): string => {
    if (isSize(item)) return sizes.print(item);
    if (item instanceof Map) return text([...item]);
    return Array.isArray(item) ? `[${item.map(text).join()}]` : String(item);
  };
  if (kind === "sizes" && typeof value === "number") return text([value]);
  if (kind === "padding" && typeof value === "number") return text([[value, value]]);
  return text(value);
}

/** Whether the attribute differs from its default. */
function isSet({ kind, default: otherwise }: Attribute, value: unknown, sizes: Sizes): boolean {
  if (value === undefined) return false;
  if (value instanceof Map) return value.size > 0;
  if (kind === "maps") return Array.isArray(value) && value.length > 0;
  return otherwise === undefined || textOf(value, kind, sizes) !== textOf(otherwise, kind, sizes);
}

/** Returns all values that an attribute may have, if they are few. */
function allOf({ kind, choices }: Attribute): readonly string[] {
  if (kind === "bool") return ["true", "false"];
  if (kind === "padding") return ["same", "same_tf"];
  return kind === "dtype" ? dtypes : choices;
}

const dtypes: readonly DType[] = ["f32", "i32", "bool"];
const dtypesOf = (inputs: readonly { readonly dtype: DType }[]) =>
  [...new Set(inputs.map(({ dtype }) => dtype))].join();

/** Returns the dtypes that an operator accepts in place of its inputs' own. */
function dtypesTaken({ op, inputs, attributes }: Node, sizes: Sizes): readonly string[] {
  const complaining = {
    ...assumed,
    report: () => {
      throw new Complaint();
    },
  };
  return dtypes.flatMap((from) =>
    dtypes.flatMap((to) => {
      const types = inputs.map(({ type }) => tensorType(type.dtype === from ? to : type.dtype, type.axes));
      try {
        op.type(new OperatorContext(op.name, sizes, types, attributes, complaining));
        return [dtypesOf(types)];
      } catch (error) {
        if (error instanceof Complaint) return [];
        throw error;
      }
    }),
  );
}

describe.each([...records])("the tests of %s", (name, op) => {
  let found: ReturnType<typeof applications> | undefined;
  const all = () => (found ??= applications(op));

  test("have at least two sets besides the examples", () => {
    const sets = attributeSets(op);
    expect(sets.length).toBeGreaterThan(1);
    for (const set of sets) expect(nodesOf(graphOfSet(set)).map((node) => node.op)).toContain(op);
  });

  test("reach six axes", () => {
    const ranks = all().flatMap(({ node }) => [...node.inputs, node].map(({ type }) => type.axes.size));
    // `iota` has one axis and no inputs.
    expect(Math.max(...ranks)).toBeGreaterThanOrEqual(name === "iota" ? 1 : 6);
  });

  test("set every attribute, to every choice", () => {
    const made = all();
    for (const [attribute, declared] of Object.entries(op.attributes)) {
      const values = made.map(({ node }) => node.attributes[attribute]);
      // An attribute that `resolve` reads is set in the text but no longer in the node.
      const isRead = (code: string) => op.resolve !== undefined && code.includes(`${attribute}:`);
      expect(
        made.some(({ code, sizes }, i) => isSet(declared, values[i], sizes) || isRead(code)),
        attribute,
      ).toBe(true);
      const texts = made.map(({ sizes }, i) => textOf(values[i], declared.kind, sizes));
      // The amount that a transposed convolution crops has no such names.
      if (name !== "conv_transpose") expect(texts, attribute).toEqual(expect.arrayContaining([...allOf(declared)]));
    }
  });

  test("have inputs of every dtype it accepts", () => {
    const made = all();
    const taken = new Set(made.flatMap(({ node, sizes }) => dtypesTaken(node, sizes)));
    expect([...new Set(made.map(({ node }) => dtypesOf(node.inputs.map(({ type }) => type))))].sort()).toEqual(
      [...taken].sort(),
    );
  });
});

test("every handwritten set belongs to an operator, and is in one table", () => {
  const names = attributeTables.flatMap((table) => Object.keys(table));
  expect(names.filter((name) => !records.has(name))).toEqual([]);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test.each(Object.keys(families))("the family %s is run by one file", (family) => {
  const files = readdirSync("test/derived").map((file) => readFileSync(`test/derived/${file}`, "utf8"));
  const run = files.flatMap((text) => /^describeOperators\((.*)\);$/m.exec(text)?.[1] ?? []);
  expect(run.filter((list) => list.includes(`"${family}"`))).toHaveLength(1);
});

describe("many shapes", () => {
  const guard = (axes: readonly string[], factor = 1): Guard => ({
    model: "M",
    inputs: [
      {
        name: "x",
        dtype: "f32",
        axes: axes.map((axis) => ({ axis, size: factor === 1 ? axis : ["*", factor, axis], declared: axis })),
        at: "net.fuse:1",
      },
    ],
    variables: axes.map((axis) => ({ name: axis, input: "x", axis, factor, offset: 0 })),
    requirements: [],
  });
  const shapesOf = (guard: Guard) => manyShapes(guard, seeded(1), 50).map(({ x }) => x!);

  test.each([1, 2, 4, 6])("of %i axes are fifty different ones, with the edges", (rank) => {
    const shapes = shapesOf(guard("nchwdu".slice(0, rank).split("")));
    expect(new Set(shapes.map(String)).size).toBe(50);
    expect(shapes).toContainEqual(Array.from({ length: rank }, () => 1));
    expect(shapes.some((shape) => shape[0] === 3)).toBe(true);
    expect(shapes.some((shape) => shape.every((size) => size % 2 === 1 && size > 1))).toBe(true);
    for (let i = 0; i < rank; i++) {
      if (rank > 1) expect(shapes.some((shape) => shape.every((size, j) => (size === 1) === (i === j)))).toBe(true);
      expect(shapes.some((shape) => shape[i]! > 7)).toBe(true);
    }
  });

  test("are those that the guard accepts", () => {
    for (const shape of shapesOf(guard(["h", "w"], 3))) expect(shape.map((size) => size % 3)).toEqual([0, 0]);
  });

  test("are fewer if fewer are acceptable, and none is an error", () => {
    const one = guard(["n"]);
    const fixed = {
      ...one,
      requirements: [{ op: "==", a: "n", b: 5, text: "n == 5", at: "net.fuse:2" }],
    } as const;
    expect(new Set(shapesOf(fixed).map(String))).toEqual(new Set(["5"]));
    const never = { ...fixed, requirements: [{ ...fixed.requirements[0], b: 0 }] };
    expect(() => shapesOf(never)).toThrow("no admissible sizes for M");
  });
});
