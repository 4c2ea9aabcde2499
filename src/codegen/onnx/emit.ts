/** @file A plan as an ONNX model: nodes, weights as initializers, the sizes' names, and what Fuse has to know to run it again. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { GuardVariable, SizeExpr } from "../../contract/guard.ts";
import { elements, type NdArray } from "../../contract/ndarray.ts";
import type { Plan } from "../../plan/plan.ts";
import { storedArrays } from "../../plan/prepared.ts";
import type { PlanValue, Prepared } from "../../plan/value.ts";
import { longs, type OnnxWire } from "../../primitives/onnx/onnx.ts";
import { encode } from "../../protobuf/message.ts";
import { dataTypes, GraphProto, ModelProto, type TensorProto, type ValueInfo } from "../../protobuf/onnx.ts";
import { InternalError } from "../../source/internal-error.ts";
import { position } from "../../source/source.ts";
import { printModelInfo } from "../model-info.ts";
import { Refusal } from "../refusal.ts";
import { modelInfo, programName, type Emission, type SourceInfo, type WeightedPlan } from "../target.ts";
import type { Unsupported } from "../tensorflow/graph.ts";
import { bytesPerElement, contentOf } from "./content.ts";
import { OnnxNodes, type Initializer } from "./emitter.ts";
import { irVersion, metadataKeys, operatorSet, producerName } from "./format.ts";
import { Names } from "./names.ts";

/** What protobuf can hold, less a generous share for nodes and names. */
const mostBytes = 2 ** 31 - 2 ** 24;

/**
 * `<program>.onnx`, or `<program>-<Model>.onnx` for each of several models. The plans are for `onnxProfile`. The same plans and
 * weights give the same bytes.
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
  // Of the whole file but for itself.
  const content = { key: metadataKeys.content, value: bytesToHex(sha256(encode(ModelProto, file))) };
  return encode(ModelProto, { ...file, metadataProps: [...file.metadataProps, content] });
}

function tensorProto(initializer: Initializer, arrays: ReadonlyMap<Prepared, NdArray>): TensorProto {
  const { name, shape, dtype } = initializer;
  const data = "prepared" in initializer ? arrays.get(initializer.prepared)!.data : initializer.data;
  return { dims: shape, dataType: dataTypes[dtype], name, rawData: contentOf({ dtype, shape, data }) };
}

type Nodes = ReturnType<typeof emitNodes>;

/** The nodes of a plan, and what its results are called: as in the program, unless an input has that name. */
function emitNodes(plan: Plan) {
  const { graph, inputs, steps, results } = plan;
  const names = new Names();
  for (const { name } of inputs) names.take(name);
  const outputs = results.map(({ name }) => names.take(name));
  const wires = new Map<PlanValue, OnnxWire>();
  const wireOf = (value: PlanValue): OnnxWire => {
    const wire = wires.get(value);
    if (wire === undefined) throw new InternalError(`a ${value.kind} is used before it is made`);
    return wire;
  };
  const variables = new Map<string, OnnxWire>();
  const e: OnnxNodes = new OnnxNodes(graph.builder.sizes, names, ({ name }) => variable(name));

  function variable(name: string): OnnxWire {
    const found = graph.guard.variables.find((candidate) => candidate.name === name);
    if (found === undefined) throw new InternalError(`the guard does not find ${name}`);
    let wire = variables.get(name);
    if (wire === undefined) variables.set(name, (wire = solve(found)));
    return wire;
  }

  /** (size of the axis - offset) / factor, of which the guard has seen that it is whole. */
  function solve({ input, axis, factor, offset }: GuardVariable): OnnxWire {
    const given = inputs.find(({ name }) => name === input);
    if (given === undefined) throw new InternalError(`there is no input ${input}`);
    const at = given.axes.indexOf(axis);
    const size = e.node("Shape", [wireOf(given)], { start: { int: at }, end: { int: at + 1 } });
    const shifted = offset === 0 ? size : e.node("Sub", [size, expression(offset)]);
    return factor === 1 ? shifted : e.node("Div", [shifted, expression(factor)]);
  }

  function expression(of: SizeExpr): OnnxWire {
    if (typeof of === "number") return longs(e, [of]);
    if (typeof of === "string") return variable(of);
    const [operation, left, right] = of;
    const [a, b] = [expression(left), expression(right)];
    if (operation === "+") return e.node("Add", [a, b]);
    if (operation === "*") return e.node("Mul", [a, b]);
    if (operation === "/") return e.node("Div", [a, b]);
    // Div drops the fraction; the remainder has the divisor's sign.
    const dividend = operation === "ceil" ? e.node("Sub", [e.node("Add", [a, b]), longs(e, [1])]) : a;
    return e.node("Div", [e.node("Sub", [dividend, e.node("Mod", [dividend, b])]), b]);
  }

  for (const input of inputs) wires.set(input, e.input(input.name));
  for (const { value, note } of plan.prepared)
    wires.set(value, e.prepared(value, value.path ?? note.name ?? note.purpose));
  /** What values are to be called that are results and have no name yet. */
  const waiting = new Map(results.flatMap(({ value, copy }, i) => (copy ? [] : [[value, outputs[i]!]])));
  const unsupported: Unsupported[] = [];
  for (const { value, note } of steps) {
    e.scope = [...(note.origin?.scope ?? []), note.name ?? note.purpose].join("/");
    e.doc = note.origin && lineOf(note.origin.span);
    let wire: OnnxWire;
    try {
      const { primitive, inputs, attributes } = value;
      wire = primitive.onnx(e, inputs.map(wireOf), attributes, value, inputs);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unsupported.push({ primitive: value.primitive.name, reason: error.reason, origin: note.origin });
      // So that the steps behind it are looked at, too.
      wire = e.input("unsupported");
    }
    wires.set(value, wire);
    const output = waiting.get(value);
    if (output === undefined && !e.isCalled(wire)) e.call(wire, names.take(e.scope));
    else if (output !== undefined && e.call(wire, output)) waiting.delete(value);
  }
  e.doc = undefined;
  results.forEach(({ name, value, copy }, i) => {
    if (!copy && !waiting.has(value)) return;
    e.scope = name;
    e.call(e.node("Identity", [wireOf(value)]), outputs[i]!);
  });
  return { ...e.finish(), outputs, unsupported };
}

function lineOf({ source, start }: NonNullable<Plan["steps"][number]["note"]["origin"]>["span"]): string {
  return `${source.path}:${position(source, start).line}`;
}
