/** @file `fuse run --case` and `--repeat`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quantile } from "../../src/cli/run/timing.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { fuse } from "../support/command-line.ts";
import { systemPath, systems } from "../support/systems.ts";

let folder: string;
const array = (...data: number[]): NdArray => ({
  dtype: "f32",
  shape: [1, data.length],
  data: Float32Array.from(data),
});
const save = (name: string, tensors: Readonly<Record<string, NdArray>>) => {
  writeFileSync(join(folder, name), writeSafetensors(new Map(Object.entries(tensors))));
};

const program = `fuse 1

model Sum(x: [n, c: 2], y: [n, c: 2]) -> (x: [n, c: 2], total: [n, c: 2]) {
  return 2 * x, x + y
}
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-run-"));
  writeFileSync(join(folder, "sum.fuse"), program);
  const given = { "in.x": array(1, 2), "in.y": array(3, 4) };
  const expected = { "out.x": array(2, 4), "out.total": array(4, 6) };
  save("right.safetensors", { ...given, ...expected, "param.fc.weight": array(1), other: array(1) });
  save("wrong.safetensors", { ...given, "out.total": array(4, 7) });
  save("inputs.safetensors", given);
  save("plain.safetensors", { x: array(1, 2), y: array(3, 4), total: array(4, 6) });
  save("partial.safetensors", { "in.x": array(1, 2), "out.x": array(2, 4) });
  save("strange.safetensors", { ...given, "in.z": array(1), ...expected });
  save("misspelt.safetensors", { ...given, "out.totl": array(4, 6) });
  save("hostile.safetensors", { ...given, ...Object.fromEntries([["out.__proto__", array(1)]]) });
  writeFileSync(join(folder, "y.npy"), writeNpy(array(3, 4)));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => fuse(folder, ["run", "sum.fuse", "--backend", "cpu", ...args]);
const withoutTimes = (text: string) => text.replace(/\d[\d.e-]*(?= ms| and|\))/g, "…");

describe("--case", () => {
  test("gives inputs and expectations by name, even if an input and a result share one", async () => {
    const { code, out, err } = await run("--case", "right.safetensors");
    expect([code, err]).toEqual([0, ""]);
    expect(out.split("\n").slice(1)).toEqual([
      "x [n: 1, c: 2]  2  4",
      "total [n: 1, c: 2]  4  6",
      "x matches: largest difference 0",
      "total matches: largest difference 0",
      "",
    ]);
  });

  test("fails as `--expect` does, within the same tolerance", async () => {
    const { code, err } = await run("--case", "wrong.safetensors");
    expect(code).toBe(1);
    expect(err).toContain("error[expectation-failed]");
    expect((await run("--case", "wrong.safetensors", "--tolerance", "0.2")).code).toBe(0);
  });

  test("takes the rest from `--in` and `--expect`", async () => {
    const { code, out } = await run(
      "--case",
      "partial.safetensors",
      "--in",
      "y=y.npy",
      "--expect",
      "total=right.safetensors#out.total",
    );
    expect(code).toBe(0);
    expect(out).toContain("total matches");
  });

  test.each([
    ["plain.safetensors", "`plain.safetensors` does not hold `in.x`, `in.y`"],
    ["partial.safetensors", "`partial.safetensors` does not hold `in.y`"],
    ["inputs.safetensors", "`inputs.safetensors` does not hold any of `out.x`, `out.total`"],
    ["strange.safetensors", "`Sum` has no input `z` (`in.z` of `strange.safetensors`); it has `x`, `y`"],
    ["misspelt.safetensors", "did you mean `total`?"],
    ["hostile.safetensors", "`Sum` has no result `__proto__`"],
    ["sum.fuse", "`sum.fuse` is not named like one"],
    ["none.safetensors", "none.safetensors"],
  ])("%s: %s", async (file, message) => {
    const { code, out, err } = await run("--case", file);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(message);
  });

  test("does not silently replace what an option gives", async () => {
    const { code, err } = await run("--case", "right.safetensors", "--in", "y=y.npy");
    expect(code).toBe(1);
    expect(err).toContain("`y` is given by `--in` and as `in.y` of `right.safetensors`");
  });

  test("reads PyTorch's tensors of a system", async () => {
    const system = systems.find(({ file }) => file.includes("fuse")) ?? systems[0]!;
    const tensors = resolve(`test/golden/${system.file}.safetensors`);
    const settings = Object.entries(system.settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const weights = ["--weights", tensors, "--weights-prefix", "param"];
    const args = ["run", resolve(systemPath(system.file)), "--case", tensors, ...weights, ...settings];
    const { code, out, err } = await fuse(folder, [...args, "--backend", "cpu"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("matches");
  });
});

describe("--repeat", () => {
  test.each(["esm", "graph-model"])("prints medians and quartiles, and the same results: %s", async (engine) => {
    const args = ["--case", "right.safetensors", "--engine", engine];
    const once = await run(...args);
    const often = await run(...args, "--repeat", "5");
    const [first, ...rest] = often.out.split("\n");
    const ran = engine === "esm" ? "calls" : engine;
    expect(withoutTimes(first!)).toBe(
      `Sum on cpu (${ran}): median … ms (quartiles … and …), CPU … ms (quartiles … and …), 5 runs after one to warm up`,
    );
    expect(rest).toEqual(once.out.split("\n").slice(1));
    expect(often.code).toBe(0);
  });

  test("a failed comparison still fails", async () => {
    expect((await run("--case", "wrong.safetensors", "--repeat", "1")).code).toBe(1);
  });

  test.each(["0", "-1", "1.5", "many", "1e3", "10000000"])("%s is no number of runs", async (count) => {
    const { code, err } = await run("--case", "right.safetensors", "--repeat", count);
    expect(code).toBe(2);
    expect(err).toContain("Expected a whole number from 1 to 1000000.");
  });

  test("excludes --debug", async () => {
    const { code, err } = await run("--case", "right.safetensors", "--repeat", "3", "--debug");
    expect(code).toBe(2);
    expect(err).toContain("--debug and --repeat exclude each other");
  });

  test("quartiles are NumPy's", () => {
    const times = [1, 2, 4, 7, 11, 16];
    expect([0.25, 0.5, 0.75].map((part) => quantile(times, part))).toEqual([2.5, 5.5, 10]);
    expect(quantile([3], 0.25)).toBe(3);
  });
});
