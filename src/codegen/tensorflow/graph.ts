/** @file Emits a plan as TensorFlow nodes. Shared by SavedModels, graph models and the native engine. */
import type { DType } from "../../contract/ndarray.ts";
import type { Plan } from "../../plan/plan.ts";
import type { PlanInput, PlanValue, Prepared } from "../../plan/value.ts";
import type { Wire } from "../../primitives/tensorflow/emitter.ts";
import { ints } from "../../primitives/tensorflow/nodes.ts";
import { dataTypes, type AttrValue, type NodeDef } from "../../protobuf/tensorflow.ts";
import type { Size } from "../../sizes/size.ts";
import { emitSteps, stepPath, type Unsupported } from "../steps.ts";
import { NodeEmitter, NodeNames } from "./emitter.ts";

/** A tensor at the boundary of a graph. */
export interface Port {
  /** Its name in the program. */
  readonly name: string;
  /**
   * Its name in the graph: `x`, or `conv:1`. Each result has a node of its own, never an input's or another result's.
   */
  readonly tensor: string;
  readonly dtype: DType;
  /** -1 for a size that is known only at run time. */
  readonly shape: readonly number[];
}

export interface TensorFlowGraph {
  readonly nodes: readonly NodeDef[];
  readonly inputs: readonly Port[];
  readonly results: readonly Port[];
  /** The nodes of the prepared tensors, in order of use. */
  readonly prepared: readonly { readonly value: Prepared; readonly port: Port }[];
  /** Empty if the graph computes what the plan says. */
  readonly unsupported: readonly Unsupported[];
}

/** Creates a node of this name from a prepared tensor; returns the node's actual name. */
export type PreparedNode = (emitter: NodeEmitter, name: string, value: Prepared) => Wire;

/** The versions in a GraphDef: the producer, as TensorFlow 2.15 counts, and the oldest TensorFlow that may read it. */
export const versions = { producer: 1087, minConsumer: 12 };

/** The place of nodes in a graph that several models share. */
export interface GraphPlace {
  readonly names: NodeNames;
  /** The prefix of the names of inputs, steps and results: `Encoder/`. */
  readonly prefix: string;
}

/**
 * Emits the nodes, inputs first. `prepare` creates every prepared tensor; `fused` decides whether products include bias
 * and activation in one node. Without a place, the model has the graph to itself.
 */
export function emitGraph(
  plan: Plan,
  fused: boolean,
  prepared: PreparedNode,
  { names, prefix }: GraphPlace = { names: new NodeNames(), prefix: "" },
): TensorFlowGraph {
  const { sizes } = plan.graph.builder;
  const shapeOf = (shape: readonly Size[]) => shape.map((size) => Number(sizes.constant(size) ?? -1n));
  const { e, wireOf, unsupported } = emitSteps<NodeEmitter, Wire>(plan, {
    emitter: (variable) => new NodeEmitter({ sizes, fused, names, variable }),
    input: (e, { name, dtype, shape }) => placeholder(e, prefix + name, dtype, shapeOf(shape)),
    prepared: (e, value, name) => prepared(e, `weights/${name}`, value),
    step: (e, value, wires, note) => {
      e.scope = prefix + stepPath(note);
      return value.primitive.tensorflow(e, wires, value.attributes, value, value.inputs);
    },
    placeholder: (e, { dtype, shape }) => placeholder(e, "unsupported", dtype, shapeOf(shape)),
    axisSize,
  });
  const port = (name: string, { dtype, shape }: PlanValue, { tensor }: Wire): Port => {
    return { name, tensor, dtype, shape: shapeOf(shape) };
  };
  const results = plan.results.map(({ name, value }) => {
    const T = { type: dataTypes[value.dtype] };
    return port(
      name,
      value,
      e.add(`${prefix}results/${name}`, "Identity", [wireOf(value).tensor], new Map([["T", T]])),
    );
  });
  return {
    nodes: e.nodes,
    inputs: plan.inputs.map((input) => port(input.name, input, wireOf(input))),
    results,
    prepared: plan.prepared.map(({ value }) => ({ value, port: port(wireOf(value).tensor, value, wireOf(value)) })),
    unsupported,
  };
}

function axisSize(e: NodeEmitter, { dtype }: PlanInput, wire: Wire, axis: number): Wire {
  const i32 = { type: "i32" } as const;
  const shape = e.node("Shape", [wire], { T: { type: dtype }, out_type: i32 });
  const attributes = { T: i32, Index: i32, shrink_axis_mask: { int: 1 } };
  return e.node("StridedSlice", [shape, ints(e, [axis]), ints(e, [axis + 1]), ints(e, [1])], attributes);
}

/** Adds a tensor that is fed. */
export function placeholder(e: NodeEmitter, name: string, dtype: DType, shape: readonly number[]): Wire {
  const attr = new Map<string, AttrValue>([
    ["dtype", { type: dataTypes[dtype] }],
    ["shape", { shape: { dim: shape.map((size) => ({ size })) } }],
  ]);
  return e.add(name, "Placeholder", [], attr);
}
