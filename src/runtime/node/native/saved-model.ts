/** @file Writes a graph as a SavedModel, in the form in which a session runs it fastest. */
import { encode } from "../../../protobuf/message.ts";
import { SavedModel, type AttrValue, type FunctionDef, type NodeDef } from "../../../protobuf/tensorflow.ts";
import type { EngineGraph } from "./graph.ts";

export interface SessionForm {
  /** The shapes of inputs, by tensor name. What depends on them is computed when the session is opened. */
  readonly shapes?: ReadonlyMap<string, readonly number[]> | undefined;
  /**
   * Whether one thread starts all kernels, one after the other. Handing every kernel to another thread takes about a quarter of
   * the time of a small graph. Kernels still share their work among threads.
   */
  readonly inOrder: boolean;
}

/** Returns the content of a `saved_model.pb`. */
export function savedModel(graph: EngineGraph, nodes: readonly NodeDef[], form: SessionForm): Uint8Array {
  const shaped = nodes.map((node) => withShape(node, form.shapes?.get(node.name ?? "")));
  const graphDef = { ...(form.inOrder ? called(graph, shaped) : { node: shaped }), versions };
  const metaGraphs = [{ metaInfoDef: { tags: ["serve"] }, graphDef }];
  return encode(SavedModel, { schemaVersion: 1, metaGraphs });
}

const versions = { producer: 1087, minConsumer: 12 };

function withShape(node: NodeDef, sizes: readonly number[] | undefined): NodeDef {
  if (sizes === undefined) return node;
  const shape: AttrValue = { shape: { dim: sizes.map((size) => ({ size })) } };
  return { ...node, attr: new Map([...(node.attr ?? []), ["shape", shape]]) };
}

/** The name of the function, and of the node that calls it. */
const name = "fuse_run";

/**
 * Moves all nodes into a function. A session has no options here, but the call of a function names its executor. The function must
 * not be inlined.
 */
function called({ outputs, results }: EngineGraph, nodes: readonly NodeDef[]) {
  const isInput = ({ op }: NodeDef) => op === "Placeholder";
  const inputs = nodes.filter(isInput);
  const inner = nodes.filter((node) => !isInput(node));
  const argument = new Map(inputs.map((node, i) => [node.name ?? "", `x${i}`]));
  const operation = new Map(inner.map((node) => [node.name ?? "", node.op ?? ""]));
  const outputOf = (tensor: string): string => {
    const [node = "", index = "0"] = tensor.split(":");
    const op = operation.get(node) ?? "";
    // Weights have become constants.
    const name = op === "Const" ? "output" : outputs.get(op)?.[Number(index)];
    return argument.get(node) ?? `${node}:${name}:0`;
  };
  const made = [...results.values()].map((tensor, i) => {
    const { attr } = inner.find((node) => node.name === tensor) ?? {};
    return { tensor, output: `y${i}`, type: attr?.get("T")?.type ?? 0 };
  });
  const definition: FunctionDef = {
    signature: {
      name,
      inputArg: inputs.map((node) => ({
        name: argument.get(node.name ?? "")!,
        type: node.attr?.get("dtype")?.type ?? 0,
      })),
      outputArg: made.map(({ output, type }) => ({ name: output, type })),
    },
    nodeDef: inner.map((node) => ({ ...node, input: (node.input ?? []).map(outputOf) })),
    ret: new Map(made.map(({ tensor, output }) => [output, outputOf(tensor)])),
    attr: new Map([["_noinline", { b: true }]]),
  };
  const call: NodeDef = {
    name,
    op: "PartitionedCall",
    input: inputs.map((node) => node.name ?? ""),
    attr: new Map<string, AttrValue>([
      ["Tin", { list: { type: inputs.map((node) => node.attr?.get("dtype")?.type ?? 0) } }],
      ["Tout", { list: { type: made.map(({ type }) => type) } }],
      ["f", { func: { name } }],
      ["executor_type", { s: new TextEncoder().encode("SINGLE_THREADED_EXECUTOR") }],
    ]),
  };
  const fetched = made.map(({ tensor, type }, i): NodeDef => {
    return { name: tensor, op: "Identity", input: [i === 0 ? name : `${name}:${i}`], attr: new Map([["T", { type }]]) };
  });
  return { node: [...inputs, call, ...fetched], library: { function: [definition] } };
}
