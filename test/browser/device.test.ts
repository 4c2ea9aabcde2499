/** @file What WebGPU reports about invalid commands, which TensorFlow.js ignores: the tests fail, and `debug` warns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
});
