/** @file The kinds of attributes that operators take, as data; what a record declares decides the type of what it is given. */
import type { Initializer } from "../contract/manifest.ts";
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Axis, TensorType } from "./type.ts";

/** Padding of spatial axes: `same` is PyTorch's (symmetric), `same_tf` TensorFlow's (more at the end). One pair stands for all axes. */
export type Padding = "same" | "same_tf" | readonly (readonly [Size, Size])[];

/** `from -> to`; a size that is left out is for the operator to find. */
export interface AxisMap {
  readonly from: readonly Axis[];
  readonly to: readonly { readonly axis: Axis; readonly size: Size | undefined }[];
}

/** What the reader of a call needs to know about each kind, and the type of the value it makes. */
interface Kinds {
  /** A size known when a model is built. */
  size: Size;
  /** One size or a list with one for each axis of the operator's `axis:`; always a list here, of length 1 if it stands for all. */
  sizes: readonly Size[];
  padding: Padding;
  number: number;
  bool: boolean;
  choice: string;
  axis: Axis;
  /** One axis or a list. */
  axes: readonly Axis[];
  /** `h: 7`, `t: [0, 4]`: every attribute whose name the record does not declare is an axis; sizes may be run-time. */
  keyed: ReadonlyMap<Axis, readonly Size[]>;
  /** The positional arguments of the form `from -> to`. */
  maps: readonly AxisMap[];
  /** A tensor of which only the sizes are read; a node keeps these (`Operator.resolve`), not the tensor's type. */
  like: TensorType;
  init: Initializer;
  dtype: DType;
  /** How many names stand on the left of the statement; nobody writes it. */
  results: number;
}
export type AttributeKind = keyof Kinds;

export interface Attribute<T = unknown> {
  readonly kind: AttributeKind;
  readonly doc: string;
  /** Used where the attribute is not given; without one, and unless `optional`, it is required. Sizes are written as numbers. */
  readonly default: unknown;
  readonly optional: boolean;
  /** The one attribute that may stand without its name. */
  readonly positional: boolean;
  /** Its name is that of the axis whose new size it gives. */
  readonly axis: boolean;
  /** Of a `choice`. */
  readonly choices: readonly string[];
  /** Of `size` and `sizes`: the least value, 1 unless told; smaller ones are `size-not-positive`. */
  readonly min: number;
  /** Of `sizes`: values may be fractions, which are sizes over a number (`3/2`). */
  readonly fractions: boolean;
  /** Of `axes`, `keyed` and `maps`: the order in which they are listed means nothing. */
  readonly unordered: boolean;
  /** Only for the type of the value. */
  readonly value?: T;
}

interface Options {
  readonly default?: unknown;
  readonly optional?: boolean;
  readonly positional?: boolean;
  readonly axis?: boolean;
  readonly min?: number;
  readonly fractions?: boolean;
  readonly unordered?: boolean;
  readonly choices?: readonly string[];
}

type Value<K extends AttributeKind, O extends Options> =
  (O extends { choices: readonly (infer C)[] } ? C : Kinds[K]) | (O extends { optional: true } ? undefined : never);

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
    fractions: options.fractions ?? false,
    unordered: options.unordered ?? false,
  };
}

export type Attributes = Readonly<Record<string, Attribute>>;

/** The values that a record with these attributes receives. */
export type ValuesOf<S extends Attributes> = { readonly [K in keyof S]: S[K] extends Attribute<infer T> ? T : never };
