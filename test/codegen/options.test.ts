/** @file Options of the API that TypeScript would refuse get a diagnostic, for callers without types. */
import { expect, test } from "vitest";
import {
  build,
  buildGraphs,
  buildPlans,
  buildReports,
  findHints,
  openProgram,
  renderDiagnostics,
} from "../../src/index.ts";

const program = openProgram("m.fuse", "fuse 1\nmodel M(x: [n], k: int = 1) -> (y: [n]) {\n  return k * x\n}\n", {
  read: () => undefined,
});
const even = openProgram("m.fuse", "fuse 1\nmodel M(x: [n]) -> (y: [n]) where n % 2 == 0 {\n  return 2 * x\n}\n", {
  read: () => undefined,
});
const plans = buildPlans(program).value!;

test.each([
  [
    buildPlans(program, { target: "tflite" as "onnx" }),
    'no target "tflite"; there are esm, saved-model, graph-model, onnx',
  ],
  [buildPlans(program, { target: "constructor" as "onnx" }), 'no target "constructor"; there are '],
  [buildPlans(program, { backend: "gpu" as "cpu" }), 'no backend "gpu"; there are '],
  [build(program, "toString" as "onnx", plans), 'no target "toString"; there are '],
  [buildGraphs(program, { settings: { k: 2 as never } }), 'the setting `k` must be a string "2", not 2'],
  [buildGraphs(program, { settings: { k: null as never } }), "the setting `k` must be a string, not null"],
  [buildPlans(program, { model: null as never }), "the option `model` must be a string, not null"],
  [buildPlans(program, { optimise: false } as never), 'no option "optimise"; there are model, settings, target, '],
  [buildPlans(program, { optimize: { limt: 1 } as never }), 'no option of `optimize` "limt"; there are at, limit'],
  [buildPlans(program, { optimize: 1 as never }), "the option `optimize` must be true, false, or options"],
  [buildPlans(program, { optimize: [] as never }), "the option `optimize` must be true, false, or options"],
  [
    buildPlans(program, { optimize: { limit: -1 } }),
    "the option `optimize.limit` must be a whole number of at least 0",
  ],
  [buildPlans(program, { optimize: { at: { n: 0 } } }), "the option `optimize.at` must be sizes of at least 1 by name"],
  [
    buildPlans(program, { optimize: { at: [1] as never } }),
    "the option `optimize.at` must be sizes of at least 1 by name",
  ],
  [buildPlans(program, { optimize: { at: { m: 1 } } }), "the inputs have no size `m`; they have n"],
  [buildPlans(program, { optimize: { at: { toString: 1 } } }), "the inputs have no size `toString`; they have n"],
  [buildReports(program, { optimize: { at: { m: 1 } } }), "the inputs have no size `m`; they have n"],
  [buildPlans(even, { optimize: { at: { n: 3 } } }), "n % 2 == 0 is required (m.fuse:2), but n is 3"],
])("%#", ({ value, diagnostics }, message) => {
  expect(value).toBeUndefined();
  expect(diagnostics.map(({ code }) => code)).toEqual(["bad-input"]);
  expect(renderDiagnostics(diagnostics)).toContain(message);
});

test("the right ones get none", () => {
  expect(buildPlans(program, { target: "onnx", model: "M", settings: { k: "2" } }).diagnostics).toEqual([]);
  expect(buildPlans(program, { optimize: { at: { n: 3 }, limit: 2 } }).diagnostics).toEqual([]);
});

test("hints refuse the same", () => {
  const messages = (options: Parameters<typeof findHints>[1]) =>
    findHints(program, options).map(({ message }) => message);
  expect(messages({ optimize: { at: { m: 1 } } })).toEqual(["the inputs have no size `m`; they have n"]);
  const misspelt = { model: "M", tarket: "onnx" };
  expect(messages(misspelt)[0]).toContain('no option "tarket"');
  expect(messages({ target: "onnx", optimize: { at: { n: 2 } } })).toEqual([]);
});
