/** @file The order of features after a flatten: found in the topology of a tfjs model, and brought into the program's. */
import { describe, expect, test } from "vitest";
import type { ManifestEntry } from "../../src/contract/manifest.ts";
import { unflatten, type Flattened } from "../../src/weights/flatten.ts";
import { flattenedRows } from "../../src/weights/tfjs-flatten.ts";

const last = (channels: number | undefined): Flattened => ({ kind: "channels-last", channels });

/** One output and features named and sized like `c: 2, h: 3`. */
function entry(features: string): ManifestEntry {
  const axes = features.split(", ").map((text) => {
    const [axis, size] = text.split(": ");
    return [`${axis!}'`, Number(size)] as const;
  });
  return {
    path: "fc.weight",
    groups: [[["k", 1]], axes],
    init: { kind: "constant", value: 0 },
    fan: { in: 1, out: 1 },
    at: "net.fuse:3",
  };
}

/** Returns where each feature of the program is in the source. */
function places(features: string, flattened: Flattened): number[] {
  const wanted = entry(features);
  const count = wanted.groups[1]!.reduce((product, [, size]) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, i) => i);
  return [...unflatten(wanted, "fc/kernel", { dtype: "f32", shape: [1, count], data }, flattened).data];
}
const inOrder = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("features", () => {
  test.each<[string, Flattened, number[]]>([
    ["h: 2, w: 2, c: 2", last(2), inOrder(8)],
    ["c: 2, h: 2, w: 2", last(2), [0, 2, 4, 6, 1, 3, 5, 7]],
    ["w: 2, h: 2, c: 1", last(1), [0, 2, 1, 3]],
    ["c: 3, h: 1, w: 2", last(3), [0, 3, 1, 4, 2, 5]],
    ["c: 2, h: 2, w: 1", last(undefined), [0, 2, 1, 3]],
    // The sizes say which axis holds the channels.
    ["e: 3, t: 2", last(3), [0, 3, 1, 4, 2, 5]],
    ["t: 2, e: 3", last(3), inOrder(6)],
    ["c: 2, t: 2", last(2), [0, 2, 1, 3]],
    // Nothing to mix up.
    ["d: 6", last(1), inOrder(6)],
    ["d: 6", last(undefined), inOrder(6)],
    ["c: 6, h: 1, w: 1", last(6), inOrder(6)],
  ])("[%s] of %j", (features, flattened, expected) => {
    expect(places(features, flattened)).toEqual(expected);
  });

  test.each<[string, Flattened]>([
    ["d: 6", last(3)],
    ["c: 3, h: 2", last(2)],
    ["h: 2, w: 3", last(3)],
    ["t: 2, e: 2", last(2)],
    ["t: 2, e: 3", last(undefined)],
    ["x: 2, y: 2, c: 3", last(3)],
    ["h: 2, w: 2, c: 2", { kind: "unclear" }],
  ])("[%s] of %j are refused", (features, flattened) => {
    expect(() => places(features, flattened)).toThrow(
      /^tensor "fc\/kernel" takes features that a Flatten made in .*at net\.fuse:3/,
    );
  });
});

const layer = (class_name: string, config: object = {}, before?: string[]) => ({
  class_name,
  name: (config as { name?: string }).name,
  config,
  ...(before === undefined
    ? {}
    : { inbound_nodes: before.length === 0 ? [] : [before.map((name) => [name, 0, 0, {}])] }),
});
const input = layer("InputLayer", { name: "in", batch_input_shape: [null, 4, 4, 1] });
const conv = layer("Conv2D", { name: "conv", filters: 6 });
const flatten = layer("Flatten", { name: "flat" });
const dense = layer("Dense", { name: "fc", units: 10 });
const sequential = (...layers: object[]) => ({ class_name: "Sequential", config: { name: "net", layers } });
const rows = (topology: object, kernel: readonly number[] = [96, 10]) =>
  Object.fromEntries(flattenedRows(topology, (name) => (name === "fc/kernel" ? kernel : undefined)));

