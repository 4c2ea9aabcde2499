/** @file What a graph computes: its operators in order, and their multiply-accumulates. */
import type { Size } from "../sizes/size.ts";
import { assumed, type GraphBuilder } from "./builder.ts";
import type { Node, Value, Weight } from "./graph.ts";
import type { ModelGraph } from "./model-graph.ts";
import { OperatorContext } from "./operator.ts";
import { operandsOf, reachable } from "./walk.ts";

/** The operators that the results need and the weights that they read directly, in order of evaluation. */
export function stepsOf(graph: ModelGraph): readonly (Node | Weight)[] {
  const values = reachable(
    graph.results.map(({ value }) => value),
    inputsOf,
  );
  // Inputs of a node are made before it, in the order of the text.
  return [...values].filter((value) => value.kind === "node" || value.kind === "weight").sort((a, b) => a.id - b.id);
}

/** Without what the weights of a layer are computed of: that is no step of the model. */
function inputsOf(value: Value): readonly Value[] {
  return value.kind === "node" ? value.inputs : operandsOf(value);
}

/** Multiply-accumulates of an operator; of a composite, of all that it stands for. */
export function macsOf(node: Node, builder: GraphBuilder): Size {
  const { sizes } = builder;
  const { op, inputs, attributes } = node;
  if (op.macs !== undefined) {
    const types = inputs.map(({ type }) => type);
    // The types of the record's attributes were forgotten where it became part of a graph.
    return op.macs(new OperatorContext(op.name, sizes, types, attributes, assumed));
  }
  if (op.expand === undefined) return sizes.int(0);
  return [...reachable([builder.expansion(node)], inputsOf, new Set<Value>(inputs))]
    .filter((value) => value.kind === "node")
    .reduce((sum, inner) => sizes.add(sum, macsOf(inner, builder)), sizes.int(0));
}
