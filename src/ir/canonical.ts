/** @file The canonical form of attributes: in the order of their record, and sorted where order does not matter. */
import { invariant } from "../source/internal-error.ts";
import type { Attribute, Attributes, AxisMap, ValuesOf } from "./attribute.ts";
import type { Axis, TensorType } from "./type.ts";

/** Orders axes as in the inputs, one input after the other. New names come last, alphabetically. */
type Order = (a: Axis, b: Axis) => number;

/** Returns the attributes of a node with these inputs. Attributes not given are undefined. */
export function canonical<S extends Attributes>(
  declared: S,
  given: ValuesOf<S>,
  inputs: readonly TensorType[],
): ValuesOf<S> {
  const values: Readonly<Record<string, unknown>> = given;
  const undeclared = Object.keys(values).find((name) => !Object.hasOwn(declared, name));
  invariant(undeclared === undefined, `the attribute ${undeclared} is not declared`);
  const entries = Object.entries(declared).map(([name, attribute]) => [name, sorted(attribute, values[name], inputs)]);
  return Object.fromEntries(entries) as ValuesOf<S>;
}

function orderOf(inputs: readonly TensorType[]): Order {
  const places = new Map<Axis, number>();
  for (const axis of inputs.flatMap((type) => [...type.axes.keys()]))
    if (!places.has(axis)) places.set(axis, places.size);
  const place = (axis: Axis) => places.get(axis) ?? places.size;
  return (a, b) => place(a) - place(b) || (a < b ? -1 : Number(a > b));
}

function sorted({ kind, unordered }: Attribute, value: unknown, inputs: readonly TensorType[]): unknown {
  if (!unordered || value === undefined) return value;
  const order = orderOf(inputs);
  switch (kind) {
    case "axes":
      return (value as readonly Axis[]).toSorted(order);
    case "keyed":
      return new Map([...(value as ReadonlyMap<Axis, unknown>)].sort(([a], [b]) => order(a, b)));
    case "maps":
      return (value as readonly AxisMap[]).toSorted((a, b) => order(firstAxis(a), firstAxis(b)));
    default:
      return value;
  }
}

/** Returns the first source axis, or else the first new one. It identifies a map within its operator, because axes are distinct. */
function firstAxis({ from, to }: AxisMap): Axis {
  return from[0] ?? to[0]?.axis ?? "";
}
