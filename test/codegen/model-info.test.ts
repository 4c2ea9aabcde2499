/** @file What model files say of their program: it comes back as it was, and nothing else comes back. */
import { describe, expect, test } from "vitest";
import { parseModelInfo, printModelInfo, type ModelInfo } from "../../src/codegen/model-info.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { seeded } from "../support/arrays.ts";
import { graphOf } from "../support/compare.ts";
import { systems, systemText } from "../support/systems.ts";

const guardOf = (text: string, settings = {}) => graphOf(text, settings).guard;
const infoOf = (guard: ModelInfo["guard"]): ModelInfo => ({
  version: "0.1.0",
  source: "net.fuse",
  hash: "0123abcd",
  model: guard.model,
  guard,
  results: [{ name: "y", dtype: "f32", axes: ["n", "c"] }],
});
const halves = infoOf(
  guardOf(`fuse 1
model Halves(x: [n, h: 2*k, w], y: i32[n, w]) -> (z: [n, h: 2*k, w], v: i32[n, w]) where k >= 2, w == 3 or w == 5 {
  return x, y
}`),
);

const printed: readonly (readonly [string, ModelInfo])[] = [
  ["halves", halves],
  ...systems.map(({ file, settings }) => [file, infoOf(guardOf(systemText(file), settings))] as const),
];

describe("what was printed", () => {
  test.each(printed)("of %s is read as it was", (_, info) => {
    const text = printModelInfo(info);
    expect(parseModelInfo(text)).toEqual(JSON.parse(text));
    expect(printModelInfo(parseModelInfo(text))).toBe(text);
  });

  test("with a letter changed or cut off is one line, or a guard that can be asked", () => {
    const text = printModelInfo(halves);
    const random = seeded(1);
    const given = { x: { dtype: "f32", shape: [1, 4, 5] }, y: { dtype: "i32", shape: [1, 5] } };
    const read = (changed: string) => {
      try {
        checkGuard(parseModelInfo(changed).guard, given);
      } catch (error) {
        expect(error).toMatchObject({ name: "DataError", message: expect.stringMatching(/^[^\n]+$/) as string });
      }
    };
    for (let i = 0; i < text.length; i++) {
      read(text.slice(0, i));
      read(`${text.slice(0, i)}${String.fromCharCode(32 + Math.floor(random() * 95))}${text.slice(i + 1)}`);
      read(text.slice(0, i) + text.slice(i + 1));
    }
  });
});

describe("what Fuse would not print is refused", () => {
  const axes = (size: unknown) => [{ axis: "n", size, declared: "n" }];
  const withInput = (size: unknown) => ({
    ...halves,
    guard: {
      ...halves.guard,
      variables: [],
      requirements: [],
      inputs: [{ name: "x", dtype: "f32", axes: axes(size), at: "" }],
    },
  });

  test.each<readonly [string, unknown, RegExp]>([
    ["no object", 7, /missing/],
    ["no guard", { ...halves, guard: undefined }, /guard/],
    ["a size that nobody solves", withInput("q"), /a size is unknown/],
    ["a size that is a fraction", withInput(0.5), /integer/],
    ["an operation that does not exist", withInput(["^", 1, 2]), /expression/],
    ["an unknown dtype", { ...halves, results: [{ name: "y", dtype: "f64", axes: [] }] }, /dtype/],
    ["two results of one name", { ...halves, results: [halves.results[0], halves.results[0]] }, /two results/],
    ["a name without end", { ...halves, model: "x".repeat(20_000) }, /too long/],
    ["a list without end", { ...halves, results: Array.from({ length: 20_000 }, () => 1) }, /too long/],
    ["a text without end", { ...halves, source: "x".repeat(2_000_000) }, /characters/],
  ])("%s", (_, value, message) => {
    expect(() => parseModelInfo(JSON.stringify(value))).toThrow(message);
  });

  test.each([202, 5000, 100_000])("an expression that is %i deep", (depth) => {
    const nested = `${'["+",'.repeat(depth)}1${",1]".repeat(depth)}`;
    const text = JSON.stringify(withInput("size")).replace('"size":"size"', `"size":${nested}`);
    expect(() => parseModelInfo(text)).toThrow(/expression/);
  });

  test("a key that stands twice", () => {
    expect(() => parseModelInfo(printModelInfo(halves).replace("{", '{"model":"Other",'))).toThrow(/twice/);
  });

  test("keys that are not its own", () => {
    const text = printModelInfo(halves)
      .replace('"guard":{', '"guard":{"more":1,')
      .replace("{", '{"__proto__":{"x":1},');
    expect(parseModelInfo(text)).toEqual(JSON.parse(printModelInfo(halves)));
  });
});
