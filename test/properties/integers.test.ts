/** @file Integers made of constants, positions and weights, which are computed when a model is loaded, are those of an input. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import { difference } from "../support/arrays.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";
import { assertProperty } from "../support/properties.ts";

/** Expressions of `a`, which is i32[c: 4], with the same type. */
const { integer: expression } = fc.letrec<{ integer: string; bool: string }>((tie) => {
  const integer = tie("integer");
  const call = (name: string, ...more: string[]) => integer.map((x) => `${name}(${[x, ...more].join(", ")})`);
  const reduced = (name: string) => integer.map((x) => `expand(${name}(${x}, axis: c), c: 4)`);
  const scanned = fc
    .tuple(fc.constantFrom("cumsum", "cumprod"), integer, fc.boolean(), fc.boolean())
    .map(([name, x, reverse, exclusive]) => `${name}(${x}, axis: c, reverse: ${reverse}, exclusive: ${exclusive})`);
  const pair = (operators: readonly string[], a = integer, b = integer) =>
    fc.tuple(a, fc.constantFrom(...operators), b).map(([a, operator, b]) => `(${a} ${operator} ${b})`);
  return {
    bool: pair(["<", "<=", ">", ">=", "==", "!="]),
    integer: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(
        { weight: 4, arbitrary: fc.constant("a") },
        fc.constantFrom("3", "65536", "2147483647", "-46341").map((number) => `(a - ${number})`),
      ),
      pair(["+", "-", "*", "*", "%"]),
      pair(["*", "+"], integer, fc.constantFrom("65537", "2147483647", "-3")),
      fc.oneof(call("abs"), call("-"), call("square"), call("clamp", "min: -46341", "max: 2147483646")),
      fc.oneof(reduced("sum"), reduced("prod"), reduced("max"), scanned),
      fc.tuple(integer, integer).map(([x, y]) => `maximum(${x}, ${y})`),
      fc.tuple(tie("bool"), integer, integer).map(([bool, x, y]) => `where(${bool}, ${x}, ${y})`),
      fc.tuple(tie("bool"), integer).map(([bool, x]) => `(cast(${bool}, i32) - ${x})`),
      call("flip", "axis: c"),
      integer.map((x) => `gather(${x}, ${x} % 4, axis: c)`),
      integer.map((x) => `cast(cast(cast(${x}, bool), f32) * 3e9, i32)`),
    ),
  };
});

interface Drawn {
  readonly code: string;
  /** The elements are multiples of `step`, with `first` added. */
  readonly step: number;
  readonly first: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  code: expression,
  step: fc.constantFrom(1, -1, 3, 65536, 715827883),
  first: fc.constantFrom(0, 1, -2, 46341, 65536, 2147483647),
});

/** The same expression of an input, and of a constant, positions and weights that have the elements of the input. */
function caseOf({ code, step, first }: Drawn) {
  const data = Int32Array.from({ length: 4 }, (_, i) => Math.imul(i, step) + first);
  const array = (dtype: "f32" | "i32", data: ArrayLike<number>): NdArray => ({
    dtype,
    shape: [4],
    data: Float64Array.from(data),
  });
  const graph = graphOf(`fuse 1
block E(a: i32[c: 4]) -> i32[c: 4] {
  return ${code}
}
model M(x: i32[c: 4]) -> (input: i32[c: 4], constants: i32[c: 4], positions: i32[c: 4], weights: i32[c: 4], stored: i32[c: 4]) {
  const k: i32[c: 4] = [${[...data].map((x) => (x === -(2 ** 31) ? "-2147483647 - 1" : x)).join(", ")}]
  weight high: [c: 4] = zeros
  weight low: [c: 4] = zeros
  weight whole: i32[c: 4] = zeros
  return E(x), E(k), E(iota(c: 4) * ${step} + ${first}), E(cast(high, i32) * 65536 + cast(low, i32)), E(whole)
}
`);
  const weights = {
    high: array(
      "f32",
      data.map((x) => x >> 16),
    ),
    low: array(
      "f32",
      data.map((x) => x & 0xffff),
    ),
    whole: array("i32", data),
  };
  const inputs = { x: array("i32", data) };
  return { graph, inputs, weights, want: interpret(graph, inputs, weights)["input"]! };
}

/** The results on an engine that are not as wanted. */
function wrong(results: Readonly<Record<string, NdArray>>, want: NdArray, without: readonly string[] = []): string[] {
  return Object.entries(results)
    .filter(([name]) => !without.includes(name))
    .flatMap(([name, result]) => {
      const text = difference(result, want, 0);
      return text === undefined ? [] : [`${name}: ${text}`];
    });
}

const amount = { seed: 11, runs: 400, least: 20 };

test("in the interpreter, and in plans", () =>
  assertProperty(
    drawn,
    (it) => {
      const { graph, inputs, weights, want } = caseOf(it);
      expect(wrong(interpret(graph, inputs, weights), want)).toEqual([]);
      const got = evaluatePlan(plan(graph, esmProfile()), inputs, (path) => weights[path as keyof typeof weights]);
      expect(wrong(got, want)).toEqual([]);
    },
    { ...amount, runs: 2000, least: 100 },
  ));

describe.each(testedEngines)("$name", (engine) => {
  // Products on cpu and wasm are rounded before they wrap around, and sums of ONNX Runtime stop at the ends: docs/numbers.md.
  const without = engine.kind === "saved-model" ? [] : ["input"];

  test.skipIf(engine.skipped)("what is computed at load is what the interpreter makes of an input", () =>
    assertProperty(
      drawn,
      async (it) => {
        const { graph, inputs, weights, want } = caseOf(it);
        expect(wrong(await runOn(engine, graph, inputs, weights), want, without)).toEqual([]);
      },
      amount,
    ),
  );
});

test("NaN, infinities and numbers that are too large, cast to i32, are one integer everywhere", async () => {
  const numbers = [NaN, Infinity, -Infinity, 3e9, -3e9, 2147483520, -2147483648, 1.9, -1.9];
  const graph = graphOf(`fuse 1
model M(x: [c]) -> (input: i32[c], weights: i32[k: 9], picked: i32[k: 9]) {
  weight w: [k: 9] = zeros
  i = cast(w, i32)
  return cast(x, i32), i, gather(iota(t: 5), i, axis: t)
}
`);
  const x: NdArray = { dtype: "f32", shape: [9], data: Float32Array.from(numbers) };
  const least = -(2 ** 31);
  const want = [least, least, least, least, least, 2147483520, least, 1, -1];
  const check = (got: Readonly<Record<string, NdArray>>, name: string) => {
    expect([...got["input"]!.data], name).toEqual(want);
    expect([...got["weights"]!.data], name).toEqual(want);
    expect([...got["picked"]!.data], name).toEqual([0, 0, 0, 0, 0, 4, 0, 1, 0]);
  };
  check(interpret(graph, { x }, { w: x }), "interpreter");
  for (const engine of testedEngines.filter(({ skipped }) => !skipped))
    check(await runOn(engine, graph, { x }, { w: x }), engine.name);
});
