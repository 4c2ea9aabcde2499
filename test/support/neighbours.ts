/** @file An operator's example between linear neighbours, with sizes that are numbers: something that the optimizer can exchange. */
import { assumed } from "../../src/ir/builder.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { axisNames, tensorType, type TensorType } from "../../src/ir/type.ts";
import { inOrder } from "../../src/ir/walk.ts";
import { conv } from "../../src/ops/conv.ts";
import { mul } from "../../src/ops/elementwise.ts";
import { expand } from "../../src/ops/fusion.ts";
import { linear } from "../../src/ops/linear.ts";
import { slice } from "../../src/ops/margin.ts";
import { mean } from "../../src/ops/reduce.ts";
import type { Size } from "../../src/sizes/size.ts";
import type { Chance } from "../properties/programs/chance.ts";
import { ModelBuilder } from "./model.ts";
import { sizeAt, withSizes } from "./subject.ts";

/** An axis that no example has. */
const batch = "batch_";

/**
 * Returns a model that computes what another one computes at these sizes, with a linear operator before each of its inputs and
 * one after each of its results. Those of integers and bools expand and slice.
 */
export function withNeighbours(graph: ModelGraph, at: Readonly<Record<string, number>>, chance: Chance): ModelGraph {
  const m = new ModelBuilder(graph.builder.sizes);
  const now = (size: Size): Size => sizeAt(m.sizes, size, at);
  const number = (size: Size): number => Number(m.sizes.constant(now(size)));
  const typeOf = ({ dtype, axes }: TensorType) =>
    tensorType(
      dtype,
      [...axes].map(([axis, size]) => [axis, now(size)] as const),
    );
  const input = (name: string, { dtype, axes }: TensorType): Value => {
    const shape = [...axes].map(([axis, size]) => `${axis}: ${number(size)}`);
    const isReal = dtype === "f32";
    const kind = chance.random();
    // What is computed before a mean is computed twice, and after an expansion several times.
    if (isReal && (shape.length === 0 || kind < 0.4))
      return m.apply(mean, [m.input(name, [...shape, `${batch}: 2`])], { axis: batch });
    if (isReal && kind < 0.7) return neighbour(m, m.input(name, shape), `before.${name}`, chance);
    if (shape.length === 0) return m.input(name, shape, dtype);
    const [axis, size] = chance.pick([...axes]);
    const rest = shape.filter((one) => !one.startsWith(`${axis}: `));
    return m.apply(expand, [m.input(name, rest, dtype)], { keyed: { [axis]: number(size) } });
  };
  const made = new Map<Value, Value>(graph.inputs.map((one) => [one, input(one.name, one.type)]));
  const copy = (value: Value): Value => {
    switch (value.kind) {
      case "input":
        return made.get(value)!;
      case "weight":
        return m.weight(
          value.path,
          Object.fromEntries([...value.type.axes].map(([axis, size]) => [axis, number(size)])),
        );
      case "constant":
        return m.builder.constant(typeOf(value.type), withSizes(value.value, now) as typeof value.value);
      case "pick":
        return m.builder.pick(made.get(value.of) as Node, value.index);
      case "node": {
        const inputs = value.inputs.map((one) => made.get(one)!);
        const weights = Object.fromEntries(Object.entries(value.weights).map(([name, one]) => [name, made.get(one)!]));
        return m.builder.node(
          value.op,
          inputs,
          withSizes(value.attributes, now) as Node["attributes"],
          assumed,
          weights,
        )!;
      }
    }
  };
  for (const value of inOrder(graph.results.map(({ value }) => value))) made.set(value, copy(value));
  const results = graph.results.map(({ name, value }) => {
    const own = made.get(value)!;
    const after = own.type.axes.size > 0 ? neighbour(m, own, `after.${name}`, chance, "any type") : own;
    return [name, [after, axisNames(after.type)]] as const;
  });
  return m.graph(Object.fromEntries(results));
}

/** Applies a linear operator to a value: one that keeps its type, unless that may be any. */
function neighbour(m: ModelBuilder, x: Value, path: string, chance: Chance, type?: "any type"): Value {
  const axes = axisNames(x.type);
  const axis = chance.pick(axes);
  const sizeOf = (one: string) => Number(m.sizes.constant(x.type.axes.get(one)!));
  if (x.type.dtype !== "f32") return m.apply(slice, [x], { keyed: { [axis]: [0, 1] } });
  const kinds = ["linear", "scale"];
  if (["c", "h", "w"].every((one) => axes.includes(one))) kinds.push("conv");
  if (type === "any type") kinds.push("mean", "mean", "slice");
  switch (chance.pick(kinds)) {
    case "conv":
      return m.apply(conv, [x], { c: sizeOf("c"), kernel: 1 }, { path });
    case "scale":
      return m.apply(mul, [x, m.weight(path, { [axis]: sizeOf(axis) })]);
    case "mean":
      return m.apply(mean, [x], { axis });
    case "slice":
      return m.apply(slice, [x], { keyed: { [axis]: [0, 1] } });
    default:
      return m.apply(linear, [x], { keyed: { [axis]: sizeOf(axis) } }, { path });
  }
}
