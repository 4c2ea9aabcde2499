/** @file A plan as TensorFlow's nodes: what SavedModels, graph models and the native engine share. */
import type { GuardVariable, SizeExpr } from "../../contract/guard.ts";
import type { DType } from "../../contract/ndarray.ts";
import type { Origin } from "../../ir/graph.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Note, PlanValue, Prepared } from "../../plan/value.ts";
import type { Wire } from "../../primitives/tensorflow/tensorflow.ts";
import { dataTypes, type AttrValue, type NodeDef } from "../../protobuf/tensorflow.ts";
import type { Size } from "../../sizes/size.ts";
import { InternalError } from "../../source/internal-error.ts";
import { Refusal } from "../refusal.ts";
import { NodeEmitter, NodeNames } from "./emitter.ts";

/** A tensor at the boundary of a graph. */
export interface Port {
  /** As the program calls it. */
  readonly name: string;
  /** As the graph does: `x`, or `conv:1`. Results are nodes of their own, never an input or the same as another. */
  readonly tensor: string;
  readonly dtype: DType;
  /** -1 where it is known only when the model runs. */
  readonly shape: readonly number[];
}

/** A step that the format cannot express. */
export interface Unsupported {
  readonly primitive: string;
  readonly reason: string;
  readonly origin: Origin | undefined;
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

/** How a prepared tensor becomes a node of this name; gives the node's real name. */
export type PreparedNode = (emitter: NodeEmitter, name: string, value: Prepared) => Wire;

/** Of a GraphDef: what made it, as TensorFlow 2.15 counts, and the oldest TensorFlow that may read it. */
export const versions = { producer: 1087, minConsumer: 12 };

/** Where nodes go that share a graph with those of other models. */
export interface GraphPlace {
  readonly names: NodeNames;
  /** In front of the names of inputs, steps and results: `Encoder/`. */
  readonly prefix: string;
}

/**
 * Nodes inputs first. Every prepared tensor is made by `prepared`; `fused` says whether products take bias and activation
 * along in one node. Without a place the graph is the model's own.
 */
export function emitGraph(
  plan: Plan,
  fused: boolean,
  prepared: PreparedNode,
  { names, prefix }: GraphPlace = { names: new NodeNames(), prefix: "" },
): TensorFlowGraph {
  const { graph, inputs, steps, results } = plan;
  const { sizes } = graph.builder;
  const wires = new Map<PlanValue, Wire>();
  const wireOf = (value: PlanValue): Wire => {
    const wire = wires.get(value);
    if (wire === undefined) throw new InternalError(`a ${value.kind} is used before it is made`);
    return wire;
  };
  const variables = new Map<string, Wire>();
  const e = new NodeEmitter({
    sizes,
    fused,
    names,
    variable: ({ name }) => variable(name),
  });

  /** Each is solved once. */
  function variable(name: string): Wire {
    const found = graph.guard.variables.find((variable) => variable.name === name);
    if (found === undefined) throw new InternalError(`the guard does not find ${name}`);
    let wire = variables.get(name);
    if (wire === undefined) variables.set(name, (wire = solve(found)));
    return wire;
  }

  /** (size of the axis - offset) / factor. */
  function solve({ input, axis, factor, offset }: GuardVariable): Wire {
    const given = inputs.find(({ name }) => name === input);
    if (given === undefined) throw new InternalError(`there is no input ${input}`);
    const i32 = { type: "i32" } as const;
    const shape = e.node("Shape", [wireOf(given)], { T: { type: given.dtype }, out_type: i32 });
    const at = given.axes.indexOf(axis);
    const ints = (n: number) => e.constant({ dtype: "i32", shape: [1], data: Float64Array.of(n) });
    const size = e.node("StridedSlice", [shape, ints(at), ints(at + 1), ints(1)], {
      T: i32,
      Index: i32,
      shrink_axis_mask: { int: 1 },
    });
    const shifted = offset === 0 ? size : e.node("Sub", [size, expression(offset)], { T: i32 });
    return factor === 1 ? shifted : e.quotient(shifted, expression(factor));
  }

  function expression(of: SizeExpr): Wire {
    if (typeof of === "number") return e.constant({ dtype: "i32", shape: [], data: Float64Array.of(of) });
    if (typeof of === "string") return variable(of);
    const [operation, left, right] = of;
    const i32 = { T: { type: "i32" } } as const;
    const [a, b] = [expression(left), expression(right)];
    if (operation === "+") return e.node("AddV2", [a, b], i32);
    if (operation === "*") return e.node("Mul", [a, b], i32);
    if (operation !== "ceil") return e.quotient(a, b);
    const zero = expression(0);
    return e.node("Sub", [zero, e.quotient(e.node("Sub", [zero, a], i32), b)], i32);
  }

  const shapeOf = (shape: readonly Size[]) => shape.map((size) => Number(sizes.constant(size) ?? -1n));
  const portOf = (name: string, { tensor }: Wire, { dtype, shape }: PlanValue): Port => ({
    name,
    tensor,
    dtype,
    shape: shapeOf(shape),
  });
  const ports = inputs.map((input) => {
    const wire = placeholder(e, prefix + input.name, input.dtype, shapeOf(input.shape));
    wires.set(input, wire);
    return portOf(input.name, wire, input);
  });
  const made = plan.prepared.map(({ value, note }) => {
    const name = `weights/${preparedName(value, note)}`;
    const wire = prepared(e, name, value);
    wires.set(value, wire);
    return { value, port: portOf(name, wire, value) };
  });

  const unsupported: Unsupported[] = [];
  for (const { value, note } of steps) {
    const { scope = [] } = note.origin ?? {};
    e.scope = prefix + [...scope, note.name ?? note.purpose].join("/");
    try {
      const { primitive, inputs, attributes } = value;
      wires.set(value, primitive.tensorflow(e, inputs.map(wireOf), attributes, value, inputs));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unsupported.push({ primitive: value.primitive.name, reason: error.reason, origin: note.origin });
      // So that the steps behind it are looked at, too.
      wires.set(value, placeholder(e, "unsupported", value.dtype, shapeOf(value.shape)));
    }
  }
  e.scope = "";
  const outputs = results.map(({ name, value }) => {
    const wire = e.add(
      `${prefix}results/${name}`,
      "Identity",
      [wireOf(value).tensor],
      new Map([["T", { type: dataTypes[value.dtype] }]]),
    );
    return portOf(name, wire, value);
  });
  return { nodes: e.nodes, inputs: ports, results: outputs, prepared: made, unsupported };
}

/** A tensor that is fed. */
export function placeholder(e: NodeEmitter, name: string, dtype: DType, shape: readonly number[]): Wire {
  const attr = new Map<string, AttrValue>([
    ["dtype", { type: dataTypes[dtype] }],
    ["shape", { shape: { dim: shape.map((size) => ({ size })) } }],
  ]);
  return e.add(name, "Placeholder", [], attr);
}

/** The weight it is made of, as far as there is one. */
function preparedName({ path }: Prepared, { name, purpose }: Note): string {
  return path ?? name ?? purpose;
}
