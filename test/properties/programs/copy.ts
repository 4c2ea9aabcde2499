/** @file Copies graphs for evaluation, with other operators or constants. */
import type { NamedArray } from "../../../src/contract/ndarray.ts";
import type { GraphBuilder } from "../../../src/ir/builder.ts";
import type { Operator } from "../../../src/ir/operator.ts";
import type { Constant, Node, Value } from "../../../src/ir/graph.ts";

export interface Changes {
  /** Changes what an operator computes. */
  readonly result?: (array: NamedArray, op: Operator) => NamedArray;
  readonly constant?: (constant: Constant) => Constant;
}

const same = <T>(value: T): T => value;

/** Returns a function that copies values. Composites become their expansions, because a builder expands only its own. */
export function copier(builder: GraphBuilder, { result = same, constant = same }: Changes): (value: Value) => Value {
  const values = new Map<Value, Value>();
  const nodes = new Map<Node, Node>();
  const copy = (value: Value): Value => remembered(values, value, copied);
  const copied = (value: Value): Value => {
    if (value.kind === "constant") return constant(value);
    if (value.kind === "pick") return { ...value, of: copyNode(value.of) };
    if (value.kind !== "node") return value;
    return value.op.reference === undefined ? copy(builder.expansion(value)) : copyNode(value);
  };
  const copyNode = (node: Node): Node => remembered(nodes, node, copiedNode);
  const copiedNode = (node: Node): Node => {
    const record = node.op;
    const op: Node["op"] = {
      ...record,
      reference: (c) => [record.reference!(c)].flat().map((array) => result(array, record)),
    };
    const weights = Object.entries(node.weights).map(([name, weight]) => [name, copy(weight)] as const);
    return { ...node, op, inputs: node.inputs.map(copy), weights: Object.fromEntries(weights) };
  };
  return copy;
}

function remembered<T>(known: Map<T, T>, key: T, make: (key: T) => T): T {
  const found = known.get(key) ?? make(key);
  known.set(key, found);
  return found;
}
