/** @file A plan with numbers for sizes. */
import type { Primitive } from "../../primitives/primitive.ts";
import type { Sized } from "../../primitives/wasm/emitter.ts";

export interface SizedInput extends Sized {
  readonly kind: "input";
}

/** A tensor that is known when weights are loaded. */
export interface SizedPrepared extends Sized {
  readonly kind: "prepared";
}

export interface SizedStep extends Sized {
  readonly kind: "step";
  readonly primitive: Primitive;
  /** With numbers for sizes. */
  readonly attributes: unknown;
  readonly inputs: readonly SizedValue[];
}

export type SizedValue = SizedInput | SizedPrepared | SizedStep;

export interface SizedPlan {
  /** In the order of the model's guard. */
  readonly inputs: readonly SizedInput[];
  /** In the order of the plan. */
  readonly prepared: readonly SizedPrepared[];
  readonly steps: readonly SizedStep[];
  readonly results: readonly SizedValue[];
}

/** The most elements that a value may have: byte offsets are signed. */
export const mostElements = 2 ** 29;
