/** @file Walks over the values of a graph, without recursion because chains may be long. */
import type { Value } from "./graph.ts";

/** The values that a walk visits next from a value. */
export type Operands = (value: Value) => readonly Value[];

/** Returns the operands of a value: inputs, then weights; for a pick, the node. */
export function operandsOf(value: Value): readonly Value[] {
  if (value.kind === "pick") return [value.of];
  return value.kind === "node" ? [...value.inputs, ...Object.values(value.weights)] : [];
}

/** Returns these values and everything they depend on, in no particular order. The walk does not enter values in `stop`. */
export function reachable(
  values: readonly Value[],
  operands: Operands = operandsOf,
  stop: ReadonlySet<Value> = new Set(),
): ReadonlySet<Value> {
  const found = new Set<Value>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (found.has(value) || stop.has(value)) continue;
    found.add(value);
    open.push(...operands(value));
  }
  return found;
}

/** Returns these values and everything they depend on, operands first and in order. */
export function inOrder(values: readonly Value[], operands: Operands = operandsOf): readonly Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const open = values.map((value) => ({ value, entered: false })).reverse();
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.entered) order.push(top.value);
    else if (!seen.has(top.value)) {
      seen.add(top.value);
      open.push({ value: top.value, entered: true });
      for (const operand of operands(top.value).toReversed()) open.push({ value: operand, entered: false });
    }
  }
  return order;
}
