/** @file Matching a file's tensors with a model's weights, the reported problems, and initial values. */
import { describe, expect, test } from "vitest";
import type { Initializer } from "../../src/contract/manifest.ts";
import type { ManifestEntry } from "../../src/contract/manifest.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { initialise } from "../../src/weights/init.ts";
import { areComplete, fits, matchWeights, type MatchOptions } from "../../src/weights/match.ts";
import { forgottenTensors, formatProblems } from "../../src/weights/problems.ts";
import type { TensorSource } from "../../src/weights/tensors.ts";

const constant: Initializer = { kind: "constant", value: 0 };
function entry(path: string, groups: number[][], init = constant, fan = { in: 1, out: 1 }): ManifestEntry {
  return { path, groups: groups.map((sizes) => sizes.map((size, i) => [`a${i}`, size] as const)), init, fan };
}
function source(shapes: Readonly<Record<string, number[]>>): TensorSource {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
      const read = (): NdArray => ({ dtype: "f32", shape, data });
      return [name, { name, dtype: "F32", shape, read }];
    }),
  );
}

describe("a stored tensor fits if it merges axes of a group, or has or lacks axes of size 1", () => {
  test.each<[number[][], number[], boolean]>([
    [[[64], [3, 7, 7]], [64, 3, 7, 7], true],
    [[[64], [3, 7, 7]], [64, 147], true],
    [[[64], [3, 7, 7]], [64, 21, 7], true],
    [[[64], [3, 7, 7]], [192, 7, 7], false],
    [[[64], [3, 7, 7]], [64, 7, 3, 7], false],
    [[[8, 4], [32]], [32, 32], true],
    [[[8, 4], [32]], [4, 8, 32], false],
    [[[8, 4], [32]], [8, 128], false],
    [[[10], [5]], [10, 5, 1, 1], true],
    [[[10], [5], [1], [1]], [10, 5], true],
    [[[10], [5]], [1, 10, 1, 5], true],
    [[[2, 1, 3]], [6], true],
    [[[1]], [], true],
    [[], [1, 1], true],
    [[[1]], [2], false],
    [[[6]], [2, 3], false],
    [[[6]], [], false],
    [[[6]], [6, 2], false],
    [[[6]], [0], false],
    [[[2], [3]], [6], false],
  ])("%j holds %j: %s", (groups, stored, expected) => {
    expect(fits(entry("w", groups), stored)).toBe(expected);
  });
});

describe("matching", () => {
  const manifest = [entry("conv.weight", [[4], [3, 1, 1]]), entry("conv.bias", [[4]])];
  const match = (shapes: Readonly<Record<string, number[]>>, options?: MatchOptions) => {
    const { tensors, problems } = matchWeights(manifest, source(shapes), options);
    return { found: [...tensors.keys()], problems, lines: formatProblems(problems), tensors };
  };
  const both = { "conv.weight": [4, 3], "conv.bias": [4] };
  const ok = ["conv.weight", "conv.bias"];

  test("gives tensors in the shape of the manifest", () => {
    const { tensors, problems, lines } = match({ ...both, "bn.num_batches_tracked": [], num_batches_tracked: [] });
    expect(tensors.get("conv.weight")!()).toMatchObject({ dtype: "f32", shape: [4, 3, 1, 1] });
    expect(areComplete(problems)).toBe(true);
    expect(lines).toEqual([]);
  });

  test.each(["net", "net."])("removes the prefix %s", (prefix) => {
    const { found, problems } = match(
      { "net.conv.weight": [4, 3], "net.conv.bias": [4], "network.x": [1] },
      { prefix },
    );
    expect([found, problems.extra]).toEqual([ok, []]);
  });

  test("renames exact names, and prefixes; longer ones take precedence", () => {
    const shapes = { "a/filter": [4, 3], "b.c.bias": [4], "b.x": [2] };
    const rename = { "a/filter": "conv.weight", "b.*": "other.*", "b.c.*": "conv.*" };
    const { found, problems, lines } = match(shapes, { rename });
    expect([found, areComplete(problems)]).toEqual([ok, true]);
    expect(lines).toEqual(["unused (1):", '  "b.x" [2]']);
  });

  test("rules that match nothing, and two tensors for one weight, are problems", () => {
    const shapes = { "net.0.weight": [4, 3], "net.1.weight": [4, 3], "net.0.bias": [4] };
    const rename = { "net.{i}.": "conv.", "other.{i}.*": "conv.{i}.*" };
    expect(match(shapes, { rename }).lines).toEqual([
      "--rename matches no tensor (1):",
      '  "other.{i}.*"',
      "ambiguous (1):",
      '  conv.weight could be "net.0.weight" or "net.1.weight"',
    ]);
    expect(match({ "net.1.weight": [4, 3], "net.1.bias": [4] }, { rename: { "net.{i}.": "conv." } }).found).toEqual(ok);
  });

  test("a renamed tensor needs no prefix", () => {
    const options = { prefix: "net", rename: { bias: "conv.bias" } };
    expect(match({ "net.conv.weight": [4, 3], bias: [4] }, options).found).toEqual(ok);
  });

  test("collects all problems at once", () => {
    const { found, problems, lines } = match(
      { "conv.weight": [3, 4], "conv.kernel": [4, 3], more: [2, 2] },
      { rename: { absent: "x", "gone.*": "y.*" } },
    );
    expect(found).toEqual([]);
    expect(areComplete(problems)).toBe(false);
    expect(lines).toEqual([
      "--rename matches no tensor (2):",
      '  "absent"',
      '  "gone.*"',
      "missing (1):",
      "  conv.bias [a0: 4]",
      "wrong shape (1):",
      "  conv.weight is [3, 4], expected [a0: 4, a0: 3, a1: 1, a2: 1] (is it transposed?)",
      "unused (2):",
      '  "conv.kernel" [4, 3]',
      '  "more" [2, 2]',
    ]);
  });

  test("a tensor beside one that is used is probably of the same layer", () => {
    const more = { "conv.gain": [4], "conv.weight.scale": [4], "conv.num_batches_tracked": [], "other.weight": [4] };
    const { problems } = match({ ...both, ...more });
    expect(problems.extra.map(({ name, beside }) => [name, beside?.path])).toEqual([
      ["conv.gain", "conv.bias"],
      ["conv.weight.scale", "conv.weight"],
      ["other.weight", undefined],
    ]);
    const renamed = match(
      { "c/kernel": [4, 3], "c/bias": [4], "c/gain": [4] },
      { rename: { "c/kernel": "conv.weight", "c/bias": "conv.bias" } },
    );
    expect(forgottenTensors(renamed.problems.extra)).toEqual({ lines: ['"c/gain" [4], beside conv.bias'], uses: [] });
    expect(forgottenTensors(match(both).problems.extra)).toBe(undefined);
  });

  test("reports the prefix of the weights", () => {
    const { lines } = match({ "model.net.conv.weight": [4, 3], "model.net.conv.bias": [4] });
    expect(lines.slice(0, 4)).toEqual([
      'the file has them under the prefix "model.net" (option --weights-prefix, or { prefix } of load)',
      "missing (2):",
      "  conv.weight [a0: 4, a0: 3, a1: 1, a2: 1]",
      "  conv.bias [a0: 4]",
    ]);
  });

  test("reports that no tensor has the prefix", () => {
    expect(match(both, { prefix: "net" }).lines.slice(0, 2)).toEqual([
      'no tensor has the prefix "net."',
      "missing (2):",
    ]);
  });

  test("suggests a similar name", () => {
    const { lines } = match({ "conv.weight": [4, 3], "features/Conv_bias": [4], other_bias: [9] });
    expect(lines[1]).toBe('  conv.bias [a0: 4] (did you mean "features/Conv_bias"?)');
  });

  test("names both if two tensors match the same weight", () => {
    const { lines } = match({ ...both, second: [4] }, { rename: { second: "conv.bias" } });
    expect(lines).toEqual(["ambiguous (1):", '  conv.bias could be "conv.bias" or "second"']);
  });

  test("names of built-in object properties are ordinary names", () => {
    const proto = matchWeights([entry("__proto__", [[1]])], new Map(source({ ["__proto__"]: [1], constructor: [1] })));
    expect([...proto.tensors.keys()]).toEqual(["__proto__"]);
    expect(proto.problems.extra.map(({ name }) => name)).toEqual(["constructor"]);
  });
});

