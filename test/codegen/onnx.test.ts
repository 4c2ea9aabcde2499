/** @file ONNX files: the systems against PyTorch, the information in a file, and hostile files. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { emitOnnx } from "../../src/codegen/onnx/emit.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { isOnnxOfFuse, readOnnx } from "../../src/codegen/onnx/read.ts";
import { build, buildFactory, buildPlans } from "../../src/compile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { plan } from "../../src/plan/plan.ts";
import { decode, encode } from "../../src/protobuf/message.ts";
import { GraphProto, ModelProto, type NodeProto } from "../../src/protobuf/onnx.ts";
import { instantiate, model } from "../../src/runtime/node/index.ts";
import { matchWeights, type MatchOptions } from "../../src/weights/match.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { graphIn, onnxOf, reseal, runOnnx, runSession } from "../support/onnx.ts";
import { info } from "../support/run.ts";
import { randomShapes } from "../support/shapes.ts";
import { goldenBytes, goldenTensors, systems, systemText } from "../support/systems.ts";
import { download, upload } from "../support/tensors.ts";

type Arrays = Readonly<Record<string, NdArray>>;

/** All transposes in the systems' files. */
const transposes: Readonly<Record<string, readonly string[]>> = {
  // q, k and v are laid out as [n, head, e, t]. Turning q, v and the result moves less than a softmax over columns.
  "attention-reduce": ["attention/transpose", "attention/transpose_1", "transpose"],
};

const built = systems.map((system) => ({ ...system, graph: graphOf(systemText(system.file), system.settings) }));

/** Returns the weights of a plan from a safetensors file. */
function weightsIn(file: Uint8Array, planned: ReturnType<typeof plan>, options: MatchOptions): Arrays {
  const { tensors, problems } = matchWeights(planned.manifest, readSafetensors(file), options);
  expect(problems.missing).toEqual([]);
  return Object.fromEntries([...tensors].map(([path, read]) => [path, read()]));
}

describe.each(built)("$file", ({ file, graph }) => {
  const planned = plan(graph, onnxProfile);
  const weights = weightsIn(goldenBytes(file), planned, { prefix: "param" });
  const bytes = onnxOf(graph, weights);

  test("gives PyTorch's outputs", async () => {
    const wanted = goldenTensors(file, "out");
    const got = await runOnnx(
      bytes,
      goldenTensors(file, "in"),
      graph.results.map(({ name }) => name),
    );
    for (const [name, want] of Object.entries(wanted)) expect(difference(got[name]!, want, 1e-4), name).toBe(undefined);
  });

  test("gives the interpreter's at other sizes", async () => {
    const { weights, samples } = prepareCase(file, graph, randomShapes(graph.guard, seeded(1), 3, 9));
    const results = await runSession(
      onnxOf(graph, weights),
      samples.map(({ inputs }) => inputs),
    );
    samples.forEach(({ want }, run) => {
      for (const [name, array] of Object.entries(want))
        expect(difference(results[run]![name]!, array, 1e-4), name).toBe(undefined);
    });
  });

  test("has only the listed transposes, and the weights under their paths", () => {
    const { node = [], initializer = [] } = graphIn(bytes);
    const found = node.filter(({ opType }) => opType === "Transpose");
    expect(found.flatMap(({ output }) => output!)).toEqual(transposes[file] ?? []);
    // A weight used in two ways appears twice, the second time with a number. BatchNorm's statistics are folded into
    // other weights.
    const paths = graph.weights.map(({ path }) => path);
    const names = initializer.map(({ name = "" }) => (paths.includes(name) ? name : name.replace(/_\d+$/, "")));
    const known = names.filter((name) => paths.includes(name));
    expect(names.filter((name) => !known.includes(name) && name !== "constant")).toEqual([]);
    expect(known.length).toBeGreaterThanOrEqual(Math.min(1, paths.length));
  });

  test("always gives the same bytes", () => {
    const again = graphOf(systemText(file), systems.find((system) => system.file === file)!.settings);
    expect(Buffer.compare(onnxOf(again, weights), bytes)).toBe(0);
  });
});

