/** @file The types, obligations, weights and MACs of operators over symbolic sizes. */
import { describe, expect, test } from "vitest";
import { assumed } from "../../src/ir/builder.ts";
import type { Node } from "../../src/ir/graph.ts";
import { OperatorContext } from "../../src/ir/operator.ts";
import { printType, type TensorType } from "../../src/ir/type.ts";
import { operators } from "../../src/ops/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import { OperatorTest, ownWeights } from "../support/operators.ts";
import { typeRows, type TypeRow } from "./type-rows.ts";

const list = <T>(value: T | readonly T[]) => [value].flat() as T[];
const title = ([op, inputs, , more]: TypeRow) =>
  `${op}(${list(inputs).join(", ")}) ${JSON.stringify(more?.attributes ?? {})}`;

/** Applies the row's operator to symbols or to numbers. */
function applied([op, inputs, , more]: TypeRow, known: Readonly<Record<string, number>> = {}) {
  const context = new OperatorTest(known);
  const node = context.apply(
    operators[op]!,
    list(inputs).map((type) => context.input(type)),
    more?.attributes,
  );
  return { context, node };
}

function weightsOf({ sizes }: OperatorTest, node: Node): Record<string, string> {
  const group = (type: TensorType, axes: readonly string[]) => {
    const sized = new Map(axes.map((axis) => [axis, type.axes.get(axis)!]));
    return printType(sizes, { dtype: "f32", axes: sized });
  };
  return Object.fromEntries(
    Object.entries(ownWeights(node)).map(([name, { type, groups }]) => [
      name,
      groups.map((axes) => group(type, axes)).join(" "),
    ]),
  );
}

describe("symbolic types", () => {
  test.each(typeRows.map((row) => [title(row), row] as const))("%s", (_, row) => {
    const { context, node } = applied(row);
    const { asks = [], weights, macs } = row[3] ?? {};
    expect(node?.types.map((type) => printType(context.sizes, type))).toEqual(list(row[2]));
    expect(context.asked).toEqual(asks);
    if (weights !== undefined || node!.op.weights === undefined)
      expect(weightsOf(context, node!)).toEqual(weights ?? {});
    if (macs !== undefined) {
      const c = new OperatorContext(
        row[0],
        context.sizes,
        node!.inputs.map(({ type }) => type),
        node!.attributes,
        assumed,
      );
      expect(context.sizes.print(node!.op.macs!(c as never))).toBe(macs);
    }
  });
});

/** Values for the variables of a row. Some do not satisfy its obligations. */
const assignments = [
  [1, 1, 1, 1, 1, 1],
  [2, 3, 5, 7, 4, 6],
  [12, 24, 12, 24, 2, 3],
  [24, 12, 7, 9, 6, 12],
  [3, 12, 24, 6, 2, 5],
  [1, 8, 16, 9, 4, 2],
];

test("types with numbers in place of symbols are the symbolic types at these numbers", () => {
  let compared = 0;
  for (const row of typeRows) {
    const { context: symbolic, node: general } = applied(row);
    const isRefuted = symbolic.asked.some((text) => /^\d+ (>=|\|) \d+$/.test(text));
    if (isRefuted) continue;
    const names = [...symbolic.variables.keys()];
    for (const values of assignments) {
      const known = Object.fromEntries(names.map((name, i) => [name, values[i % values.length]!]));
      const { context, node } = applied(row, known);
      if (node === undefined || context.asked.length > 0) continue;
      const value = (size: Size) => symbolic.sizes.evaluate(size, ({ name }) => BigInt(known[name]!));
      const expected = general!.types.map(({ axes }) => [...axes].map(([axis, size]) => [axis, value(size)]));
      const found = node.types.map(({ axes }) => [...axes].map(([axis, size]) => [axis, context.sizes.constant(size)]));
      expect(found, title(row)).toEqual(expected);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(3 * typeRows.length);
});

test("composites expand to values of their own type", () => {
  for (const row of typeRows) {
    const { context, node } = applied(row);
    if (node?.op.expand === undefined) continue;
    const { dtype, axes } = context.builder.expansion(node).type;
    const sorted = (type: TensorType) => [...type.axes].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(dtype).toBe(node.type.dtype);
    expect(sorted({ dtype, axes }), title(row)).toEqual(sorted(node.type));
  }
});
