/** @file Names that every JavaScript object has are names like any other: of inputs, results, weights, settings and values. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";

const names = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^[a-z_]/.test(name));

const vector = (...data: readonly number[]): NdArray => ({
  dtype: "f32",
  shape: [data.length],
  data: Float32Array.from(data),
});

/** Every name is an input and a weight of a block; the results have the names in the opposite order. */
const allOfThem = graphOf(`fuse 1
block Scaled(x: [n]) -> [n] {
${names.map((name) => `  weight ${name}: [] = ones`).join("\n")}
  return x * (${names.join(" + ")})
}
model M(${names.map((name) => `${name}: [n]`).join(", ")}) -> (${names
  .toReversed()
  .map((name) => `${name}: [n]`)
  .join(", ")}) {
  return ${names.map((name) => `Scaled(${name}) @${name}`).join(", ")}
}
`);

/** Every name is a result and a value, of one input. */
const results = graphOf(`fuse 1
model M(x: [n]) -> (${names.map((name) => `${name}: [n]`).join(", ")}) {
${names.map((name, i) => `  ${name} = relu(x) + ${i}`).join("\n")}
  return ${names.join(", ")}
}
`);

const settings = graphOf(
  `fuse 1
model M(x: [n], ${names.map((name) => `${name}: int = 1`).join(", ")}) -> (y: [n]) {
  return x * (${names.join(" + ")})
}
`,
  Object.fromEntries(names.map((name, i) => [name, String(i + 1)])),
);

const inputs = Object.fromEntries(names.map((name, i) => [name, vector(i, 2 * i)]));
const weights = Object.fromEntries(
  names.flatMap((label) => names.map((name): [string, NdArray] => [`${label}.${name}`, { ...vector(1), shape: [] }])),
);
const count = names.length;

/** What is wrong about the results of an engine. */
async function expectNames(run: (...of: Parameters<typeof interpret>) => Promise<Readonly<Record<string, NdArray>>>) {
  const all = Object.entries(await run(allOfThem, inputs, weights)).map(([name, { data }]) => [name, [...data]]);
  expect(all).toEqual(names.toReversed().map((name, i) => [name, [count * i, 2 * count * i]]));
  const some = Object.entries(await run(results, { x: vector(1) })).map(([name, { data }]) => [name, [...data]]);
  expect(some).toEqual(names.map((name, i) => [name, [1 + i]]));
  const set = await run(settings, { x: vector(1) });
  expect([...set["y"]!.data]).toEqual([(count * (count + 1)) / 2]);
}

test("in the interpreter", () => expectNames((...of) => Promise.resolve(interpret(...of))));

describe.each(testedEngines)("$name", (engine) => {
  test.skipIf(engine.skipped)("gives each result its own", () => expectNames((...of) => runOn(engine, ...of)));
});
