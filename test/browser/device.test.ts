/** @file What WebGPU reports about invalid commands, which TensorFlow.js ignores: the tests fail, and `debug` warns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { plan } from "../../src/plan/plan.ts";
import { graphOf } from "../support/compare.ts";
import { isSkipped, openBrowser, type BrowserBackend } from "../support/browser/chromium.ts";

describe.skipIf(isSkipped)("a kernel that the device refuses", () => {
  let browser: BrowserBackend;
  beforeAll(async () => {
    browser = await openBrowser("webgpu");
  });
  afterAll(() => browser?.close());

  const integers = { dtype: "i32", shape: [2, 3, 2], data: Int32Array.from({ length: 12 }, (_, i) => i) } as const;
  const transposed = { text: "tf.transpose(x0, [2, 1, 0])", operands: [integers] };

  test("fails here, and does not spoil the next one", async () => {
    const [wrong, right] = await browser.evaluate([transposed, { text: "tf.add(x0, x0)", operands: [integers] }]);
    expect(wrong).toMatch(/TransposeProgram/);
    expect(right).toMatchObject({ data: Int32Array.from(integers.data, (x) => 2 * x) });
  });

  test("is reported in debug mode, with its line", async () => {
    const graph = graphOf(`fuse 1
model M(x: i32[a, b, c]) -> (y: i32[c, b, a]) {
  return x + 1
}
`);
    const run = (faults = esmProfile("webgpu").faults) =>
      browser.debugAll(plan(graph, { ...esmProfile("webgpu"), faults }), [{ x: integers }], {});
    expect(await run()).toEqual([]);
    const [report, ...others] = await run(new Set());
    expect(report).toMatch(/^M: the graphics card did not compute transpose \(main\.fuse:3\): ./);
    expect(others).toEqual([]);
  });
});
