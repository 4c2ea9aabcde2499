/** @file Runs ONNX models and what primitives write of them. */
import * as ort from "onnxruntime-node";
import { contentOf } from "../../src/codegen/onnx/content.ts";
import { OnnxNodes } from "../../src/codegen/onnx/emitter.ts";
import { Names } from "../../src/codegen/onnx/names.ts";
import type { DType, NdArray } from "../../src/ir/ndarray.ts";
import type { Sizes } from "../../src/ir/size.ts";
import type { OnnxWire } from "../../src/primitives/onnx.ts";
import { encode } from "../../src/protobuf/message.ts";
import { dataTypes, GraphProto, ModelProto } from "../../src/protobuf/onnx.ts";
import { evaluate } from "../../src/weights/prepare.ts";

type Arrays = Readonly<Record<string, NdArray>>;

/** Nodes that are run by themselves: every input is given, every size that is asked for is that of an input. */
export class OnnxProbe {
  readonly e: OnnxNodes;
  readonly #inputs = new Map<string, NdArray>();
  readonly #outputs: { readonly name: string; readonly dtype: DType }[] = [];
  readonly #names = new Names();
  readonly #variables = new Map<string, OnnxWire>();

  /** `sizeOf` is the number that a variable is. */
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
      irVersion: 9,
      graph: encode(GraphProto, {
        node: nodes,
        name: "probe",
        initializer: initializers.map(({ name, shape, dtype, ...rest }) => ({
          name,
          dims: shape,
          dataType: dataTypes[dtype],
          rawData: contentOf({
            dtype,
            shape,
            data: "data" in rest ? rest.data : evaluate(rest.prepare, noWeight).data,
          }),
        })),
        input: [...this.#inputs].map(([name, { dtype, shape }]) => port(name, dtype, shape.length)),
        output: this.#outputs.map(({ name, dtype }) => port(name, dtype)),
      }),
      opsetImport: [{ domain: "", version: 20 }],
    });
    const results = await runSession(bytes, Object.fromEntries(this.#inputs));
    return this.#outputs.map(({ name }) => results[name]!);
  }
}

const stored = { f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const;
const types = { f32: "float32", i32: "int32", bool: "bool" } as const satisfies Record<DType, string>;

/** Runs a model once, as it stands: without Fuse's own engine. */
export async function runSession(bytes: Uint8Array, inputs: Arrays): Promise<Record<string, NdArray>> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const feeds = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
    return [name, new ort.Tensor(types[dtype], stored[dtype].from(data), shape)] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => {
      const dtype = (Object.keys(types) as DType[]).find((key) => types[key] === type);
      if (dtype === undefined) throw new Error(`${name} is of ${type}`);
      return [name, { dtype, shape: dims, data: Float64Array.from(data as Float32Array) }];
    }),
  );
}

function noWeight(path: string): never {
  throw new Error(`a primitive has no weight ${path}`);
}
