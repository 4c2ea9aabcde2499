/** @file The kinds of attributes that operators take, as data. A record's declarations determine the types of the values it receives. */
import type { Initializer } from "../contract/manifest.ts";
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Axis, TensorType } from "./type.ts";

/** Padding of spatial axes: `same` is PyTorch's (symmetric), `same_tf` TensorFlow's (more at the end). A single pair applies to all axes. */
export type Padding = "same" | "same_tf" | readonly (readonly [Size, Size])[];

/** An axis on the right of `->`. */
export interface MappedAxis {
  readonly axis: Axis;
  /** If left out, the size variable of the axis's name; undefined without one, for the operator to infer. */
  readonly size: Size | undefined;
  /** The size was left out. */
  readonly elided?: true;
}

/** `from -> to`. */
export interface AxisMap {
  readonly from: readonly Axis[];
  readonly to: readonly MappedAxis[];
}

/** Each kind of attribute and the type of its values. */
interface Kinds {
  /** A size known when a model is built, unless the attribute is `open`. */
  size: Size;
  /** One size for all axes, or a list with one size per axis of the operator's `axis:`. One size is a list of length 1 here. */
  sizes: readonly Size[];
  padding: Padding;
  number: number;
  bool: boolean;
  choice: string;
  axis: Axis;
  /** One axis or a list. */
  axes: readonly Axis[];
  /** `h: 7`, `t: [0, 4]`: every attribute that the record does not declare names an axis. Sizes may be run-time sizes. */
  keyed: ReadonlyMap<Axis, readonly Size[]>;
  /** The positional arguments of the form `from -> to`. */
  maps: readonly AxisMap[];
  /** A tensor of which only the sizes are read. A node keeps the sizes (`Operator.resolve`), not the tensor's type. */
  like: TensorType;
  init: Initializer;
  dtype: DType;
  /** The number of names on the left of the statement. Not written by authors. */
  results: number;
}
export type AttributeKind = keyof Kinds;

export interface Attribute<T = unknown> {
  readonly kind: AttributeKind;
  readonly doc: string;
  /** The default. An attribute with no default is required unless it is `optional`. Sizes are written as numbers. */
  readonly default: unknown;
  readonly optional: boolean;
  /** The one attribute that may be given without its name. */
  readonly positional: boolean;
  /** The attribute is named after the axis whose new size it gives. */
  readonly axis: boolean;
  /** The choices of a `choice`, and the words that a `padding` may be. */
  readonly choices: readonly string[];
  /** For `size` and `sizes`: the least value, 1 by default. Smaller ones get `size-not-positive`. */
  readonly min: number;
  /** For `size`: it may be a run-time size. */
  readonly open: boolean;
  /** For `keyed`: values may be negative, so there is no least one. */
  readonly signed: boolean;
  /** For `sizes`: values may be fractions, sizes divided by a number (`3/2`). */
  readonly fractions: boolean;
  /** For `axes`, `keyed` and `maps`: their order does not matter. */
  readonly unordered: boolean;
  /** Carries the type of the value; never set. */
  readonly value?: T;
}

interface Options {
  readonly default?: unknown;
  readonly optional?: boolean;
  readonly positional?: boolean;
  readonly axis?: boolean;
  readonly min?: number;
  readonly open?: boolean;
  readonly signed?: boolean;
  readonly fractions?: boolean;
  readonly unordered?: boolean;
  readonly choices?: readonly string[];
}

type Value<K extends AttributeKind, O extends Options> =
  | (K extends "choice" ? (O extends { choices: readonly (infer C)[] } ? C : never) : Kinds[K])
  | (O extends { optional: true } ? undefined : never);

/** Declares an attribute: `attribute("sizes", "size of the window", { default: 1 })`. */
export function attribute<K extends AttributeKind, const O extends Options>(
  kind: K,
  doc: string,
  options: O = {} as O,
): Attribute<Value<K, O>> {
  return {
    kind,
    doc,
    default: options.default,
    optional: options.optional ?? false,
    positional: options.positional ?? false,
    axis: options.axis ?? false,
    choices: options.choices ?? [],
    min: options.min ?? 1,
    open: options.open ?? false,
    signed: options.signed ?? false,
    fractions: options.fractions ?? false,
    unordered: options.unordered ?? false,
  };
}

export type Attributes = Readonly<Record<string, Attribute>>;

/** The type of the values that a record with these attributes receives. */
export type ValuesOf<S extends Attributes> = { readonly [K in keyof S]: S[K] extends Attribute<infer T> ? T : never };