describe("layers models", () => {
  test.each<[string, object[], Flattened | undefined]>([
    ["a flatten after a convolution", [input, conv, flatten, dense], last(6)],
    [
      "with layers between",
      [input, conv, layer("MaxPooling2D"), flatten, layer("Dropout"), layer("ReLU"), dense],
      last(6),
    ],
    ["a reshape to one axis", [input, conv, layer("Reshape", { target_shape: [-1] }), dense], last(6)],
    [
      "a depthwise convolution",
      [input, conv, layer("DepthwiseConv2D", { depth_multiplier: 2 }), flatten, dense],
      last(12),
    ],
    ["of the input", [input, flatten, dense], last(1)],
    ["of a layer that Fuse does not know", [input, layer("Mystery"), flatten, dense], last(undefined)],
    ["after a permutation", [input, conv, layer("Permute", { dims: [3, 1, 2] }), flatten, dense], { kind: "unclear" }],
    ["a global average", [input, conv, layer("GlobalAveragePooling2D"), dense], undefined],
    ["a dense layer over the channels", [input, conv, dense], undefined],
    ["a second dense layer", [input, conv, flatten, layer("Dense", { name: "first", units: 96 }), dense], undefined],
    [
      "channels first",
      [input, layer("Conv2D", { filters: 6, data_format: "channels_first" }), flatten, dense],
      undefined,
    ],
  ])("%s", (_, layers, expected) => {
    expect(rows(sequential(...layers))["fc/kernel"]).toEqual(expected);
  });

  test("1 x 1 images have one order", () => {
    expect(rows(sequential(input, conv, flatten, dense), [6, 10])).toEqual({});
  });

  const functional = (...layers: object[]) => ({
    class_name: "Functional",
    config: { name: "net", layers, output_layers: [["fc", 0, 0]] },
  });
  const start = layer("InputLayer", { name: "in", batch_input_shape: [null, 4, 4, 1] }, []);
  const branch = (name: string, filters: number) => layer("Conv2D", { name, filters }, ["in"]);

  test("a graph of layers", () => {
    const layers = [start, branch("a", 2), branch("b", 4)];
    const joined = layer("Concatenate", { name: "join" }, ["a", "b"]);
    const flat = (before: string, name = "flat") => layer("Flatten", { name }, [before]);
    const fc = (before: string) => layer("Dense", { name: "fc", units: 10 }, [before]);
    expect(rows(functional(...layers, joined, flat("join"), fc("flat")))).toEqual({ "fc/kernel": last(6) });
    expect(rows(functional(...layers, flat("b"), fc("flat")))).toEqual({ "fc/kernel": last(4) });
    const flats = [flat("a", "fa"), flat("b", "fb"), layer("Concatenate", { name: "join" }, ["fa", "fb"])];
    expect(rows(functional(...layers, ...flats, fc("join")))).toEqual({ "fc/kernel": { kind: "unclear" } });
  });

  test("the notation of Keras 3", () => {
    const after = (class_name: string, config: { name: string }, before: string) => ({
      class_name,
      name: config.name,
      config,
      inbound_nodes: [
        { args: [{ class_name: "__keras_tensor__", config: { shape: [null], keras_history: [before, 0, 0] } }] },
      ],
    });
    const layers = [
      start,
      after("Conv2D", { name: "conv", ...{ filters: 6 } }, "in"),
      after("Flatten", { name: "flat" }, "conv"),
    ];
    expect(rows(functional(...layers, after("Dense", { name: "fc" }, "flat")))).toEqual({ "fc/kernel": last(6) });
  });

  test("a model inside another", () => {
    expect(rows(sequential(input, sequential(conv, layer("ReLU")), flatten, dense))).toEqual({ "fc/kernel": last(6) });
    expect(rows(sequential(input, conv, sequential(flatten, dense)))).toEqual({ "fc/kernel": last(6) });
  });
});

describe("graph models", () => {
  const shapes: Readonly<Record<string, readonly number[]>> = {
    w1: [3, 3, 1, 6],
    shape: [2],
    w2: [96, 10],
    small: [6, 10],
  };
  const node = (name: string, op: string, ...input: string[]) => ({ name, op, input });
  const found = (...nodes: object[]) => Object.fromEntries(flattenedRows({ node: nodes }, (name) => shapes[name]));
  const constants = Object.keys(shapes).map((name) => node(name, "Const"));
  const convolved = [
    ...constants,
    node("x", "Placeholder"),
    node("read", "Identity", "w1"),
    node("conv", "_FusedConv2D", "x", "read"),
  ];

  test("a reshape between a convolution and a matrix", () => {
    const end = [node("flat", "Reshape", "pool", "shape"), node("fc", "_FusedMatMul", "flat", "w2")];
    expect(found(...convolved, node("pool", "MaxPool", "conv"), ...end)).toEqual({ w2: last(6) });
  });

  test("a matrix over the channels of every position", () => {
    expect(
      found(...convolved, node("flat", "Reshape", "conv", "shape"), node("fc", "MatMul", "flat", "small")),
    ).toEqual({});
  });

  test("an average of all positions", () => {
    expect(found(...convolved, node("mean", "Mean", "conv", "axes"), node("fc", "MatMul", "mean", "w2"))).toEqual({});
  });
});
