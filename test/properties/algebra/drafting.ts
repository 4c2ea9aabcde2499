/** @file What the steps of a random graph share: the values so far, how large and how fine their elements are, and applying operators. */
import type { Value } from "../../../src/ir/graph.ts";
import { axisNames, type Axis } from "../../../src/ir/type.ts";
import { operators } from "../../../src/ops/table.ts";
import type { Size } from "../../../src/sizes/size.ts";
import { ModelBuilder } from "../../support/model.ts";

/**
 * A value with what its elements are: multiples of 2^-fraction, at most 2^bits. While both together fit the 53 bits of a
 * float64 number, every sum and product is exact, in whatever order it is computed.
 */
export interface Exact {
  readonly value: Value;
  readonly bits: number;
  readonly fraction: number;
}

/** What an operator adds to the bits and to the fraction of its input. */
export interface Growth {
  readonly bits?: number;
  readonly fraction?: number;
}

/** Bits of magnitude and fraction that no value exceeds. Others need some more while a graph is rewritten. */
const mostBits = 46;
/** Elements that no value exceeds: the interpreter is slow. */
const mostElements = 1024;

export class Drafting {
  readonly m = new ModelBuilder();
  readonly values: Exact[] = [];
  /** The values of the size variables in a run. */
  readonly variables: Readonly<Record<string, number>>;
  /** Whether sizes are powers of two and all arithmetic is exact. */
  readonly isExact: boolean;
  /** Steps that are taken more often, by name. */
  readonly about: readonly string[];
  #paths = 0;

  constructor(variables: Readonly<Record<string, number>>, isExact: boolean, about: readonly string[]) {
    this.variables = variables;
    this.isExact = isExact;
    this.about = about;
  }

  newPath(): string {
    return `l${this.#paths++}`;
  }

  number(size: Size): number {
    return Number(this.m.sizes.evaluate(size, ({ name }) => BigInt(this.variables[name]!))!);
  }

  /** The size of an axis in a run; 0 if there is no such axis. */
  at({ value }: Exact, axis: Axis): number {
    const size = value.type.axes.get(axis);
    return size === undefined ? 0 : this.number(size);
  }

  /** The size of an axis that the graph knows; 0 if there is none. */
  fixed({ value }: Exact, axis: Axis): number {
    return Number(this.m.sizes.constant(value.type.axes.get(axis) ?? this.m.sizes.int(0)) ?? 0);
  }

  /** Whether a mean over this axis is exact. */
  isFine(x: Exact, axis: Axis): boolean {
    const size = this.at(x, axis);
    return size > 0 && (!this.isExact || Number.isInteger(Math.log2(size)));
  }

  elements({ type }: Value): number {
    return [...type.axes.values()].reduce((product, size) => product * this.number(size), 1);
  }

  /** Applies an operator; undefined if the result would be too large. */
  apply(
    name: keyof typeof operators,
    inputs: readonly Exact[],
    attributes: Readonly<Record<string, unknown>> = {},
    growth: Growth = {},
    path?: string,
  ): Exact | undefined {
    const bits = Math.max(...inputs.map((input) => input.bits)) + (growth.bits ?? 0);
    const fraction = Math.max(...inputs.map((input) => input.fraction)) + (growth.fraction ?? 0);
    if (bits + fraction > mostBits) return undefined;
    const options = path === undefined ? {} : { path };
    const value = this.m.apply(
      operators[name]!,
      inputs.map((input) => input.value),
      attributes,
      options,
    );
    return this.elements(value) > mostElements ? undefined : { value, bits, fraction };
  }

  /** A weight over the axes of `x` that are named. */
  weight(path: string, axes: Readonly<Record<Axis, number>>): Exact {
    return { value: this.m.weight(path, axes), bits: 1, fraction: path.includes("divisor") ? 1 : 0 };
  }

  scalar(value: number): Exact {
    return { value: this.m.builder.scalar(value), bits: 1, fraction: 1 };
  }
}

export const axesOf = ({ value }: Exact): readonly Axis[] => axisNames(value.type);
export const has = ({ value }: Exact, ...axes: Axis[]): boolean => axes.every((axis) => value.type.axes.has(axis));
export const without = (x: Exact, ...axes: Axis[]): boolean => axes.every((axis) => !has(x, axis));

/** Whether two values have the same axes and sizes, apart from one axis, which both have. */
export function isAlike(a: Exact, b: Exact, except?: Axis): boolean {
  const [one, other] = [a.value.type.axes, b.value.type.axes];
  if (one.size !== other.size) return false;
  return [...one].every(([axis, size]) => (axis === except ? other.has(axis) : other.get(axis) === size));
}

/** Whether `a` has all axes of `b`, with the same sizes. */
export const covers = (a: Exact, b: Exact): boolean =>
  [...b.value.type.axes].every(([axis, size]) => a.value.type.axes.get(axis) === size);
