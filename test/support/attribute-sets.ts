/** @file What the derived tests run besides the examples of the records: every operator with a few sets of attributes. */
import { axes } from "./attribute-sets-axes.ts";
import { elements } from "./attribute-sets-elements.ts";
import { sums } from "./attribute-sets-sums.ts";
import { windows } from "./attribute-sets-windows.ts";

/** An expression over inputs with symbolic sizes. */
export interface AttributeSet {
  /** e.g. `conv(x, c: 8, kernel: 3)` */
  readonly code: string;
  /** e.g. `x: [n, c: 4, h, w]` */
  readonly inputs: string;
  /** The elements of f32 inputs are some of these, where chance would not meet what matters. */
  readonly values?: readonly number[];
}

/** By operator. */
export type AttributeSets = Readonly<Record<string, readonly AttributeSet[]>>;

/** Each family has a test file of its own, so that they run in parallel. */
export const families = { axes, elements, sums, windows } satisfies Readonly<Record<string, AttributeSets>>;

export type Family = keyof typeof families;
