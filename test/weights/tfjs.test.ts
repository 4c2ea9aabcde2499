/** @file Weights of tfjs models: two real ones, every quantisation, the layout for each consumer, and bad files. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/weights/data-error.ts";
import { f16ToF32 } from "../../src/weights/half.ts";
import { readTfjsModel, tfjsShardPaths } from "../../src/weights/tfjs.ts";

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: object;
}
interface Model {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly Spec[] }[];
}
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function golden(folder: string, name: string) {
  const file = (ending: string) => readFileSync(new URL(`../golden/${folder}/${name}.${ending}`, import.meta.url));
  const model = JSON.parse(file("json").toString()) as Model;
  return { model, bytes: new Uint8Array(file("bin")) };
}

describe("the selfie segmentation network (float16)", () => {
  const { model, bytes } = golden("selfie-segmentation", "selfie");
  const source = readTfjsModel(model, () => bytes);
  /** The values in the shard, by name. */
  const raw = new Map<string, Float32Array | Int32Array>();
  let position = 0;
  for (const { name, shape, dtype } of model.weightsManifest[0]!.weights) {
    const end = position + count(shape) * (dtype === "int32" ? 4 : 2);
    const { buffer } = bytes.slice(position, end);
    raw.set(name, dtype === "int32" ? new Int32Array(buffer) : f16ToF32(new Uint16Array(buffer)));
    position = end;
  }

  test("holds all tensors, by the source's names", () => {
    expect(tfjsShardPaths(model)).toEqual(["selfie.bin"]);
    expect(source.size).toBe(136);
    expect(source.get("Conv2D_30/filter")).toMatchObject({ dtype: "F16", shape: [128, 32, 1, 1] });
    expect(source.get("segment/input_sizes")).toMatchObject({ dtype: "I32", shape: [4] });
    expect([...source.get("segment/input_sizes")!.read().data]).toEqual([1, 256, 256, 1]);
    expect(source.get("conv2d_40_1/y")!.read().data).toEqual(raw.get("conv2d_40_1/y"));
    expect(source.get("mul_21/y")!.shape).toEqual([]);
  });

  test("transposes square 1x1 kernels, whose shape does not show the layout", () => {
    const square = [...source.values()].filter(({ shape: [o, i, h, w] }) => h === 1 && w === 1 && o === i);
    expect(square.length).toBe(12);
    for (const kernel of square) {
      const [size = 0] = kernel.shape;
      const { data } = kernel.read();
      const stored = raw.get(kernel.name)!;
      for (let o = 0; o < size; o++) {
        for (let i = 0; i < size; i++) expect(data[o * size + i]).toBe(stored[i * size + o]);
      }
    }
  });

  test("transposes depthwise kernels [5, 5, 96, 1] and the transposed convolution's [2, 2, 1, 16]", () => {
    const depthwise = source.get("depthwise_7/filter_in")!;
    expect(depthwise.shape).toEqual([96, 1, 5, 5]);
    expect(depthwise.read().data[7 * 25 + 2 * 5 + 3]).toBe(raw.get(depthwise.name)![(2 * 5 + 3) * 96 + 7]);
    const transposed = source.get("segment/filter")!;
    expect(transposed.shape).toEqual([16, 1, 2, 2]);
    expect(transposed.read().data[9 * 4 + 1 * 2 + 0]).toBe(raw.get(transposed.name)![(1 * 2 + 0) * 16 + 9]);
  });
});

test("the emotion network (float32, fused convolutions), its shard truncated anywhere", () => {
  const { model, bytes } = golden("emotion", "emotion");
  const cut = { ...model, weightsManifest: [{ ...model.weightsManifest[0]!, paths: ["a", "b", "c"] }] };
  const parts: Record<string, Uint8Array> = {
    a: bytes.subarray(0, 5),
    b: bytes.subarray(5, 70_001),
    c: bytes.subarray(70_001),
  };
  const [whole, pieces] = [readTfjsModel(model, () => bytes), readTfjsModel(cut, (path) => parts[path]!)];
  expect(whole.get("StatefulPartitionedCall/model_1/separable_conv2d_4/separable_conv2d_weights")?.shape).toEqual([
    256, 256, 1, 1,
  ]);
  expect(whole.get("unknown_26")?.shape).toEqual([128, 1, 3, 3]);
  expect(whole.get("unknown_43")?.shape).toEqual([7, 256, 3, 3]);
  expect(pieces.size).toBe(23);
  for (const [name, tensor] of whole) expect(pieces.get(name)!.read()).toEqual(tensor.read());
});

