/** @file The engine file: what lets the runtime run a module's models as sessions of TensorFlow. Weightless. */
import { elements } from "../../contract/ndarray.ts";
import { printSteps } from "../../contract/prepare.ts";
import { nominalNumbers } from "../../plan/buffers.ts";
import { planCost } from "../../plan/cost.ts";
import type { Plan } from "../../plan/plan.ts";
import { preparationOf } from "../../plan/prepared.ts";
import type { TensorFlowOperation } from "../../primitives/tensorflow/operations.ts";
import { outputsOf } from "../../primitives/tensorflow/outputs.ts";
import { encodeEngine, type EngineModel } from "../../protobuf/engine.ts";
import { dataTypes } from "../../protobuf/tensorflow.ts";
import { emitGraph, placeholder, versions, type Port } from "./graph.ts";

/** The program that the models come from, matching the module next to the file. */
export interface EngineInfo {
  readonly hash: string;
  /** The version of Fuse. */
  readonly version: string;
}

/**
 * Returns the bytes of the file. The plans are for `savedModelProfile`. Models that the nodes cannot express are
 * omitted.
 */
export function emitEngine(plans: readonly Plan[], { hash, version }: EngineInfo): Uint8Array<ArrayBuffer> {
  const models = new Map<string, EngineModel>();
  for (const plan of plans) {
    const model = engineModel(plan);
    if (model !== undefined) models.set(plan.graph.name, model);
  }
  return encodeEngine({ version, hash, models });
}

/** Whether a file begins like an engine file: with a version and a hash. */
export function isEngine(start: Uint8Array): boolean {
  return /^\n[^\n]\d+\.\d+\.[^\x12]*\x12\x10[0-9a-f]{16}/.test(String.fromCharCode(...start));
}

function engineModel(plan: Plan): EngineModel | undefined {
  const { sizes } = plan.graph.builder;
  const graph = emitGraph(plan, false, (e, name, { dtype, shape }) =>
    placeholder(
      e,
      name,
      dtype,
      shape.map((size) => Number(sizes.constant(size))),
    ),
  );
  if (graph.unsupported.length > 0) return undefined;
  const number = nominalNumbers(sizes);
  const { steps, places } = preparationOf(graph.prepared.map(({ value }) => value));
  const port = ({ name, tensor }: Port) => ({ name, tensor });
  return {
    graph: { node: graph.nodes, versions },
    inputs: graph.inputs.map(port),
    results: graph.results.map(port),
    prepared: graph.prepared.map(({ value, port }) => ({
      tensor: port.tensor,
      dtype: dataTypes[port.dtype],
      shape: port.shape,
      step: places.get(value)!,
    })),
    steps: printSteps(steps),
    outputs: new Map(graph.nodes.map(({ op = "" }) => [op, outputsOf(op as TensorFlowOperation).join()])),
    cost: Math.min(Math.round(planCost(plan, number) / 1000), Number.MAX_SAFE_INTEGER),
    elements: plan.inputs.reduce((sum, { shape }) => sum + elements(shape.map(number)), 0),
  };
}
