/** @file The layers of a model: a row for every operator, in order of evaluation. */
import { macsOf, stepsOf } from "../../ir/costs.ts";
import type { Node, Weight } from "../../ir/graph.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { tensorType, volume, type TensorType } from "../../ir/type.ts";
import { inOrder } from "../../ir/walk.ts";
import type { Size } from "../../sizes/size.ts";

export interface Layer {
  /** The labels of the enclosing calls: `backbone.layer1.0`; empty outside all blocks. */
  readonly scope: string;
  /** The path of its weights, or the author's name for its result, within the scope; empty if there is neither. */
  readonly name: string;
  readonly operator: string;
  readonly results: readonly TensorType[];
  readonly weights: readonly Weight[];
  /** The number of its parameters, or 0 if an earlier layer has the same ones. */
  readonly parameters: number;
  readonly macs: Size;
}

export function layersOf(graph: ModelGraph): readonly Layer[] {
  const { builder, origins } = graph;
  const seen = new Set<Weight>();
  const layers: Layer[] = [];
  for (const step of stepsOf(graph)) {
    const [origin] = origins.get(step) ?? [];
    // A step that the compiler added belongs to the layer before it.
    const scope = origin?.scope.join(".") ?? layers.at(-1)?.scope ?? "";
    const weights = weightsOf(step);
    const fresh = weights.filter((weight) => !seen.has(weight));
    for (const weight of fresh) seen.add(weight);
    const path = pathOf(step);
    layers.push({
      scope,
      name: path === undefined ? (origin?.name ?? "") : within(scope, path),
      operator: step.kind === "weight" ? "weight" : step.op.name,
      results: step.kind === "weight" ? [step.type] : step.types,
      weights,
      parameters: fresh.reduce((sum, weight) => sum + parametersOf(graph, weight), 0),
      macs: step.kind === "weight" ? builder.sizes.int(0) : macsOf(step, builder),
    });
  }
  return layers;
}

/** Returns the number of parameters in a weight. */
export function parametersOf({ builder: { sizes } }: ModelGraph, { type }: Weight): number {
  return Number(sizes.constant(volume(sizes, type)) ?? 0n);
}

/** Returns the type with its axes in this order. */
export function ordered(type: TensorType, order: readonly string[]): TensorType {
  return tensorType(
    type.dtype,
    order.map((axis) => [axis, type.axes.get(axis)!]),
  );
}

/** Returns the weights of a layer, or those that its own are computed from. */
function weightsOf(step: Node | Weight): readonly Weight[] {
  const own = step.kind === "weight" ? [step] : Object.values(step.weights);
  return inOrder(own).filter((value) => value.kind === "weight");
}

/** Returns `blocks.0.conv` for a convolution with weights `blocks.0.conv.weight` and `blocks.0.conv.bias`. */
function pathOf(step: Node | Weight): string | undefined {
  if (step.kind === "weight") return step.path;
  const [first] = Object.entries(step.weights);
  return first?.[1].kind === "weight" ? first[1].path.slice(0, -first[0].length - 1) : undefined;
}

function within(scope: string, path: string): string {
  return scope !== "" && path.startsWith(`${scope}.`) ? path.slice(scope.length + 1) : path;
}