/** Returns one tensor and the nodes around it. */
function graph(weight: object, node: readonly object[], data: Uint8Array) {
  return readTfjsModel({ modelTopology: { node }, weightsManifest: [{ paths: ["x"], weights: [weight] }] }, () => data);
}

describe("quantisation", () => {
  const read = (weight: object, data: ArrayBufferView) => {
    const { dtype, data: values } = graph({ name: "w", shape: [3], ...weight }, [], bytesOf(data))
      .get("w")!
      .read();
    return [dtype, ...values];
  };
  test.each<[string, object, ArrayBufferView, unknown[]]>([
    [
      "uint8",
      { dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -2 } },
      Uint8Array.of(0, 1, 255),
      ["f32", -2, -1.5, 125.5],
    ],
    [
      "uint16",
      { dtype: "float32", quantization: { dtype: "uint16", scale: 0.25, min: 1 } },
      Uint16Array.of(0, 1, 65535),
      ["f32", 1, 1.25, 16384.75],
    ],
    [
      "uint8 of int32",
      { dtype: "int32", quantization: { dtype: "uint8", scale: 1.5, min: 1 } },
      Uint8Array.of(0, 1, 2),
      ["i32", 1, 3, 4],
    ],
    [
      "float16",
      { dtype: "float32", quantization: { dtype: "float16" } },
      Uint16Array.of(0x3c00, 0x8000, 0x7bff),
      ["f32", 1, -0, 65504],
    ],
    ["none", { dtype: "float32" }, Float32Array.of(0.1, 2, 3), ["f32", Math.fround(0.1), 2, 3]],
    ["none, bool", { dtype: "bool" }, Uint8Array.of(1, 0, 1), ["bool", 1, 0, 1]],
  ])("%s", (_, weight, data, values) => {
    expect(read(weight, data)).toEqual(values);
  });
});