test("attention is only its products: biases and scales are in the channel maps", () => {
  const { graph } = built.find(({ file }) => file === "attention-reduce")!;
  const { node = [] } = graphIn(onnxOf(graph, prepareCase("", graph, randomShapes(graph.guard, seeded(1), 1)).weights));
  const computing = node.map(({ opType }) => opType!).filter((op) => !["Reshape", "Shape", "Concat"].includes(op));
  expect(computing.join(" ")).toBe("Conv Conv Conv Transpose MatMul Softmax Transpose MatMul Transpose Conv Conv");
});

describe.each([
  // One for each input and each result with channels last. Everything else is laid out as needed.
  {
    file: "background-blur",
    weights: { Selfie: { prefix: "network" }, BackgroundBlur: {} },
    most: { Selfie: 1, BackgroundBlur: 2 },
  },
  { file: "emotion", weights: { Emotion: {}, Portrait: {} }, most: { Emotion: 0, Portrait: 0 } },
])("examples/$file", ({ file, weights: options, most }) => {
  const path = `examples/${file}/${file}.fuse`;
  const stored = readFileSync(`examples/${file}/${file}.safetensors`);
  const program = programOf(readFileSync(path, "utf8"), {}, path);
  const { value: modules } = buildPlans(program);
  const plans = buildPlans(program, { target: "onnx" }).value!;
  const loaded = plans.map((planned) => {
    const optionsOf = (options as Readonly<Record<string, MatchOptions>>)[planned.graph.name]!;
    return { plan: planned, weights: weightsIn(stored, planned, optionsOf), options: optionsOf };
  });
  const { value: files } = build(program, "onnx", plans, {
    weights: (path, name) => loaded.find(({ plan }) => plan.graph.name === name)!.weights[path]!,
  });

  beforeAll(() => useBackend("wasm"));

  test("has a file for each model", () => {
    expect(files!.map(({ path }) => path)).toEqual(plans.map(({ graph }) => `${file}-${graph.name}.onnx`));
  });

  test.each(plans.map(({ graph }, i) => [graph.name, i] as const))("%s agrees with the ES module", async (name, i) => {
    const { graph } = plans[i]!;
    const { bytes } = files![i]!;
    const found = graphIn(bytes).node!.filter(({ opType }) => opType === "Transpose");
    expect(found).toHaveLength((most as Readonly<Record<string, number>>)[name]!);
    const sizes = { n: 1, h: 300, w: 310 } as Readonly<Record<string, number>>;
    const inputs = Object.fromEntries(
      graph.guard.inputs.map(({ name, dtype, axes }) => {
        const shape = axes.map(({ size }) => (typeof size === "string" ? sizes[size]! : Number(size)));
        return [name, randomArray(seeded(i), dtype, shape, { range: [0, 1] })];
      }),
    );
    const models = await instantiate(buildFactory(program, modules!), path, model);
    const module = await models[name]!.load(new Uint8Array(stored), loaded[i]!.options);
    const tensors = Object.fromEntries(Object.entries(inputs).map(([key, array]) => [key, upload(array)]));
    const wanted = module.run(tensors);
    const got = await runOnnx(bytes, inputs, Object.keys(wanted));
    for (const [key, tensor] of Object.entries(wanted))
      expect(difference({ ...got[key]! }, download(tensor), 1e-4), key).toBe(undefined);
    tf.dispose([tensors, wanted]);
    module.dispose();
  });
});

const small = `fuse 1
## Halves an image.
model Halve(image: [n, h: 2*k, w, c: 3], width: int = 4) -> (y: [n, h: k, w: ceil(w/2), c: width], image: [n, h: 2*k, w, c: 3]) where w >= 2 {
  y = image |> conv(c: width, kernel: 3, stride: 2, pad: 1) @stem |> relu
  return y, abs(image)
}`;
const smallGraph = graphOf(small);
const smallCase = prepareCase("small", smallGraph, randomShapes(smallGraph.guard, seeded(5), 3));
const smallBytes = onnxOf(smallGraph, smallCase.weights);

const never = (): never => {
  throw new Error("a weight is read");
};

