/** @file What a graph computes: its operators in order, and their multiply-accumulates. */
import type { Size } from "../sizes/size.ts";
import { assumed, type GraphBuilder } from "./builder.ts";
import type { ModelGraph, Node, Value, Weight } from "./graph.ts";
import { OperatorContext } from "./operator.ts";

/** The operators that the results need and the weights that they read directly, in order of evaluation. */
export function stepsOf(graph: ModelGraph): readonly (Node | Weight)[] {
  const values = reachable(graph.results.map(({ value }) => value));
  // Inputs of a node are made before it, in the order of the text.
  return values.filter((value) => value.kind === "node" || value.kind === "weight").sort((a, b) => a.id - b.id);
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
  return reachable([builder.expansion(node)], new Set<Value>(inputs))
    .filter((value) => value.kind === "node")
    .reduce((sum, inner) => sizes.add(sum, macsOf(inner, builder)), sizes.int(0));
}

/** All that these values are made of, themselves included, up to `stop`. Does not recurse: chains may be long. */
function reachable(values: readonly Value[], stop: ReadonlySet<Value> = new Set()): Value[] {
  const found = new Set<Value>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (found.has(value) || stop.has(value)) continue;
    found.add(value);
    if (value.kind === "node") open.push(...value.inputs);
    else if (value.kind === "pick") open.push(value.of);
  }
  return [...found];
}
