/** @file Selecting the backend in Node. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DataError, selectBackend } from "../../src/runtime/node/index.ts";
import { backends } from "../support/backends.ts";

const native = backends().find(({ name }) => name === "tensorflow")!;

/** Simulates the package without its native part. */
function withoutNative(): void {
  vi.doMock("@tensorflow/tfjs-node", () => {
    throw new Error("the native addon cannot be found\nrun something");
  });
}

afterEach(() => vi.doUnmock("@tensorflow/tfjs-node"));

describe("a chosen backend", () => {
  test.each(["cpu", "wasm"] as const)("%s runs, and prints nothing", async (name) => {
    const said = [vi.spyOn(console, "warn"), vi.spyOn(console, "log"), vi.spyOn(console, "error")];
    expect(await selectBackend(name)).toBe(name);
    expect(tf.getBackend()).toBe(name);
    const x = tf.tensor1d([1, 2]);
    expect([...tf.add(x, x).dataSync()]).toEqual([2, 4]);
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
  });

  test.skipIf(native.skipped)("tensorflow runs", async () => {
    expect(await selectBackend("tensorflow")).toBe("tensorflow");
    expect(tf.getBackend()).toBe("tensorflow");
    expect([...tf.matMul([[1, 2]], [[3], [4]]).dataSync()]).toEqual([11]);
  });

  test("a missing tensorflow is a one-line DataError that says how to install it", async () => {
    withoutNative();
    const error: unknown = await selectBackend("tensorflow").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    const { message } = error as DataError;
    expect(message).toMatch(
      /^the backend tensorflow cannot be loaded: .* npm install @tensorflow\/tfjs-node@4\.22\.0;/,
    );
    expect(message).not.toContain("\n");
  });
});

describe("auto", () => {
  test.skipIf(native.skipped)("is tensorflow if it can be loaded", async () => {
    expect(await selectBackend("auto")).toBe("tensorflow");
  });

  test("is otherwise wasm", async () => {
    withoutNative();
    expect(await selectBackend("auto")).toBe("wasm");
    expect(tf.getBackend()).toBe("wasm");
  });
});
