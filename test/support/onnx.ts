/** @file Runs ONNX models, and the nodes that primitives emit. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as ort from "onnxruntime-node";
import { contentOf } from "../../src/codegen/content.ts";
import { emitOnnx } from "../../src/codegen/onnx/emit.ts";
import { OnnxNodes } from "../../src/codegen/onnx/emitter.ts";
import { irVersion, metadataKeys, operatorSet } from "../../src/codegen/onnx/format.ts";
import { Names } from "../../src/codegen/onnx/names.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { dtypeNames, typedArrays, type DType, type NdArray } from "../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { openOnnx } from "../../src/node/onnx-engine.ts";
import { plan } from "../../src/plan/plan.ts";
import { storedArrays } from "../../src/plan/prepared.ts";
import type { OnnxWire } from "../../src/primitives/onnx/emitter.ts";
import { decode, encode } from "../../src/protobuf/message.ts";
import { dataTypes, GraphProto, ModelProto } from "../../src/protobuf/onnx.ts";
import type { Sizes } from "../../src/sizes/sizes.ts";
import { info } from "./run.ts";

type Arrays = Readonly<Record<string, NdArray>>;

/** Loads a model, runs it once, and releases it. */
export async function runOnnx(bytes: Uint8Array, inputs: Arrays, names: readonly string[]): Promise<Arrays> {
  const session = await openOnnx(bytes, names);
  try {
    return await session.run(inputs);
  } finally {
    await session.release();
  }
}

/** Nodes that run on their own. Every input is given, and every size is that of an input. */
export class OnnxProbe {
  readonly e: OnnxNodes;
  readonly #inputs = new Map<string, NdArray>();
  readonly #outputs: { readonly name: string; readonly dtype: DType }[] = [];
  readonly #names = new Names();
  readonly #variables = new Map<string, OnnxWire>();

  /** `sizeOf` returns the value of a variable. */
  constructor(sizes: Sizes, sizeOf: (variable: string) => number) {
    this.e = new OnnxNodes(sizes, this.#names, ({ name }) => {
      let wire = this.#variables.get(name);
      if (wire === undefined) {
        const given = this.input({ dtype: "i32", shape: [sizeOf(name)], data: new Int32Array(sizeOf(name)) });
        this.#variables.set(name, (wire = this.e.node("Shape", [given])));
      }
      return wire;
    });
  }

  input(array: NdArray): OnnxWire {
    const name = this.#names.take("input");
    this.#inputs.set(name, array);
    return this.e.input(name);
  }

  output(wire: OnnxWire, dtype: DType): void {
    const name = this.#names.take("output");
    this.e.call(this.e.node("Identity", [wire]), name);
    this.#outputs.push({ name, dtype });
  }

  async run(): Promise<NdArray[]> {
    const { nodes, initializers } = this.e.finish();
    const port = (name: string, dtype: DType, rank?: number) => ({
      name,
      type: {
        tensorType: {
          elemType: dataTypes[dtype],
          ...(rank !== undefined && { shape: { dim: Array.from({ length: rank }, () => ({})) } }),
        },
      },
    });
    const bytes = encode(ModelProto, {
      irVersion,
      graph: encode(GraphProto, {
        node: nodes,
        name: "probe",
        initializer: initializers.map(({ name, shape, dtype, ...rest }) => ({
          name,
          dims: shape,
          dataType: dataTypes[dtype],
          rawData: contentOf({
            dtype,
            data: "data" in rest ? rest.data : storedArrays([rest.prepared], noWeight).get(rest.prepared)!.data,
          }),
        })),
        input: [...this.#inputs].map(([name, { dtype, shape }]) => port(name, dtype, shape.length)),
        output: this.#outputs.map(({ name, dtype }) => port(name, dtype)),
      }),
      opsetImport: [{ domain: "", version: operatorSet }],
    });
    const [results] = await runSession(bytes, [Object.fromEntries(this.#inputs)]);
    return this.#outputs.map(({ name }) => results![name]!);
  }
}

/** Runs a model unchanged, without Fuse's own engine. */
export async function runSession(bytes: Uint8Array, runs: readonly Arrays[]): Promise<Record<string, NdArray>[]> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const made: Record<string, NdArray>[] = [];
  for (const inputs of runs) {
    const feeds = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      return [name, new ort.Tensor(dtypeNames[dtype], typedArrays[dtype].from(data), shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    made.push(Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, arrayOf(name, tensor)])));
  }
  await session.release();
  return made;
}

function arrayOf(name: string, { type, dims, data }: ort.Tensor): NdArray {
  const dtype = (Object.keys(dtypeNames) as DType[]).find((key) => dtypeNames[key] === type);
  if (dtype === undefined) throw new Error(`${name} is of ${type}`);
  return { dtype, shape: dims, data: Float64Array.from(data as Float32Array) };
}

/** Returns the ONNX file of a graph with these weights; throws if ONNX cannot express it. */
export function onnxOf(graph: ModelGraph, weights: Arrays): Uint8Array {
  const emission = emitOnnx([{ plan: plan(graph, onnxProfile), load: (path) => weights[path]! }], info);
  if ("files" in emission) return emission.files[0]!.bytes;
  throw new Error(
    "unsupported" in emission ? emission.unsupported.map(({ reason }) => reason).join("; ") : "too large",
  );
}

/** Returns the graph in a file. */
export function graphIn(bytes: Uint8Array): GraphProto {
  return decode(GraphProto, decode(ModelProto, bytes).graph!);
}

/** Forges a changed file whose content hash is correct. */
export function reseal(parts: ModelProto, change: (model: string) => string = (model) => model): Uint8Array {
  const model = parts.metadataProps!.find(({ key }) => key === metadataKeys.model)!.value!;
  const rest = { ...parts, metadataProps: [{ key: metadataKeys.model, value: change(model) }] };
  const content = bytesToHex(sha256(encode(ModelProto, rest)));
  return encode(ModelProto, {
    ...rest,
    metadataProps: [...rest.metadataProps, { key: metadataKeys.content, value: content }],
  });
}

function noWeight(path: string): never {
  throw new Error(`a primitive has no weight ${path}`);
}
