/** @file Options of the API that TypeScript would refuse get a diagnostic, for callers without types. */
import { expect, test } from "vitest";
import { build, buildGraphs, buildPlans, openProgram, renderDiagnostics } from "../../src/index.ts";

const program = openProgram("m.fuse", "fuse 1\nmodel M(x: [n], k: int = 1) -> (y: [n]) {\n  return k * x\n}\n", {
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
])("%#", ({ value, diagnostics }, message) => {
  expect(value).toBeUndefined();
  expect(diagnostics.map(({ code }) => code)).toEqual(["bad-input"]);
  expect(renderDiagnostics(diagnostics)).toContain(message);
});

test("the right ones get none", () => {
  expect(buildPlans(program, { target: "onnx", model: "M", settings: { k: "2" } }).diagnostics).toEqual([]);
});