describe("the consumer determines the layout", () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i);
  const b = (value: boolean) => ({ b: value });
  const conv = (op: string, ...input: string[]) => [
    { name: "w", op: "Const" },
    { name: "y", op, input },
  ];
  const product = (op: string, attr: object, ...input: string[]) => [{ name: "y", op, input, attr }];
  const through = (op: string) => [
    { name: "w", op: "Const" },
    { name: "i", op, input: ["w"] },
    { name: "j", op: "Identity", input: ["i:0"] },
    { name: "y", op: "Conv2D", input: ["x", "j"] },
  ];
  test.each<[string, number[], readonly object[], number[], number[]]>([
    ["Conv2D", [1, 2, 3, 4], conv("Conv2D", "x", "w"), [4, 3, 1, 2], [0, 12, 4, 16, 8, 20, 1, 13]],
    ["_FusedConv2D", [1, 1, 6, 4], conv("_FusedConv2D", "x", "w:0", "bias"), [4, 6, 1, 1], [0, 4, 8, 12, 16, 20, 1]],
    ["Conv1D", [2, 3, 4], conv("Conv1D", "x", "w"), [4, 3, 2], [0, 12, 4, 16]],
    ["Conv3D", [1, 1, 2, 3, 4], conv("Conv3D", "x", "w"), [4, 3, 1, 1, 2], [0, 12, 4, 16]],
    ["Conv2DBackpropInput", [1, 2, 3, 4], conv("Conv2DBackpropInput", "s", "w", "x"), [4, 3, 1, 2], [0, 12, 4, 16]],
    ["DepthwiseConv2dNative", [2, 2, 3, 2], conv("DepthwiseConv2dNative", "x", "w"), [6, 1, 2, 2], [0, 6, 12, 18, 1]],
    ["MatMul", [4, 6], product("MatMul", {}, "x", "w"), [6, 4], [0, 6, 12, 18, 1]],
    ["MatMul, transposed", [4, 6], product("MatMul", { transpose_b: b(true) }, "x", "w"), [4, 6], [0, 1, 2]],
    ["MatMul, weight first", [4, 6], product("MatMul", { transpose_b: b(true) }, "w", "x"), [4, 6], [0, 1, 2]],
    [
      "MatMul, first and transposed",
      [4, 6],
      product("_FusedMatMul", { transpose_a: b(true) }, "w", "x"),
      [6, 4],
      [0, 6],
    ],
    ["BatchMatMulV2", [4, 6], product("BatchMatMulV2", { adj_y: b(false) }, "x", "w"), [6, 4], [0, 6]],
    ["BatchMatMulV2 of a batch", [2, 3, 4], product("BatchMatMulV2", {}, "x", "w"), [2, 3, 4], [0, 1]],
    ["Identity before Conv2D", [1, 1, 6, 4], through("Identity"), [4, 6, 1, 1], [0, 4, 8]],
    ["ExpandDims before Conv2D", [1, 6, 4], through("ExpandDims"), [4, 6, 1], [0, 4, 8]],
    ["a Conv2D that it is the image of", [1, 2, 3, 4], conv("Conv2D", "w", "k"), [1, 2, 3, 4], [0, 1, 2]],
    ["Add", [1, 2, 3, 4], conv("AddV2", "x", "w"), [1, 2, 3, 4], [0, 1, 2]],
  ])("%s", (_, shape, nodes, expected, first) => {
    const tensor = graph({ name: "w", shape, dtype: "float32" }, nodes, bytesOf(values)).get("w")!;
    expect(tensor.shape).toEqual(expected);
    expect([...tensor.read().data.slice(0, first.length)]).toEqual(first);
    expect(tensor.read().shape).toEqual(expected);
  });

  test("and if consumers disagree, reading fails", () => {
    const nodes = [
      ...product("MatMul", {}, "x", "w"),
      { name: "z", op: "MatMul", input: ["x", "w"], attr: { transpose_b: b(true) } },
    ];
    const tensor = graph({ name: "w", shape: [4, 6], dtype: "float32" }, nodes, bytesOf(values)).get("w")!;
    expect(() => tensor.read()).toThrow(/"w" is used in different layouts/);
  });

  test("cycles of identities end", () => {
    const circle = [
      { name: "i", op: "Identity", input: ["i"] },
      { name: "y", op: "Conv2D", input: ["x", "i"] },
    ];
    expect(graph({ name: "w", shape: [24], dtype: "float32" }, circle, bytesOf(values)).get("w")!.shape).toEqual([24]);
  });
});

test("layers models: the class of the layer determines the layout", () => {
  const layer = (class_name: string, name: string, config: object = {}) => ({
    class_name,
    config: { name, ...config },
  });
  const layers = [
    layer("Conv2D", "conv2d_Conv2D1"),
    layer("DepthwiseConv2D", "depth"),
    layer("SeparableConv2D", "sep"),
    layer("Conv2DTranspose", "up"),
    layer("BatchNormalization", "bn"),
    layer("Functional", "inner", { layers: [layer("Conv2D", "conv")] }),
    { class_name: "TimeDistributed", config: { name: "steps", layer: layer("Dense", "dense_1") } },
    layer("LSTM", "lstm"),
    layer("Dense", "a/b"),
  ];
  const weights: readonly (readonly [string, number[], number[]])[] = [
    ["conv2d_Conv2D1/kernel", [1, 1, 2, 3], [3, 2, 1, 1]],
    ["conv2d_Conv2D1/bias", [3], [3]],
    ["depth/depthwise_kernel", [3, 3, 4, 2], [8, 1, 3, 3]],
    ["sep/depthwise_kernel", [3, 3, 8, 1], [8, 1, 3, 3]],
    ["sep/pointwise_kernel", [1, 1, 8, 5], [5, 8, 1, 1]],
    ["up/kernel", [2, 2, 3, 5], [5, 3, 2, 2]],
    ["bn/moving_mean", [3], [3]],
    ["inner/conv/kernel", [1, 1, 3, 2], [2, 3, 1, 1]],
    ["steps/kernel", [2, 3], [3, 2]],
    ["lstm/kernel", [2, 12], [2, 12]],
    ["a/b/kernel", [5, 2], [2, 5]],
  ];
  const bytes = new Uint8Array(4 * weights.reduce((sum, [, shape]) => sum + count(shape), 0));
  const manifest = [{ paths: ["x"], weights: weights.map(([name, shape]) => ({ name, shape, dtype: "float32" })) }];
  const sequential = { class_name: "Sequential", config: { name: "s", layers } };
  for (const modelTopology of [
    sequential,
    { model_config: sequential },
    { class_name: "Sequential", config: layers },
  ]) {
    const source = readTfjsModel({ modelTopology, weightsManifest: manifest }, () => bytes);
    expect([...source.values()].map(({ name, shape }) => [name, shape])).toEqual(
      weights.map(([name, , shape]) => [name, shape]),
    );
  }
});

