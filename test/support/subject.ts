/** @file An operator of a graph at sizes that are numbers, applied to arrays. */
import { named, type NamedArray } from "../../src/contract/ndarray.ts";
import { assumed, type GraphBuilder } from "../../src/ir/builder.ts";
import type { Input, Node, Value } from "../../src/ir/graph.ts";
import { tensorType, type TensorType } from "../../src/ir/type.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import type { Size } from "../../src/sizes/size.ts";
import type { Sizes } from "../../src/sizes/sizes.ts";
import { randomArray, seeded } from "./arrays.ts";

/** An operator at sizes that are numbers, with arrays for its inputs and weights. */
export interface Subject {
  readonly builder: GraphBuilder;
  readonly node: Node;
  readonly attributes: Node["attributes"];
  readonly inputs: readonly NamedArray[];
  readonly weights: Readonly<Record<string, NamedArray>>;
}

/** Sums and products of these are exact in float64, and so are quotients by them. */
const values = [-4, -2, -1, -0.5, 0.5, 1, 2, 4];
/** Standard deviations of these are exact. */
const variances = [0.25, 1, 4];

const isSize = (value: unknown): value is Size => typeof value === "object" && value !== null && "terms" in value;

/** Replaces the sizes in an attribute. */
export function withSizes(value: unknown, now: (size: Size) => Size): unknown {
  if (isSize(value)) return now(value);
  if (Array.isArray(value)) return value.map((item) => withSizes(item, now));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, withSizes(item, now)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSizes(item, now)]));
}

/** Returns a size with numbers in place of its variables. */
export const sizeAt = (sizes: Sizes, size: Size, at: Readonly<Record<string, number>>): Size =>
  sizes.substitute(size, new Map([...sizes.variables(size)].map((v) => [v, sizes.int(at[v.name]!)])));

/** Returns a node of a graph at these sizes of the guard's variables, with random elements. */
export function subjectOf(
  builder: GraphBuilder,
  node: Node,
  at: Readonly<Record<string, number>>,
  seed: number,
): Subject {
  const { sizes } = builder;
  const random = seeded(seed);
  const now = (size: Size) => sizeAt(sizes, size, at);
  const filled = ({ dtype, axes }: TensorType, drawn: readonly number[]): NamedArray => {
    const shape = [...axes.values()].map((size) => Number(sizes.constant(now(size))));
    return named(randomArray(random, dtype, shape, { values: drawn }), [...axes.keys()]);
  };
  const constant = (value: Value): NamedArray =>
    evaluateGraph([value], {
      builder,
      input: () => filled(value.type, values),
      weight: () => filled(value.type, values),
      sizes: ({ name }) => BigInt(at[name]!),
    })[0]!;
  return {
    builder,
    node,
    attributes: withSizes(node.attributes, now) as Node["attributes"],
    inputs: node.inputs.map((input) => (input.kind === "constant" ? constant(input) : filled(input.type, values))),
    weights: Object.fromEntries(
      Object.entries(node.weights).map(([name, { type }]) => [
        name,
        filled(type, name === "running_var" ? variances : values),
      ]),
    ),
  };
}

/** The operator, applied to tensors that hold these arrays. */
export interface Applied {
  readonly node: Node;
  readonly inputs: readonly Input[];
  evaluate(results: readonly Value[]): readonly NamedArray[];
  /** Makes a tensor with these elements. */
  tensor(array: NamedArray): Input;
}

/** Applies the operator to its arrays. */
export function applied({ builder, node, attributes, ...arrays }: Subject): Applied {
  const held = new Map<Input, NamedArray>();
  const tensor = (array: NamedArray): Input => {
    const axes = array.axes.map((axis, i) => [axis, builder.sizes.int(array.shape[i]!)] as const);
    const input = builder.input("x", tensorType(array.dtype, axes));
    held.set(input, array);
    return input;
  };
  const inputs = arrays.inputs.map(tensor);
  const weights = Object.fromEntries(Object.entries(arrays.weights).map(([name, array]) => [name, tensor(array)]));
  return {
    node: builder.node(node.op, inputs, attributes, assumed, weights)!,
    inputs,
    tensor,
    evaluate: (results) =>
      evaluateGraph(results, {
        builder,
        input: (input) => held.get(input)!,
        weight: ({ path }) => {
          throw new Error(`${path} has no elements`);
        },
        sizes: ({ name }) => {
          throw new Error(`${name} has no value`);
        },
      }),
  };
}

/** Returns the node that the arrays belong to, whose sizes are numbers. */
export const concreteNode = (subject: Subject): Node => applied(subject).node;

/** Returns all results of the operator. */
export function run(subject: Subject): readonly NamedArray[] {
  const { node, ...it } = applied(subject);
  return it.evaluate(node.types.map((_, i) => subject.builder.pick(node, i)));
}

/** Returns the results with another input. */
export const withInput = (subject: Subject, input: number, array: NamedArray): readonly NamedArray[] =>
  run({ ...subject, inputs: subject.inputs.with(input, array) });
