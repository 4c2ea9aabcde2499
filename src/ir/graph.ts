/** @file The graph: the author's program as hash-consed values over named axes with symbolic sizes. */
import type { Initializer } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Span } from "../source/source.ts";
import type { Operator } from "./operator.ts";
import type { Axis, TensorType } from "./type.ts";

/** An input tensor of the model. `order` is its memory layout at the boundary. */
export interface Input {
  readonly kind: "input";
  readonly id: number;
  readonly name: string;
  readonly type: TensorType;
  readonly order: readonly Axis[];
}

/** A trained parameter, identified by its path. */
export interface Weight {
  readonly kind: "weight";
  readonly id: number;
  readonly path: string;
  readonly type: TensorType;
  /** Axes in storage order, which is PyTorch's. A stored tensor may merge adjacent axes of a group. */
  readonly groups: readonly (readonly Axis[])[];
  readonly init: Initializer;
  readonly fan: { readonly in: Size; readonly out: Size };
}

/** A number, a run-time size, or literal data in the order of the type's axes. */
export interface Constant {
  readonly kind: "constant";
  readonly id: number;
  readonly type: TensorType;
  readonly value: number | Size | NdArray;
}

/** An application of an operator. `types` are the types of its results. */
export interface Node {
  readonly kind: "node";
  readonly id: number;
  /** The record itself. */
  readonly op: Operator;
  readonly inputs: readonly Value[];
  /** Weights, or values computed from them, by the names of the operator's weight specs. */
  readonly weights: Readonly<Record<string, Value>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly types: readonly TensorType[];
  /** The type of the first result. */
  readonly type: TensorType;
}

/** One of several results. */
export interface Pick {
  readonly kind: "pick";
  readonly id: number;
  readonly of: Node;
  readonly index: number;
  readonly type: TensorType;
}

export type Value = Input | Weight | Constant | Node | Pick;

/** Where a value comes from. Never part of its identity. */
export interface Origin {
  readonly span: Span;
  /** The author's name for the value, if any. */
  readonly name: string | undefined;
  /** The enclosing labels and blocks, outermost first: `["backbone", "layer1", "0"]`. */
  readonly scope: readonly string[];
  /** The calls of blocks that lead to it, outermost first. */
  readonly calls: readonly Span[];
}
