/** @file The cost of a graph: its operators in order, and their multiply-accumulates. */
import type { Size } from "../sizes/size.ts";
import { assumed, type GraphBuilder } from "./builder.ts";
import type { Node, Value, Weight } from "./graph.ts";
import type { ModelGraph } from "./model-graph.ts";
import { OperatorContext } from "./operator.ts";
import { operandsOf, reachable } from "./walk.ts";

/** Returns the operators that the results need and the weights that they read directly, in order of evaluation. */
export function stepsOf(graph: ModelGraph): readonly (Node | Weight)[] {
  const values = reachable(
    graph.results.map(({ value }) => value),
    inputsOf,
  );
  // The inputs of a node have smaller ids than the node; ids follow the order of the text.
  return [...values].filter((value) => value.kind === "node" || value.kind === "weight").sort((a, b) => a.id - b.id);
}

/** Leaves out the computation of a layer's weights, which is not a step of the model. */
function inputsOf(value: Value): readonly Value[] {
  return value.kind === "node" ? value.inputs : operandsOf(value);
}

/** Returns the multiply-accumulates of an operator. A composite counts those of its expansion. */
export function macsOf(node: Node, builder: GraphBuilder): Size {
  const { sizes } = builder;
  const { op, inputs, attributes } = node;
  if (op.macs !== undefined) {
    const types = inputs.map(({ type }) => type);
    // The graph does not keep the types of the record's attributes.
    return op.macs(new OperatorContext(op.name, sizes, types, attributes, assumed));
  }
  if (op.expand === undefined) return sizes.int(0);
  return [...reachable([builder.expansion(node)], inputsOf, new Set<Value>(inputs))]
    .filter((value) => value.kind === "node")
    .reduce((sum, inner) => sizes.add(sum, macsOf(inner, builder)), sizes.int(0));
}
