/** @file Evaluates a graph in float64, slowly and plainly. All compiled code is tested against it. */
import { elements, named, type NamedArray } from "../contract/ndarray.ts";
import type { GraphBuilder } from "../ir/builder.ts";
import type { Constant, Input, Node, Value, Weight } from "../ir/graph.ts";
import type { TensorType } from "../ir/type.ts";
import { inOrder, operandsOf } from "../ir/walk.ts";
import type { Size, SizeVar } from "../sizes/size.ts";
import { InternalError } from "../source/internal-error.ts";

/** Where a graph gets its data from. */
export interface Environment {
  input(input: Input): NamedArray;
  /** Returns a weight with the axes of its type, in any order. */
  weight(weight: Weight): NamedArray;
  /** Returns the value of a variable in this run. */
  sizes(variable: SizeVar): bigint;
  /** Called with the multiply-accumulates of every operator that does any. */
  readonly count?: (macs: number) => void;
  /** The builder that made the values. It expands composites. */
  readonly builder: GraphBuilder;
}

/**
 * Computes the results. Every value is computed once and dropped after its last use, so the graph may be deep and large.
 */
export function evaluateGraph(results: readonly Value[], env: Environment): NamedArray[] {
  // A composite has no reference; its expansion is evaluated.
  const operands = (value: Value): readonly Value[] =>
    value.kind === "node" && value.op.reference === undefined ? [env.builder.expansion(value)] : operandsOf(value);
  const order = inOrder(results, operands);
  const uses = new Map<Value, number>();
  const count = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const value of order) for (const operand of operands(value)) count(operand);
  for (const value of results) count(value);

  const arrays = new Map<Value, readonly NamedArray[]>();
  const take = (value: Value): readonly NamedArray[] => {
    const found = arrays.get(value);
    if (found === undefined) throw new InternalError(`value ${value.id} is used before it is computed`);
    const left = uses.get(value)! - 1;
    uses.set(value, left);
    if (left === 0) arrays.delete(value);
    return found;
  };
  for (const value of order) {
    arrays.set(value, evaluate(value, operands(value).map(take), env));
  }
  return results.map((value) => take(value)[0]!);
}

/** Computes one value. Only an operator with several results gives several. */
function evaluate(value: Value, operands: readonly (readonly NamedArray[])[], env: Environment): readonly NamedArray[] {
  switch (value.kind) {
    case "input":
      return [env.input(value)];
    case "weight":
      return [env.weight(value)];
    case "constant":
      return [constant(value, env)];
    case "pick":
      return [operands[0]![value.index]!];
    case "node":
      return value.op.reference === undefined
        ? operands[0]!
        : applyReference(
            value,
            operands.map(([array]) => array!),
            env,
          );
  }
}

function applyReference(node: Node, operands: readonly NamedArray[], env: Environment): readonly NamedArray[] {
  const names = Object.keys(node.weights);
  const results = node.op.reference!({
    inputs: operands.slice(0, node.inputs.length),
    weights: Object.fromEntries(names.map((name, i) => [name, operands[node.inputs.length + i]!])),
    attributes: node.attributes,
    results: node.types.map((type) => shapeOf(type, env)),
    size: (size) => numberOf(size, env),
    count: (macs) => env.count?.(macs),
  });
  return [results].flat();
}

function constant({ type, value }: Constant, env: Environment): NamedArray {
  const { axes, shape } = shapeOf(type, env);
  if (typeof value !== "number" && "data" in value) return named(value, axes);
  const number = typeof value === "number" ? value : numberOf(value, env);
  // A size of run time that an i32 cannot hold wraps around.
  const element = type.dtype === "i32" ? number | 0 : number;
  return { dtype: type.dtype, axes, shape, data: new Float64Array(elements(shape)).fill(element) };
}

function shapeOf(
  type: TensorType,
  env: Environment,
): { readonly axes: readonly string[]; readonly shape: readonly number[] } {
  return { axes: [...type.axes.keys()], shape: [...type.axes.values()].map((size) => numberOf(size, env)) };
}

function numberOf(size: Size, env: Environment): number {
  const number = env.builder.sizes.evaluate(size, (variable) => env.sizes(variable));
  if (number === undefined) throw new InternalError(`the size ${env.builder.sizes.print(size)} has no value`);
  return Number(number);
}
