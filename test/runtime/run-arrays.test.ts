/** @file `runArrays`: like `run` with typed arrays, on every backend, and who owns which array. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { plan } from "../../src/plan/plan.ts";
import {
  alignedArray,
  DataError,
  GuardError,
  type LoadedModel,
  type Shaped,
  type TensorArray,
  type TypedArray,
} from "../../src/runtime/node/index.ts";
import { seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { held, sessionModel } from "../support/native.ts";
import { randomWeights } from "../support/run.ts";

// A copy, a slice that cpu takes without copying, a weight, a literal, and all dtypes.
const graph = graphOf(`fuse 1
  model Net(x: [n, c: 4], k: i32[n], b: bool[n]) -> (y: [n, c: 4], x: [n, c: 4], part: [n, c: 2], k: i32[n], b: bool[n], s: [c: 4]) {
    weight scale: [c: 4] = normal(1)
    return relu(x * scale), x, slice(x, c: [0, 2]), k, b, scale
  }`);
const random = seeded(6);
const weights = randomWeights(plan(graph, esmProfile()), random);
const f32 = (): Float32Array => Float32Array.from({ length: 12 }, (_, i) => i - 5.5);

describe.each([
  ...backends().map((backend) => ({ ...backend, engine: "calls" as const })),
  ...backends().flatMap(({ name, skipped }) =>
    name === "tensorflow" ? { name, skipped, engine: "session" as const } : [],
  ),
])("on $name, by $engine", ({ name, skipped, engine }) => {
  let net: LoadedModel;
  let before: object;
  let inputs: Record<string, TensorArray>;

  beforeAll(() => (skipped ? undefined : useBackend(name)));
  beforeEach(async () => {
    if (skipped) return;
    before = { ...tf.memory() };
    net = await (await sessionModel(graph, ...(engine === "session" ? [] : [{}]))).load(weights);
    expect(net.engine).toBe(engine);
    inputs = {
      x: { shape: [3, 4], data: f32() },
      k: { shape: [3], data: Int32Array.of(-1, 0, 7) },
      b: { shape: [3], data: Uint8Array.of(0, 1, 1) },
    };
  });
  afterEach(() => {
    if (skipped) return;
    net.dispose();
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    expect(before).toMatchObject({ numTensors, numDataBuffers, numBytes });
  });

  test.skipIf(skipped)("gives the same as run", async () => {
    const tensors = {
      x: tf.tensor(f32(), [3, 4]),
      k: tf.tensor1d([-1, 0, 7], "int32"),
      b: tf.tensor1d([0, 1, 1], "bool"),
    };
    const want = net.run(tensors);
    const got = await net.runArrays(inputs);
    expect(Object.keys(got)).toEqual(Object.keys(want));
    for (const [name, tensor] of Object.entries(want)) {
      expect(got[name], name).toEqual({ shape: tensor.shape, data: tensor.dataSync() });
    }
    tf.dispose([tensors, want]);
  });

  test.skipIf(skipped)("results belong to the caller, and so do inputs", async () => {
    for (const x of [f32(), alignedArray("f32", [3, 4])]) {
      x.set(f32());
      const first = await net.runArrays({ ...inputs, x: { shape: [3, 4], data: x } });
      const copy = structuredClone(first);
      expect(x).toEqual(f32());
      x.fill(3);
      (inputs["k"]!.data as Int32Array).fill(9);
      const second = await net.runArrays(inputs);
      expect(first).toEqual(copy);
      const buffers = [...Object.values(first), ...Object.values(second), ...Object.values(inputs)].map(
        ({ data }) => data.buffer,
      );
      expect(new Set([...buffers, x.buffer]).size).toBe(buffers.length + 1);
      // None of them may still be in use by a run or a backend.
      for (const { data } of Object.values(first)) data.fill(1);
      (inputs["k"]!.data as Int32Array).set([-1, 0, 7]);
      const again = await net.runArrays(inputs);
      expect(again["s"]!.data).toEqual(Float32Array.from(weights["scale"]!.data));
      expect(again).toEqual({ ...copy, b: again["b"] });
    }
  });

  test.skipIf(skipped)("writes results into the given arrays", async () => {
    const want = await net.runArrays(inputs);
    const out = { y: new Float32Array(12), k: alignedArray("i32", [3]), b: alignedArray("bool", [3]) };
    const got = await net.runArrays(inputs, out);
    expect(got).toEqual(want);
    for (const [name, array] of Object.entries(out)) expect(got[name]!.data).toBe(array);
    const wrong = async (arrays: object, message: string) => {
      const error: unknown = await net.runArrays(inputs, arrays as never).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DataError);
      expect((error as DataError).message).toBe(message);
    };
    await wrong({ y: new Float32Array(11) }, "the result y is float32 [3, 4], but the array for it is not");
    await wrong({ y: new Int32Array(12) }, "the result y is float32 [3, 4], but the array for it is not");
    await wrong({ y: [1] }, "the result y is float32 [3, 4], but the array for it is not");
    const memory = new Float32Array(24);
    const overlapping = { y: memory.subarray(0, 12), x: memory.subarray(11, 23) };
    await wrong(overlapping, "the arrays for the results y and x overlap");
    expect((await net.runArrays(inputs, { ...overlapping, x: memory.subarray(12) })).y).toEqual(want.y);
    await wrong({ z: new Float32Array(12) }, 'there is no result "z"; the results are y, x, part, k, b, s');
    await wrong(
      { constructor: new Float32Array(12) },
      'there is no result "constructor"; the results are y, x, part, k, b, s',
    );
  });

  test.skipIf(skipped)("rejects invalid arrays, and what the guard rejects", async () => {
    const refused = async (name: string, array: unknown, message: string) => {
      const error: unknown = await net
        .runArrays({ ...inputs, [name]: array } as never)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(GuardError);
      expect((error as GuardError).message).toContain(message);
    };
    const data = f32();
    await refused("x", undefined, "Net: x must have a shape, a list of sizes.");
    await refused("x", data, "Net: x must have a shape, a list of sizes.");
    await refused("x", { shape: [3, 4.5], data }, "Net: x must have a shape, a list of sizes.");
    await refused("x", { shape: [-3, -4], data }, "Net: x must have a shape, a list of sizes.");
    await refused(
      "x",
      { shape: [3, 4], data: [...data] },
      "Net: x must have data, a Float32Array, Int32Array or Uint8Array.",
    );
    await refused("x", { shape: [3, 4], data: new Float64Array(12) }, "Net: x must have data");
    await refused("x", { shape: [3, 5], data }, "Net: x has 12 elements, which does not match [3, 5].");
    await refused("x", { shape: [12], data }, "x must have 2 axes");
    await refused("x", { shape: [3, 4], data: new Int32Array(12) }, "x must be f32");
    await refused("x", { shape: [2, 4], data: data.subarray(4) }, "k.n is 3, but x.n is 2");
    await refused("b", { shape: [3], data: Uint8Array.of(0, 1, 2) }, "Net: b must be 0 or 1 everywhere.");
    await refused("k", { shape: [3], data: new Uint8ClampedArray(3) }, "Net: k must have data");
    await refused("z", { shape: [3, 4], data }, 'there is no input "z"');
    net.dispose();
    await expect(net.runArrays(inputs)).rejects.toThrow("Net: run() was called after dispose()");
  });

  test.skipIf(skipped)("may be called in a tidy, and concurrently", async () => {
    const wanted = await net.runArrays(inputs);
    let pending: ReturnType<LoadedModel["runArrays"]>[] = [];
    tf.tidy(() => void (pending = [net.runArrays(inputs), net.runArrays(inputs)]));
    expect(await Promise.all(pending)).toEqual([wanted, wanted]);
  });
});

test("the types match the arrays", () => {
  type Results = {
    mask: Shaped<tf.Rank.R4, [number, 256, 256, 1]>;
    index: tf.Tensor2D & { readonly dtype: "int32" };
    is: tf.Tensor1D & { readonly dtype: "bool" };
  };
  type Net = LoadedModel<{ x: tf.Tensor4D }, Results>;
  type Got = Awaited<ReturnType<Net["runArrays"]>>;
  expectTypeOf<Got["mask"]>().toEqualTypeOf<TensorArray<Float32Array, [number, 256, 256, 1]>>();
  expectTypeOf<Got["index"]["data"]>().toEqualTypeOf<Int32Array>();
  expectTypeOf<Got["is"]["data"]>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Parameters<Net["runArrays"]>[0]>().toEqualTypeOf<{ readonly x: TensorArray }>();
  expectTypeOf<NonNullable<Parameters<Net["runArrays"]>[1]>["index"]>().toEqualTypeOf<Int32Array | undefined>();
  // For a model of unknown type.
  expectTypeOf<Awaited<ReturnType<LoadedModel["runArrays"]>>[string]["data"]>().toEqualTypeOf<TypedArray>();
});

const native = backends().find(({ name }) => name === "tensorflow")!;

describe.skipIf(native.skipped)("large arrays on tensorflow", () => {
  beforeAll(() => useBackend("tensorflow"));

  test("are read and written without copies if aligned", async () => {
    const big = graphOf(`fuse 1
      model Net(x: [n, c: 4], k: i32[n, c: 4], b: bool[n, c: 4]) -> (y: [n, c: 4], k: i32[n, c: 4], b: bool[n, c: 4]) { return x + 1, k, not b }`);
    const before = held();
    const net = await (await sessionModel(big)).load();
    const backend = tf.backend() as unknown as { binding: { executeOp(op: string, ...others: unknown[]): unknown } };
    const { binding } = backend;
    const called: string[] = [];
    const executeOp = (op: string, ...others: unknown[]) => {
      called.push(op);
      return binding.executeOp(op, ...others);
    };
    backend.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
    const shape = [200_000, 4];
    const arrays = () => ({
      x: alignedArray("f32", shape),
      k: alignedArray("i32", shape),
      b: alignedArray("bool", shape),
    });
    const inputs = arrays();
    inputs.x.forEach((_, i) => (inputs.x[i] = i));
    inputs.k.forEach((_, i) => (inputs.k[i] = -i));
    inputs.b.forEach((_, i) => (inputs.b[i] = i % 2));
    const given = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, { shape, data }]));
    const { x, ...others } = arrays();
    const out = { ...others, y: x };
    const got = await net.runArrays(given, out);
    backend.binding = binding;
    // The values in one pass each, and nothing else.
    expect(called).toEqual(["Reshape", "InplaceUpdate", "Reshape", "InplaceUpdate", "Reshape", "InplaceUpdate"]);
    expect(got["y"]!.data).toBe(out.y);
    expect(out.y.every((value, i) => value === i + 1)).toBe(true);
    expect(out.k).toEqual(inputs.k);
    expect(out.b.every((value, i) => value === (i + 1) % 2)).toBe(true);
    // The same arrays again, with other content, and an output that is not aligned.
    inputs.x.fill(2);
    const unaligned = new Float32Array(new ArrayBuffer(out.y.byteLength + 64), 4, out.y.length);
    await net.runArrays(given, { ...out, y: unaligned });
    expect(unaligned.every((value) => value === 3)).toBe(true);
    expect(out.y[5]).toBe(6);
    net.dispose();
    expect(held()).toEqual(before);
  });
});
