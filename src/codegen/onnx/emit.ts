/** @file Writes a plan as an ONNX model: nodes, initializers, size names, and what Fuse needs to run it again. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { elements, type NdArray } from "../../contract/ndarray.ts";
import type { Plan } from "../../plan/plan.ts";
import { storedArrays } from "../../plan/prepared.ts";
import type { PlanValue, Prepared } from "../../plan/value.ts";
import type { OnnxWire } from "../../primitives/onnx/emitter.ts";
import { encode } from "../../protobuf/message.ts";
import { dataTypes, GraphProto, ModelProto, type TensorProto, type ValueInfo } from "../../protobuf/onnx.ts";
import { lineOf } from "../../source/source.ts";
import { bytesPerElement, contentOf } from "../content.ts";
import { printModelInfo } from "../model-info.ts";
import { emitSteps, stepPath } from "../steps.ts";
import { modelInfo, programName, type Emission, type SourceInfo, type WeightedPlan } from "../target.ts";
import { OnnxNodes, type Initializer } from "./emitter.ts";
import { irVersion, metadataKeys, operatorSet, producerName } from "./format.ts";
import { Names } from "./names.ts";

/** Protobuf's limit, less a generous share for nodes and names. */
const mostBytes = 2 ** 31 - 2 ** 24;

/**
 * Returns `<program>.onnx`, or `<program>-<Model>.onnx` for each of several models. The plans are for `onnxProfile`.
 * The same plans and weights give the same bytes.
 */
export function emitOnnx(models: readonly WeightedPlan[], info: SourceInfo): Emission {
  const emitted = models.map(({ plan }) => emitNodes(plan));
  const tooLarge = Math.max(...emitted.map(({ initializers }) => bytesOf(initializers)));
  if (tooLarge > mostBytes) return { tooLarge };
  const unsupported = emitted.flatMap((nodes) => nodes.unsupported);
  if (unsupported.length > 0) return { unsupported };
  const program = programName(info.source);
  const files = models.map(({ plan, load }, i) => ({
    path: models.length === 1 ? `${program}.onnx` : `${program}-${plan.graph.name}.onnx`,
    bytes: modelFile(plan, emitted[i]!, info, load),
  }));
  return { files };
}

function bytesOf(initializers: readonly Initializer[]): number {
  return initializers.reduce((sum, { dtype, shape }) => sum + bytesPerElement[dtype] * elements(shape), 0);
}

function modelFile(
  plan: Plan,
  { nodes, initializers, outputs }: Nodes,
  info: SourceInfo,
  load: (path: string) => NdArray,
): Uint8Array {
  const { name, doc, guard, builder } = plan.graph;
  const port = (name: string, { dtype, shape }: PlanValue, docString: string): ValueInfo => {
    const dim = shape.map((size) => {
      const known = builder.sizes.constant(size);
      return known === undefined ? { dimParam: builder.sizes.print(size) } : { dimValue: Number(known) };
    });
    return { name, type: { tensorType: { elemType: dataTypes[dtype], shape: { dim } } }, docString };
  };
  const prepared = initializers.flatMap((initializer) => ("prepared" in initializer ? [initializer.prepared] : []));
  const arrays = storedArrays(prepared, load);
  const graph = encode(GraphProto, {
    node: nodes,
    name,
    initializer: initializers.map((initializer) => tensorProto(initializer, arrays)),
    ...(doc !== undefined && { docString: doc }),
    input: plan.inputs.map((input, i) =>
      port(input.name, input, guard.inputs[i]!.axes.map(({ declared }) => declared).join(", ")),
    ),
    output: plan.results.map(({ value, axes }, i) => port(outputs[i]!, value, axes.join(", "))),
  });
  const file = {
    irVersion,
    producerName,
    producerVersion: info.version,
    graph,
    opsetImport: [{ domain: "", version: operatorSet }],
    metadataProps: [{ key: metadataKeys.model, value: printModelInfo(modelInfo(plan, info)) }],
  };
  // The hash of the whole file except itself.
  const content = { key: metadataKeys.content, value: bytesToHex(sha256(encode(ModelProto, file))) };
  return encode(ModelProto, { ...file, metadataProps: [...file.metadataProps, content] });
}

function tensorProto(initializer: Initializer, arrays: ReadonlyMap<Prepared, NdArray>): TensorProto {
  const { name, shape, dtype } = initializer;
  const data = "prepared" in initializer ? arrays.get(initializer.prepared)!.data : initializer.data;
  return { dims: shape, dataType: dataTypes[dtype], name, rawData: contentOf({ dtype, data }) };
}

type Nodes = ReturnType<typeof emitNodes>;

/** Emits the nodes of a plan and names its results: as in the program, unless an input has that name. */
function emitNodes(plan: Plan) {
  const { graph, inputs, results } = plan;
  const names = new Names();
  for (const { name } of inputs) names.take(name);
  const outputs = results.map(({ name }) => names.take(name));
  /** The names still to be given to values that are results. */
  const waiting = new Map<PlanValue, string>(
    results.flatMap(({ value, copy }, i) => (copy ? [] : [[value, outputs[i]!] as const])),
  );
  const { e, wireOf, unsupported } = emitSteps<OnnxNodes, OnnxWire>(plan, {
    emitter: (variable) => new OnnxNodes(graph.builder.sizes, names, variable),
    input: (e, { name }) => e.input(name),
    prepared: (e, value, name) => e.prepared(value, name),
    step: (e, value, wires, note) => {
      e.scope = stepPath(note);
      e.doc = note.origin && lineOf(note.origin.span);
      const wire = value.primitive.onnx(e, wires, value.attributes, value, value.inputs);
      const output = waiting.get(value);
      if (output === undefined && !e.isCalled(wire)) e.call(wire, names.take(e.scope));
      else if (output !== undefined && e.call(wire, output)) waiting.delete(value);
      return wire;
    },
    placeholder: (e) => e.input("unsupported"),
    axisSize: (e, _, wire, axis) => e.node("Shape", [wire], { start: { int: axis }, end: { int: axis + 1 } }),
  });
  e.doc = undefined;
  results.forEach(({ name, value, copy }, i) => {
    if (!copy && !waiting.has(value)) return;
    e.scope = name;
    e.call(e.node("Identity", [wireOf(value)]), outputs[i]!);
  });
  return { ...e.finish(), outputs, unsupported };
}