describe("refuses", () => {
  const model = (weight: object, topology: object = { node: [] }) => ({
    modelTopology: topology,
    weightsManifest: [{ paths: ["x"], weights: [{ name: "w", shape: [2], dtype: "float32", ...weight }] }],
  });
  test.each<[string, unknown, number, RegExp]>([
    ["null", null, 8, /not a model.json/],
    ["another JSON", { weights: [] }, 8, /no weightsManifest/],
    ["no topology", { weightsManifest: [] }, 8, /no modelTopology/],
    ["a path that is a number", { ...model({}), weightsManifest: [{ paths: [1] }] }, 8, /path .* is not a string/],
    ["a tensor without a name", model({ name: 1 }), 8, /has no name/],
    ["an unknown dtype", model({ dtype: "float64" }), 8, /unknown dtype/],
    ["a dtype off the prototype", model({ dtype: "constructor" }), 8, /unknown dtype/],
    ["a negative size", model({ shape: [-1] }), 8, /invalid shape/],
    ["a huge size", model({ shape: [2 ** 40, 2 ** 40] }), 8, /invalid shape/],
    ["more than there is", model({ shape: [3] }), 8, /end inside tensor "w": is one truncated or missing/],
    ["less than there is", model({ shape: [1] }), 8, /4 bytes at the end of the shards "x"/],
    ["an unknown quantisation", model({ quantization: { dtype: "int4" } }), 8, /unknown quantization/],
    ["quantisation without a scale", model({ quantization: { dtype: "uint8", min: 0 } }), 2, /quantization/],
    [
      "a quantised bool",
      model({ dtype: "bool", quantization: { dtype: "uint8", min: 0, scale: 1 } }),
      2,
      /quantization/,
    ],
    ["float16 of int32", model({ dtype: "int32", quantization: { dtype: "float16" } }), 4, /quantization/],
    ["endless strings", model({ dtype: "string", shape: [2 ** 30] }), 8, /end inside tensor "w"/],
    [
      "a name twice",
      { ...model({}), weightsManifest: [...model({}).weightsManifest, ...model({}).weightsManifest] },
      8,
      /"w" twice/,
    ],
  ])("%s", (_, json, size, message) => {
    expect(() => readTfjsModel(json, () => new Uint8Array(size))).toThrow(DataError);
    expect(() => readTfjsModel(json, () => new Uint8Array(size))).toThrow(message);
  });

  test("strings only when they are read", () => {
    const weights = [
      { name: "s", shape: [2], dtype: "string" },
      { name: "w", shape: [1], dtype: "bool" },
    ];
    const bytes = Uint8Array.of(2, 0, 0, 0, 65, 66, 0, 0, 0, 0, 1);
    const source = readTfjsModel(
      { modelTopology: { node: [] }, weightsManifest: [{ paths: ["x"], weights }] },
      () => bytes,
    );
    expect([...source.get("w")!.read().data]).toEqual([1]);
    expect(() => source.get("s")!.read()).toThrow(/"s" has dtype STRING/);
  });
});
