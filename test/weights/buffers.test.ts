/** @file Weights of integers and bools: PyTorch's buffers load exactly or not at all, and give PyTorch's results on every engine. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ManifestEntry } from "../../src/contract/manifest.ts";
import type { DType, NdArray } from "../../src/contract/ndarray.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import { openSource } from "../../src/runtime/weight-source.ts";
import { initialise } from "../../src/weights/init.ts";
import { matchWeights } from "../../src/weights/match.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { storedTensor, type StoredDType } from "../../src/weights/tensors.ts";
import { difference } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";
import { goldenBytes, goldenTensors } from "../support/systems.ts";

const networks = ["Picked", "WindowAttention"].map((name) => {
  const text = readFileSync(`test/fixtures/buffers/${name}.fuse`, "utf8");
  return { name, text, graph: graphOf(text), golden: `buffers/${name}` };
});

describe.each(networks)("$name", ({ text, graph, golden }) => {
  const load = () => {
    const { tensors } = matchWeights(manifestOf(graph), readSafetensors(goldenBytes(golden)), { prefix: "param" });
    return Object.fromEntries([...tensors].map(([path, read]) => [path, read()]));
  };
  const expectResults = (got: Readonly<Record<string, NdArray>>) => {
    const want = goldenTensors(golden, "out");
    expect(Object.keys(got).toSorted()).toEqual(Object.keys(want).toSorted());
    for (const [name, array] of Object.entries(want)) expect(difference(got[name]!, array, 1e-5), name).toBe(undefined);
  };

  test("has no warnings, and the names of the state_dict", () => {
    expect(programOf(text).check()).toEqual([]);
    expect(Object.keys(load()).toSorted()).toEqual(Object.keys(goldenTensors(golden, "param")).toSorted());
  });

  test("in the interpreter", () => expectResults(interpret(graph, goldenTensors(golden, "in"), load())));

  test.each(testedEngines.filter(({ skipped }) => !skipped))("$name", async (engine) =>
    expectResults(await runOn(engine, graph, goldenTensors(golden, "in"), load())),
  );
});

const entryOf = (dtype: DType, init: ManifestEntry["init"] = { kind: "constant", value: 0 }): ManifestEntry => ({
  path: "w",
  groups: [[["t", 2]], [["s", 2]]],
  dtype,
  init,
  fan: { in: 1, out: 1 },
});

function read(dtype: DType, stored: StoredDType, values: ArrayBufferView): NdArray {
  const bytes = new Uint8Array(values.buffer);
  const source = new Map([["w", storedTensor("w", stored, [2, 2], bytes)]]);
  return matchWeights([entryOf(dtype)], source).tensors.get("w")!();
}

describe("a stored tensor is read exactly", () => {
  test.each<[DType, StoredDType, ArrayBufferView]>([
    ["i32", "I64", BigInt64Array.of(1n, -2147483648n, 2147483647n, 0n)],
    ["i32", "I32", Int32Array.of(1, -2147483648, 2147483647, 0)],
    ["i32", "F32", Float32Array.of(1, -2147483648, 16777216, -0)],
    ["i32", "F64", Float64Array.of(1, -2147483648, 2147483647, 0)],
    ["i32", "I8", Int8Array.of(1, -128, 127, 0)],
    ["i32", "U16", Uint16Array.of(1, 65535, 2, 0)],
    ["bool", "BOOL", Uint8Array.of(1, 0, 1, 0)],
    ["bool", "U8", Uint8Array.of(1, 0, 1, 0)],
    ["bool", "I64", BigInt64Array.of(1n, 0n, 1n, 0n)],
    ["f32", "I64", BigInt64Array.of(1n, 0n, 5n, -3n)],
  ])("%s from %s", (dtype, stored, values) => {
    const array = read(dtype, stored, values);
    expect(array.dtype).toBe(dtype);
    expect([...array.data].map((value) => value + 0)).toEqual(
      [...(values as Int32Array)].map((value) => Number(value) + 0),
    );
  });

  test.each<[DType, StoredDType, ArrayBufferView, string]>([
    [
      "i32",
      "I64",
      BigInt64Array.of(1n, 2n, 3n, 2147483648n),
      'tensor "w" contains 2147483648 at [1, 1], which does not fit in 32 bits',
    ],
    [
      "i32",
      "F32",
      Float32Array.of(1, 0.5, 3, 4),
      'tensor "w" contains 0.5 at [0, 1], which an i32 does not hold: it is a whole number from -2147483648 to 2147483647',
    ],
    ["i32", "F32", Float32Array.of(1, 2, NaN, 4), 'tensor "w" contains NaN at [1, 0], which an i32 does not hold'],
    [
      "i32",
      "F64",
      Float64Array.of(2 ** 31, 2, 3, 4),
      'tensor "w" contains 2147483648 at [0, 0], which an i32 does not hold',
    ],
    [
      "bool",
      "U8",
      Uint8Array.of(0, 255, 1, 1),
      'tensor "w" contains 255 at [0, 1], which a bool does not hold: it is 0 or 1',
    ],
    ["bool", "F32", Float32Array.of(0, 1, -100, 1), 'tensor "w" contains -100 at [1, 0], which a bool does not hold'],
  ])("%s from %s of other values is refused", (dtype, stored, values, message) => {
    expect(() => read(dtype, stored, values)).toThrow(message);
  });
});

test("tensors in JavaScript keep integers beyond float32", async () => {
  const data = [16777217, -16777219, 2147483647, 0];
  for (const given of [data, Int32Array.from(data), Float64Array.from(data)]) {
    const source = await openSource({ w: { shape: [2, 2], data: given } }, () => Promise.reject(new Error("no file")));
    expect([...matchWeights([entryOf("i32")], source).tensors.get("w")!().data]).toEqual(data);
  }
});

test("initial values have the dtype", () => {
  const made = initialise(entryOf("i32", { kind: "constant", value: 16777217 }), 1);
  expect([made.dtype, ...made.data]).toEqual(["i32", 16777217, 16777217, 16777217, 16777217]);
  expect(initialise(entryOf("bool", { kind: "constant", value: 1 }), 1).data).toEqual(Uint8Array.of(1, 1, 1, 1));
});

test("a weight in an inner block, and of a shared layer, keeps its dtype", () => {
  const graph = graphOf(`fuse 1
block Pick(x: [n, d: 4]) -> [n, d: 4] {
  weight index: i32[t: 4] = 3
  return gather(x, index, axis: d) |> rename(t -> d)
}
block Twice(x: [n, d: 4]) -> [n, d: 4] {
  layer pick = Pick
  return x |> pick |> pick
}
model M(x: [n, d: 4]) -> (y: [n, d: 4]) {
  return x |> Twice @a |> Pick @b
}
`);
  expect(manifestOf(graph).map(({ path, dtype, init }) => [path, dtype, init])).toEqual([
    ["a.pick.index", "i32", { kind: "constant", value: 3 }],
    ["b.index", "i32", { kind: "constant", value: 3 }],
  ]);
});
