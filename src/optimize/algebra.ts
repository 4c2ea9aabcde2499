/** @file Makes graph values for the optimizer, and knows which are computed when the model is loaded. */
import type { Attributes, ValuesOf } from "../ir/attribute.ts";
import { assumed, type GraphBuilder } from "../ir/builder.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { Operator } from "../ir/operator.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { inOrder, operandsOf } from "../ir/walk.ts";
import { dot } from "../ops/dot.ts";
import { add, mul } from "../ops/elementwise.ts";
import { concat, expand } from "../ops/fusion.ts";
import { slice } from "../ops/margin.ts";
import { rename, reshape, squeeze, unsqueeze } from "../ops/shape.ts";
import type { Size } from "../sizes/size.ts";
import { invariant } from "../source/internal-error.ts";

/** An axis with its size. */
type Sized = readonly [Axis, Size];

export class Algebra {
  readonly builder: GraphBuilder;
  /** How many nodes were asked for so far: the work that was done. */
  asked = 0;
  readonly #isLoaded = new Map<Value, boolean>();
  readonly #operands = new Map<Value, readonly Value[]>();

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  /** Whether a value depends on weights and constants only, so that it is computed once. */
  isLoaded(value: Value): boolean {
    const known = this.#isLoaded.get(value);
    if (known !== undefined) return known;
    for (const one of inOrder([value], (next) => (this.#isLoaded.has(next) ? [] : operandsOf(next))))
      if (!this.#isLoaded.has(one)) this.#isLoaded.set(one, this.#isLoadedNow(one));
    return this.#isLoaded.get(value)!;
  }

  #isLoadedNow(value: Value): boolean {
    const { sizes } = this.builder;
    if (value.kind === "input") return false;
    if (value.kind === "weight") return true;
    if (value.kind === "constant")
      return !sizes.owns(value.value as object) || sizes.constant(value.value as Size) !== undefined;
    const operands = operandsOf(value);
    return operands.length > 0 && operands.every((operand) => this.#isLoaded.get(operand)!);
  }

  /** What a value needs in a run. */
  operands(value: Value): readonly Value[] {
    let known = this.#operands.get(value);
    if (known === undefined) {
      const all = value.kind === "pick" ? [value.of] : value.kind === "node" ? value.inputs : [];
      this.#operands.set(value, (known = all.filter((operand) => !this.isLoaded(operand))));
    }
    return known;
  }

  node<S extends Attributes>(
    op: Operator<S>,
    inputs: readonly Value[],
    attributes: ValuesOf<S>,
    weights: Readonly<Record<string, Value>> = {},
  ): Node {
    this.asked++;
    const made = this.builder.node(op, inputs, attributes, assumed, weights);
    invariant(made !== undefined, `an impossible ${op.name}`);
    return made;
  }

  /** Applies the operator of a node to other inputs; undefined if it cannot be. */
  again(node: Node, inputs: readonly Value[]): Node | undefined {
    this.asked++;
    return this.builder.again(node, inputs);
  }

  /** The sum or product of two values, of which one has all axes of the other; undefined if neither has. */
  pair(op: typeof add, a: Value, b: Value): Value | undefined {
    const [large, small] = a.type.axes.size >= b.type.axes.size ? [a, b] : [b, a];
    return isOver(small, axisNames(large.type)) ? this.node(op, [large, small], {}) : undefined;
  }

  /** One of every two operands has all axes of the other. */
  sum(terms: readonly Value[]): Value {
    return terms.reduce((a, b) => this.pair(add, a, b)!);
  }

  /** One of every two operands has all axes of the other. */
  product(factors: readonly Value[]): Value {
    return factors.reduce((a, b) => this.pair(mul, a, b)!);
  }

  rename(value: Value, from: readonly Axis[], to: readonly Axis[]): Value {
    const maps = from.flatMap((axis, i) =>
      axis === to[i] || !value.type.axes.has(axis)
        ? []
        : [{ from: [axis], to: [{ axis: to[i]!, size: value.type.axes.get(axis)! }] }],
    );
    return maps.length === 0 ? value : this.node(rename, [value], { maps });
  }

  /** A value with other axes for some of its own, of which the last varies fastest. */
  reshaped(value: Value, from: readonly Axis[], to: readonly { readonly axis: Axis; readonly size: Size }[]): Value {
    return this.node(reshape, [value], { maps: [{ from, to }] });
  }

  /** The value over all these axes, repeated over those that it lacks. */
  expanded(value: Value, axes: readonly Sized[]): Value {
    const missing = axes.filter(([axis]) => !value.type.axes.has(axis));
    if (missing.length === 0) return value;
    return this.node(expand, [value], {
      like: undefined,
      keyed: new Map(missing.map(([axis, size]) => [axis, [size]])),
    });
  }

  dot(a: Value, b: Value, contract: readonly Axis[], batch: readonly Axis[] = []): Value {
    return this.node(dot, [a, b], { contract, batch });
  }

  /** The places from `start` up to `end` of an axis, if the value has it. */
  cut(value: Value, axis: Axis, start: Size, end: Size): Value {
    if (!value.type.axes.has(axis)) return value;
    return this.node(slice, [value], { keyed: new Map([[axis, [start, end]]]) });
  }

  concat(parts: readonly Value[], axis: Axis): Value {
    const [only] = parts;
    return parts.length === 1 ? only! : this.node(concat, parts, { axis });
  }
}

const isBy = (value: Value | undefined, op: Operator): value is Node =>
  value?.kind === "node" && value.op.name === op.name;

/** A value after unit axes that were added are dropped again, or the reverse. */
export function simplified(value: Value): Value {
  const [outer, inner] = [value, value.kind === "node" ? value.inputs[0] : undefined];
  const isUndone = (a: Operator, b: Operator) => isBy(outer, a) && isBy(inner, b);
  if (!isUndone(squeeze, unsqueeze) && !isUndone(unsqueeze, squeeze)) return value;
  const [source] = (inner as Node).inputs;
  return isOver(source, axisNames(value.type)) && source!.type.axes.size === value.type.axes.size ? source! : value;
}

/** Whether two lists have the same axes, in any order. */
export const isSameAxes = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((axis) => b.includes(axis));

/** Whether a value, if there is one, has only these axes. */
export function isOver(value: Value | undefined, axes: readonly Axis[]): boolean {
  return value === undefined || axisNames(value.type).every((axis) => axes.includes(axis));
}