describe("starting values", () => {
  const values = (init: Initializer, fan = { in: 25, out: 11 }, path = "w", seed = 1) =>
    initialise(entry(path, [[100, 100]], init, fan), seed).data;
  const mean = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
  const deviation = (data: ArrayLike<number>) => Math.sqrt(mean(Array.from(data, (x) => x ** 2)));

  test.each<[Initializer, number]>([
    [{ kind: "kaiming" }, 1 / 5],
    [{ kind: "glorot" }, Math.sqrt(6 / 36)],
    [{ kind: "uniform", value: 3 }, 3],
  ])("%j is uniform within its bound", (init, bound) => {
    const data = values(init);
    expect(Math.max(...data)).toBeLessThan(bound);
    expect(Math.max(...data)).toBeGreaterThan(bound * 0.999);
    expect(Math.min(...data)).toBeGreaterThanOrEqual(-bound);
    expect(Math.min(...data)).toBeLessThan(-bound * 0.999);
    expect(Math.abs(mean(data))).toBeLessThan(bound * 0.02);
    expect(deviation(data) / bound).toBeCloseTo(1 / Math.sqrt(3), 2);
  });

  test("normal has its standard deviation, and tails", () => {
    const data = values({ kind: "normal", value: 2 });
    expect(Math.abs(mean(data))).toBeLessThan(0.06);
    expect(deviation(data)).toBeGreaterThan(1.95);
    expect(deviation(data)).toBeLessThan(2.05);
    const within = (sigmas: number) => data.filter((x) => Math.abs(x) < 2 * sigmas).length / data.length;
    expect(within(1)).toBeCloseTo(0.6827, 1.7);
    expect(within(2)).toBeCloseTo(0.9545, 1.7);
    expect(within(3)).toBeCloseTo(0.9973, 2);
  });

  test("constants are constant", () => {
    expect(new Set(values({ kind: "constant", value: 1 }))).toEqual(new Set([1]));
  });

  test("depend on seed and path, and on nothing else", () => {
    const init: Initializer = { kind: "uniform", value: 1 };
    const first = values(init);
    expect(values(init)).toEqual(first);
    for (const other of [
      values(init, undefined, "w", 2),
      values(init, undefined, "v"),
      values(init, undefined, "w", 2 ** 32 + 1),
    ]) {
      const product = mean(Array.from(first, (x, i) => x * other[i]!));
      expect(Math.abs(product)).toBeLessThan(0.02);
    }
  });

  test("are fixed, so that a seed keeps its meaning", () => {
    const data = initialise(entry("conv.weight", [[3]], { kind: "uniform", value: 1 }), 42).data;
    expect([...data]).toMatchInlineSnapshot(`
      [
        -0.09368264675140381,
        0.3266521692276001,
        0.06761527061462402,
      ]
    `);
  });
});
