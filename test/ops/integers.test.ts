/** @file Arithmetic of i32 at its ends: every engine wraps around, and no divisor ends the process. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { difference } from "../support/arrays.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";

const ends = [0, 1, -1, 2, -2, 3, -7, 46341, 65536, 2147483646, 2147483647, -2147483647, -2147483648];
const pairs = ends.flatMap((a) => ends.map((b) => [a, b] as const));

/** Wraps around, like the integers of C in two's complement. */
const wrap = (x: bigint): number => Number(BigInt.asIntN(32, x));

/** The remainder with the sign of the divisor. */
function remainder(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

const functions: readonly (readonly [string, (a: bigint, b: bigint) => bigint])[] = [
  ["a + b", (a, b) => a + b],
  ["a - b", (a, b) => a - b],
  ["a % b", remainder],
  ["a % 3", (a) => remainder(a, 3n)],
  ["a % -2", (a) => remainder(a, -2n)],
  ["maximum(a, b)", (a, b) => (a > b ? a : b)],
  ["minimum(a, b)", (a, b) => (a < b ? a : b)],
  ["-a", (a) => -a],
  ["abs(a)", (a) => (a < 0n ? -a : a)],
  ["clamp(a, min: -5, max: 2147483646)", (a) => (a < -5n ? -5n : a > 2147483646n ? 2147483646n : a)],
];

/** On cpu, a product is a float64 number first, which is exact up to 2^53. */
const products: readonly (readonly [string, (a: bigint, b: bigint) => bigint])[] = [
  ["a * b", (a, b) => a * b],
  ["square(a)", (a) => a * a],
];

const of = (values: readonly number[]): NdArray => ({
  dtype: "i32",
  shape: [1, values.length],
  data: Float64Array.from(values),
});
const inputs = { a: of(pairs.map(([a]) => a)), b: of(pairs.map(([, b]) => b)) };

/** The choice makes a result of both operands, whatever the code uses. */
const modelOf = (code: string) =>
  graphOf(`fuse 1\nmodel M(a: i32[n, c], b: i32[n, c]) -> (y: i32[n, c]) {\n  return where(b < b, b, ${code})\n}\n`);

const wanted = (formula: (a: bigint, b: bigint) => bigint): NdArray =>
  of(pairs.map(([a, b]) => wrap(formula(BigInt(a), BigInt(b)))));

test.each([...functions, ...products])("%s in the interpreter", (code, formula) => {
  expect(difference(interpret(modelOf(code), inputs)["y"]!, wanted(formula), 0)).toBeUndefined();
});

describe.each(testedEngines)("$name", (engine) => {
  const exact = engine.backend === "cpu" ? functions : [...functions, ...products];

  test.skipIf(engine.skipped).each(exact)("%s", async (code, formula) => {
    const got = await runOn(engine, modelOf(code), inputs);
    expect(difference(got["y"]!, wanted(formula), 0)).toBeUndefined();
  });
});