describe("a file", () => {
  test("has the declared layout at its boundary, with the author's names of sizes", () => {
    const { input = [], output = [], name, docString } = graphIn(smallBytes);
    const dims = (ports: typeof input) =>
      ports.map(({ name, type, docString }) => ({
        name,
        dims: type!.tensorType!.shape!.dim!.map(({ dimValue, dimParam }) => dimValue ?? dimParam),
        docString,
      }));
    expect({ name, docString }).toEqual({ name: "Halve", docString: "Halves an image." });
    expect(dims(input)).toEqual([{ name: "image", dims: ["n", "2*k", "w", 3], docString: "n, h: 2*k, w, c: 3" }]);
    // A name belongs to one value. The second result has the name of the input.
    expect(dims(output)).toEqual([
      { name: "y", dims: ["n", "k", "ceil(w/2)", 4], docString: "n, h, w, c" },
      { name: "image_1", dims: ["n", "2*k", "w", 3], docString: "n, h, w, c" },
    ]);
  });

  test("names values and nodes as the program does, uniquely, with their source lines", () => {
    const { node = [] } = graphIn(smallBytes);
    const outputs = node.flatMap(({ output }) => output!);
    expect(new Set(outputs).size).toBe(outputs.length);
    expect(new Set(node.map(({ name }) => name)).size).toBe(node.length);
    expect(outputs).toEqual(["transpose", "conv", "y_1", "image_1", "y"]);
    expect(node.map(({ opType, docString }) => `${opType} ${docString}`)).toEqual([
      "Transpose main.fuse:4",
      "Conv main.fuse:4",
      "Relu main.fuse:4",
      "Abs main.fuse:5",
      "Transpose main.fuse:4",
    ]);
  });

  test("records its program, and runs at every size that the guard accepts", async () => {
    const { info: found, outputs } = readOnnx(smallBytes);
    expect(found).toEqual({
      ...info,
      model: "Halve",
      guard: JSON.parse(JSON.stringify(smallGraph.guard)) as unknown,
      results: [
        { name: "y", dtype: "f32", axes: ["n", "h", "w", "c"] },
        { name: "image", dtype: "f32", axes: ["n", "h", "w", "c"] },
      ],
    });
    expect(outputs).toEqual(["y", "image_1"]);
    for (const { inputs, want } of smallCase.samples) {
      const got = await runOnnx(smallBytes, inputs, ["y", "image"]);
      expect(difference(got["y"]!, want["y"]!, 1e-4) ?? difference(got["image"]!, want["image"]!, 0)).toBe(undefined);
    }
  });

  test("is not written if ONNX cannot express something: all of it is reported, with its place", () => {
    // A profile that promises too much.
    const variants = new Set([...onnxProfile.variants, "pool.symbolic-window" as const]);
    const graph = graphOf(
      "fuse 1\nmodel Pools(x: [n, c, h: 2*k, w: 2*l]) -> (y: [n, c, h: 2, w: 2]) {\n  return adaptive_avgpool(x, h: 2, w: 2)\n}",
    );
    const emission = emitOnnx([{ plan: plan(graph, { ...onnxProfile, variants }), load: never }], info);
    const unsupported = "unsupported" in emission ? emission.unsupported : [];
    expect(unsupported.map(({ primitive, reason }) => `${primitive}: ${reason}`)).toEqual([
      "pool: the size k would have to be known at build time",
    ]);
    expect(unsupported[0]!.origin!.span.source.path).toBe("main.fuse");
  });

  test("with more than two gigabytes is rejected before a weight is read", () => {
    const graph = graphOf(
      "fuse 1\nmodel Big(x: [n, c: 30000]) -> (y: [n, c: 30000]) { return linear(x, c: 30000) @fc }",
    );
    const emission = emitOnnx([{ plan: plan(graph, onnxProfile), load: never }], info);
    expect("tooLarge" in emission && emission.tooLarge).toBeGreaterThan(3.6e9);
  });
});

describe("without ONNX Runtime", () => {
  afterEach(() => {
    vi.doUnmock("onnxruntime-node");
    vi.resetModules();
  });

  test("one line says what to install", async () => {
    vi.resetModules();
    vi.doMock("onnxruntime-node", () => {
      throw new Error("no such package");
    });
    const { openOnnx } = await import("../../src/node/onnx-engine.ts");
    await expect(openOnnx(smallBytes, [])).rejects.toMatchObject({
      name: "DataError",
      message: expect.stringMatching(/^ONNX Runtime [^\n]+ npm install onnxruntime-node$/) as string,
    });
  });
});

