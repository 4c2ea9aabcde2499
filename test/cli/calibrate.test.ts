/** @file `fuse calibrate`, and the costs that it writes: which files and options of the API are accepted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { buildPlans } from "../../src/compile.ts";
import { costNames, costsFrom, type Costs } from "../../src/plan/costs.ts";
import { programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "fuse-costs-"));
const program = `fuse 1

model Twice(x: [n, c]) -> (y: [n, c]) {
  return x + x
}
`;
const costs: Costs = { macs: 1, bytes: 2, rows: 0, resized: 3, step: 4 };

beforeAll(() => {
  writeFileSync(join(folder, "twice.fuse"), program);
  writeFileSync(join(folder, "costs.json"), JSON.stringify(costs));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("fuse calibrate", () => {
  test("prints every cost beside the shipped one, and writes a file for --costs that it may replace", async () => {
    for (const kind of ["new", "replaced"]) {
      const { code, out, err } = await fuse(folder, "calibrate --engine esm --backend wasm --out here.json".split(" "));
      expect([code, err], kind).toEqual([0, ""]);
      const [head, ...lines] = out.split("\n");
      expect(head).toMatch(/^esm on wasm +here +shipped$/);
      expect(lines.slice(-2)).toEqual(["wrote here.json", ""]);
      for (const [i, name] of Object.values(costNames).entries())
        expect(lines[i]).toMatch(new RegExp(`^${name} +[\\d.]+ ns +[\\d.]+ ns$`));
    }
    const written = costsFrom(JSON.parse(readFileSync(join(folder, "here.json"), "utf8")));
    expect(written).toMatchObject({ macs: expect.any(Number) as number });
    const built = await fuse(folder, "build twice.fuse --costs here.json -o built".split(" "));
    expect([built.code, built.err]).toEqual([0, ""]);
  }, 120_000);

  test.each([
    ["--out here.json", "fuse: --out needs --engine\n"],
    ["--backend wasm", "fuse: --backend needs --engine\n"],
  ])("%s needs an engine", async (options, message) => {
    expect(await fuse(folder, ["calibrate", ...options.split(" ")])).toEqual({ code: 2, out: "", err: message });
  });

  test("replaces nothing but costs", async () => {
    for (const path of ["notes.json", "twice.fuse"]) {
      if (path === "notes.json") writeFileSync(join(folder, path), "{}");
      const before = readFileSync(join(folder, path), "utf8");
      const { code, err } = await fuse(folder, ["calibrate", "--engine", "esm", "--out", path]);
      expect([code, err]).toEqual([1, expect.stringContaining(`error[would-overwrite]: `)]);
      expect(readFileSync(join(folder, path), "utf8")).toBe(before);
    }
  });
});

const mistakes: readonly (readonly [string, string, string])[] = [
  ["a list", "[1]", "costs must be an object with macs, bytes, rows, resized, step"],
  [
    "a missing cost",
    '{"macs":1,"bytes":1,"rows":1,"resized":1}',
    "the cost step is missing: `fuse calibrate --out FILE` writes all of them",
  ],
  [
    "a fraction",
    '{"macs":0.5,"bytes":1,"rows":1,"resized":1,"step":1}',
    "the cost macs must be a whole number of picoseconds from 0 to 1000000000000, not 0.5",
  ],
  [
    "a negative cost",
    '{"macs":1,"bytes":-1,"rows":1,"resized":1,"step":1}',
    "the cost bytes must be a whole number of picoseconds from 0 to 1000000000000, not -1",
  ],
  [
    "more than a second",
    '{"macs":1,"bytes":1,"rows":1e13,"resized":1,"step":1}',
    "the cost rows must be a whole number of picoseconds from 0 to 1000000000000, not 10000000000000",
  ],
  [
    "an unknown cost",
    '{"macs":1,"bytes":1,"rows":1,"resized":1,"step":1,"mac":1}',
    'there is no cost "mac"; there are macs, bytes, rows, resized, step',
  ],
];

describe.each(mistakes)("costs with %s", (_, json, message) => {
  test("are refused in a file", async () => {
    writeFileSync(join(folder, "wrong.json"), json);
    const { code, err } = await fuse(folder, "build twice.fuse --costs wrong.json -o built".split(" "));
    expect([code, err.split("\n")[0]]).toEqual([1, `error[bad-data]: wrong.json: ${message}`]);
  });

  test("are refused by the API", () => {
    const { value, diagnostics } = buildPlans(programOf(program), { costs: JSON.parse(json) as Costs });
    expect([value, diagnostics.map(({ message }) => message)]).toEqual([
      undefined,
      [`the option \`costs\`: ${message}`],
    ]);
  });
});

test.each([
  ["missing.json", "error[unreadable-file]"],
  ["large.json", "error[bad-data]: large.json: has 20000 bytes"],
  ["text.json", "error[bad-data]: text.json: is not valid JSON"],
])("%s is refused", async (path, message) => {
  writeFileSync(join(folder, "large.json"), " ".repeat(20_000));
  writeFileSync(join(folder, "text.json"), "macs = 1");
  const { code, err } = await fuse(folder, ["build", "twice.fuse", "--costs", path, "-o", "built"]);
  expect([code, err]).toEqual([1, expect.stringContaining(message)]);
});

test("plans are for a machine with the given costs, by default those of the target", () => {
  const [given] = buildPlans(programOf(program), { costs }).value!;
  const [shipped] = buildPlans(programOf(program)).value!;
  expect(given!.profile.costs).toEqual(costs);
  expect(shipped!.profile.costs).toEqual(esmProfile().costs);
});

test("fuse run takes costs for a program only", async () => {
  const built = await fuse(folder, "build twice.fuse --target onnx -o built".split(" "));
  expect(built.code).toBe(0);
  const { code, err } = await fuse(folder, "run built/twice.onnx --costs costs.json".split(" "));
  expect([code, err]).toEqual([2, "fuse: --costs is only for programs, and built/twice.onnx is not one\n"]);
});
