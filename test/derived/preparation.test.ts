/** @file Derived from the records: every primitive of weights and constants is done when a model is loaded, and as its reference says. */
import { describe, expect, test } from "vitest";
import { elements, type NdArray } from "../../src/contract/ndarray.ts";
import { binaryFormulas, unaryFormulas } from "../../src/contract/prepare-functions.ts";
import type { Weight } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { PlanBuilder } from "../../src/plan/builder.ts";
import { maxLiterals, unprepared } from "../../src/plan/preparation.ts";
import { preparedArrays } from "../../src/plan/prepared.ts";
import type { Prepared } from "../../src/plan/value.ts";
import { binaryFunctions } from "../../src/primitives/functions/binary.ts";
import { unaryFunctions } from "../../src/primitives/functions/unary.ts";
import type { Primitive, PrimitiveCase } from "../../src/primitives/primitive.ts";
import { primitives } from "../../src/primitives/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";

const sizes = new Sizes();
const numberOf = (size: Size): number => Number(sizes.constant(size));

/** A weight is f32; other dtypes are constants. */
function operand(builder: PlanBuilder, array: NdArray, path: string, asWeight: boolean): Prepared {
  if (array.dtype !== "f32" || !asWeight) return builder.constant(array);
  const type = tensorType(
    "f32",
    array.shape.map((size, i) => [`a${i}`, sizes.int(size)]),
  );
  const one = sizes.int(1);
  const weight: Weight = {
    kind: "weight",
    id: 0,
    path,
    type,
    groups: [[...type.axes.keys()]],
    init: { kind: "constant", value: 0 },
    fan: { in: one, out: one },
  };
  return builder.weight(weight);
}

/** What is wrong about a case, or undefined. */
function wrong(primitive: Primitive, it: PrimitiveCase<unknown>, seed: number, asWeights: boolean): string | undefined {
  const random = seeded(seed);
  const source = { ...(it.range && { range: it.range }), ...(it.values && { values: it.values }) };
  const arrays = it.shapes.map((shape, i) => randomArray(random, it.dtypes?.[i] ?? "f32", shape, source));
  const builder = new PlanBuilder(sizes);
  const operands = arrays.map((array, i) => operand(builder, array, String(i), asWeights));
  const value = builder.emit(primitive, operands, it.attributes);
  if (value.kind !== "prepared") return "it is done in a run";
  const isSmall = [...arrays.map(({ data }) => data.length), elements(value.shape.map(numberOf))].every(
    (n) => n <= maxLiterals,
  );
  if (!asWeights && isSmall && value.op.op !== "constant") return "it is no literal";
  const [made] = preparedArrays([value], (path) => arrays[Number(path)]!);
  return difference(made![1], primitive.reference(arrays, it.attributes, numberOf), 1e-12);
}

describe.each(primitives.map((primitive) => [primitive.name, primitive] as const))("%s", (name, primitive) => {
  const failures = (asWeights: boolean) =>
    primitive.cases(sizes).flatMap((it, seed) => {
      const complaint = wrong(primitive, it, seed, asWeights);
      return complaint === undefined ? [] : [`${it.shapes.map((shape) => shape.join("x")).join(" ")}: ${complaint}`];
    });

  if (Object.hasOwn(unprepared, name))
    test("is done in a run, for the reason that is given", () => {
      expect(unprepared[name]).toMatch(/^[a-z].{10,}[^.]$/);
      expect(new Set(failures(true).map((text) => text.slice(text.indexOf(": ") + 2)))).toEqual(
        new Set(["it is done in a run"]),
      );
    });
  else
    test.each([true, false])("is prepared, of weights: %s", (asWeights) => {
      expect(failures(asWeights)).toEqual([]);
    });
});

test("every reason belongs to a primitive", () => {
  const names = new Set(primitives.map(({ name }) => name));
  expect(Object.keys(unprepared).filter((name) => !names.has(name))).toEqual([]);
});

test("the functions of elements are those of the primitives", () => {
  expect(Object.keys(unaryFormulas).sort()).toEqual(Object.keys(unaryFunctions).sort());
  expect(Object.keys(binaryFormulas).sort()).toEqual(Object.keys(binaryFunctions).sort());
});
