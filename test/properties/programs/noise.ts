/** @file How far rounding in float32 can move the results of a graph, measured with the interpreter. */
import type { NamedArray } from "../../../src/contract/ndarray.ts";
import type { GraphBuilder } from "../../../src/ir/builder.ts";
import type { Node, Value } from "../../../src/ir/graph.ts";
import { evaluateGraph, type Environment } from "../../../src/reference/interpreter.ts";
import type { Chance } from "./chance.ts";

/** What occurs among the values of a run. Engines differ there, as the documentation says. */
export interface Peculiar {
  nan: boolean;
  infinite: boolean;
  /** An integer beyond 32 bits. */
  overflow: boolean;
}

/** Evaluates a graph with every result of an operator moved by a few units in the last place. */
export function evaluateRoughly(
  results: readonly Value[],
  env: Environment,
  chance: Chance,
  seen: Peculiar,
): NamedArray[] {
  const copy = copier(env.builder, (array, isExact) => rounded(array, isExact, chance, seen));
  return evaluateGraph(results.map(copy), env);
}

/** Returns a function that copies values, such that every operator passes its results to `change`. */
function copier(
  builder: GraphBuilder,
  change: (array: NamedArray, isExact: boolean) => NamedArray,
): (value: Value) => Value {
  const made = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const copied = copyOf(value);
    made.set(value, copied);
    return copied;
  };
  const copyOf = (value: Value): Value => {
    if (value.kind === "pick") return { ...value, of: copyNode(value.of) };
    if (value.kind !== "node") return value;
    return value.op.reference === undefined ? copy(builder.expansion(value)) : copyNode(value);
  };
  const nodes = new Map<Node, Node>();
  const copyNode = (node: Node): Node => {
    const known = nodes.get(node);
    if (known !== undefined) return known;
    const record = node.op;
    const op: Node["op"] = {
      ...record,
      reference: (c) => [record.reference!(c)].flat().map((array) => change(array, record.exact === true)),
    };
    const weights = Object.entries(node.weights).map(([name, weight]) => [name, copy(weight)] as const);
    const copied: Node = { ...node, op, inputs: node.inputs.map(copy), weights: Object.fromEntries(weights) };
    nodes.set(node, copied);
    return copied;
  };
  return copy;
}

/** The relative error of an operator, a few units in the last place, and the absolute one of a function near 0. */
const [relative, absolute] = [2 ** -21, 2 ** -23];

function rounded(array: NamedArray, isExact: boolean, { random }: Chance, seen: Peculiar): NamedArray {
  for (const value of array.data) {
    if (Number.isNaN(value)) seen.nan = true;
    else if (!Number.isFinite(value)) seen.infinite = true;
    if (array.dtype === "i32" && Math.abs(value) >= 2 ** 31) seen.overflow = true;
  }
  if (isExact || array.dtype !== "f32") return array;
  const move = (value: number): number => {
    if (Number.isInteger(value) || !Number.isFinite(value)) return Math.fround(value);
    const moved = value * (1 + (2 * random() - 1) * relative) + (2 * random() - 1) * absolute;
    // Some engines flush the smallest numbers to 0.
    return Math.abs(value) < 2 ** -125 && random() < 0.5 ? 0 : Math.fround(moved);
  };
  return { ...array, data: Float64Array.from(array.data, move) };
}