describe("a forged or damaged file", () => {
  const parts = decode(ModelProto, smallBytes);
  const graph = decode(GraphProto, parts.graph!);
  const first = graph.node![0]!;
  const sealed = (changed: typeof graph) => reseal({ ...parts, graph: encode(GraphProto, changed) });
  const complaint = (bytes: Uint8Array): string => {
    try {
      readOnnx(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: "DataError" });
      return (error as Error).message;
    }
    return "";
  };

  test("is rejected wherever it is truncated, and whichever bit is flipped", () => {
    for (let length = 0; length < smallBytes.length; length += 1 + Math.floor(length / 90))
      expect(complaint(smallBytes.subarray(0, length)), `${length} bytes`).toMatch(/^[^\n]+$/);
    const random = seeded(3);
    for (let flip = 0; flip < 500; flip++) {
      const bytes = smallBytes.slice();
      const at = Math.floor(random() * bytes.length);
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      expect(complaint(bytes), `byte ${at}`).toMatch(/^[^\n]+$/);
    }
  });

  test.each<readonly [string, () => Uint8Array, RegExp]>([
    ["is empty", () => new Uint8Array(), /not built by Fuse/],
    ["is text", () => new TextEncoder().encode("fuse 1\n"), /not an ONNX file|not built by Fuse/],
    ["has another producer", () => encode(ModelProto, { ...parts, producerName: "pytorch" }), /not built by Fuse/],
    [
      "has another operator set",
      () => encode(ModelProto, { ...parts, opsetImport: [{ version: 17 }] }),
      /another version/,
    ],
    [
      "has an operator that Fuse does not write",
      () => sealed({ ...graph, node: [{ ...first, opType: "If" }] }),
      /"If"/,
    ],
    ["has another domain's operator", () => sealed({ ...graph, node: [{ ...first, domain: "evil" }] }), /operator/],
    [
      "hides an operator in a graph of a node",
      () => sealed({ ...graph, node: [nested({ opType: "Loop" })] }),
      /"Loop"/,
    ],
    ["nests graphs", () => sealed({ ...graph, node: [nested(nested(nested(nested(first))))] }), /deep/],
    [
      "refers to another file",
      () => {
        // external_data, field 13 of a tensor
        const proto = encode(GraphProto, graph);
        const bytes = Uint8Array.of(...proto, 42, 4, 106, 2, 10, 0);
        return reseal({ ...parts, graph: bytes });
      },
      /does not write/,
    ],
    ["lost an output", () => sealed({ ...graph, output: graph.output!.slice(1) }), /outputs/],
    [
      "has a guard that says nothing",
      () => reseal({ ...parts, graph: parts.graph! }, (model) => model.replace('"guard":{', '"guard":[],"other":{')),
      /guard/,
    ],
  ])("%s", (_, make, message) => {
    expect(complaint(make())).toMatch(message);
  });

  test("is a one-line error for ONNX Runtime, too", async () => {
    const [{ inputs }] = smallCase.samples as [(typeof smallCase.samples)[0]];
    const calls = [
      () => runOnnx(smallBytes.subarray(0, 300), inputs, ["y", "image"]),
      () => runOnnx(new Uint8Array(), inputs, ["y", "image"]),
      () => runOnnx(smallBytes, {}, ["y", "image"]),
      () => runOnnx(smallBytes, { image: { dtype: "i32", shape: [1], data: Int32Array.of(1) } }, ["y", "image"]),
      () => runOnnx(smallBytes, inputs, ["y"]),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({
        name: "DataError",
        message: expect.stringMatching(/^[^\n]+$/) as string,
      });
  });

  test("is not replaced", () => {
    expect(isOnnxOfFuse(smallBytes)).toBe(true);
    expect(isOnnxOfFuse(encode(ModelProto, { ...parts, producerName: "pytorch" }))).toBe(false);
    expect(isOnnxOfFuse(new Uint8Array())).toBe(false);
  });

  function nested(inner: NodeProto): NodeProto {
    const g = encode(GraphProto, { node: [inner] });
    return { ...first, attribute: [{ name: "body", g, type: 5 }] };
  }
});
