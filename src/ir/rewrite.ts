/** @file Rebuilds a model's graph with some values replaced. Pure, and linear in the size of the graph. */
import type { Facts } from "../sizes/facts.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { invariant } from "../source/internal-error.ts";
import { assumed, type GraphBuilder } from "./builder.ts";
import type { Origin, Value, Weight } from "./graph.ts";
import type { ModelGraph } from "./model-graph.ts";
import { printType, type TensorType } from "./type.ts";
import { inOrder, reachable } from "./walk.ts";

/** Returns the replacement for a value, of the same type, or undefined to keep it. The value's operands are already rewritten. */
export type Rule = (value: Value, builder: GraphBuilder) => Value | undefined;

/**
 * Applies the rule once to every value that the results need, operands first. Values that stay are the same objects. A
 * replacement also gets the origins of the value it replaces.
 * @throws InternalError if a rule changes a type
 */
export function rewrite(graph: ModelGraph, rule: Rule): ModelGraph {
  const { builder, facts } = graph;
  const now = new Map<Value, Value>();
  for (const value of inOrder(graph.results.map(({ value }) => value))) {
    const rebuilt = withOperands(value, (operand) => now.get(operand)!, builder);
    const replaced = rule(rebuilt, builder) ?? rebuilt;
    if (replaced !== value) requireSameTypes(value, replaced, builder.sizes, facts);
    now.set(value, replaced);
  }
  const results = graph.results.map((result) => ({ ...result, value: now.get(result.value)! }));
  const needed = reachable(results.map(({ value }) => value));
  return {
    ...graph,
    results,
    weights: neededWeights(graph.weights, needed),
    origins: mergedOrigins(graph.origins, (value) => now.get(value) ?? value),
  };
}

/** Returns the value with other operands; the same object if the operands are the same. */
export function withOperands(value: Value, now: (operand: Value) => Value, builder: GraphBuilder): Value {
  if (value.kind === "pick") {
    const of = now(value.of);
    invariant(of.kind === "node", "a rule gives one value for several");
    return builder.pick(of, value.index);
  }
  if (value.kind !== "node") return value;
  const inputs = value.inputs.map(now);
  const weights = Object.entries(value.weights).map(([name, weight]) => [name, now(weight)] as const);
  const isSame =
    inputs.every((input, i) => input === value.inputs[i]) &&
    weights.every(([name, weight]) => weight === value.weights[name]);
  if (isSame) return value;
  const made = builder.node(value.op, inputs, value.attributes, assumed, Object.fromEntries(weights));
  invariant(made !== undefined, `${value.op.name} cannot be rebuilt`);
  return made;
}

function requireSameTypes(before: Value, after: Value, sizes: Sizes, facts: Facts): void {
  const [from, to] = [typesOf(before), typesOf(after)];
  const print = (types: readonly TensorType[]) => types.map((type) => printType(sizes, type)).join(", ");
  invariant(
    from.length === to.length && from.every((type, i) => isSameType(type, to[i]!, facts)),
    `a rule replaces ${print(from)} by ${print(to)}`,
  );
}

const typesOf = (value: Value) => (value.kind === "node" ? value.types : [value.type]);

/** Whether two types have the same dtype and axes, with sizes that the facts prove equal. */
export function isSameType(a: TensorType, b: TensorType, facts: Facts): boolean {
  if (a.dtype !== b.dtype || a.axes.size !== b.axes.size) return false;
  return [...a.axes].every(([axis, size]) => {
    const other = b.axes.get(axis);
    return other !== undefined && (size === other || facts.decide({ op: "==", a: size, b: other }).verdict === "yes");
  });
}

/** Returns the existing weights in their order, then those that a rule made. */
function neededWeights(before: readonly Weight[], needed: ReadonlySet<Value>): readonly Weight[] {
  const kept = before.filter((weight) => needed.has(weight));
  const known = new Set<Value>(before);
  const made = [...needed].filter((value) => value.kind === "weight").filter((weight) => !known.has(weight));
  return [...kept, ...made.sort((a, b) => a.id - b.id)];
}

/** Merges the origins of all values that a value replaces, its own first. */
export function mergedOrigins(
  origins: ReadonlyMap<Value, readonly Origin[]>,
  now: (value: Value) => Value,
): ReadonlyMap<Value, readonly Origin[]> {
  const made = new Map<Value, Set<Origin>>();
  for (const [value, own] of origins) {
    const target = now(value);
    const known = made.get(target) ?? new Set(origins.get(target));
    for (const origin of own) known.add(origin);
    made.set(target, known);
  }
  return new Map([...made].map(([value, all]) => [value, [...all]]));
}
