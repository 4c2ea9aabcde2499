/** @file What the optimizer relies on, wrong on purpose: the random graphs show every mistake. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Value } from "../../src/ir/graph.ts";
import { laws, type Laws } from "../../src/optimize/laws.ts";
import { Maps } from "../../src/optimize/map.ts";
import { compareResults } from "./algebra/examine.ts";
import { wrongLaws, wrongTraits } from "./algebra/mutations.ts";

/** The most graphs in which a mistake must be found. */
const budget = 300;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Returns how many graphs are right until one shows the mistake. */
function firstFound(relied: Laws, about: readonly string[]): number {
  for (let index = 0; index < budget; index++)
    try {
      compareResults(index + 1, true, { relied, about });
    } catch {
      return index;
    }
  return budget;
}

describe("a wrong law is found", () => {
  test.each(Object.entries(wrongLaws))("%s", (_, { about = [], ...wrong }) => {
    expect(firstFound({ ...laws, ...wrong }, about)).toBeLessThan(budget);
  });
});

describe("a wrong trait is found", () => {
  test.each(Object.entries(wrongTraits))("%s", (_, { op, claim, about }) => {
    const own = op.trait!.bind(op);
    vi.spyOn(op, "trait").mockImplementation((context, input) => {
      const trait = own(context, input);
      return trait && claim(trait);
    });
    expect(firstFound(laws, about)).toBeLessThan(budget);
  });
});

test("that maps with other attributes are collected is found", () => {
  const known: Value[] = [];
  const own = Object.create(null, Object.getOwnPropertyDescriptors(Maps.prototype)) as Maps;
  vi.spyOn(Maps.prototype, "of").mockImplementation(function (this: Maps, value) {
    known.push(value);
    return own.of.call(this, value);
  });
  vi.spyOn(Maps.prototype, "on").mockImplementation(function (this: Maps, map, x) {
    const made = own.on.call(this, map, x);
    const isOther = (value: Value) =>
      value !== made &&
      value.kind === "node" &&
      map.kind === "operator" &&
      value.op === map.node.op &&
      value.inputs[map.input] === x;
    return known.find((value) => isOther(value) && made !== undefined && isSame(value, made)) ?? made;
  });
  expect(firstFound(laws, ["resize"])).toBeLessThan(budget);
});

/** Whether two values have the same axes and sizes. */
const isSame = (a: Value, b: Value) =>
  a.type.axes.size === b.type.axes.size && [...a.type.axes].every(([axis, size]) => b.type.axes.get(axis) === size);
