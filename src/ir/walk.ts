/** @file Walks over the values of a graph. None recurses: chains may be long. */
import type { Value } from "./graph.ts";

/** What a walk follows from a value. */
export type Operands = (value: Value) => readonly Value[];

/** What a value is computed of: inputs, then weights; of a pick, the node. */
export function operandsOf(value: Value): readonly Value[] {
  if (value.kind === "pick") return [value.of];
  return value.kind === "node" ? [...value.inputs, ...Object.values(value.weights)] : [];
}

/** All that these values are made of, themselves included, in no particular order; not what is in `stop`, nor beyond. */
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

/** The same, every value after its operands and these in their order. */
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
