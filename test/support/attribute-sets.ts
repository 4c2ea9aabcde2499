/** @file What the derived tests run besides the examples of the records: every operator with a few sets of attributes. */
import type { Operator } from "../../src/ir/operator.ts";
import { axes } from "./attribute-sets-axes.ts";
import { elements } from "./attribute-sets-elements.ts";
import { sums } from "./attribute-sets-sums.ts";
import { windows } from "./attribute-sets-windows.ts";
import { impliedSets } from "./implied-sets.ts";

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

/** What is written by hand, where the examples do not imply enough. */
export const attributeTables: readonly AttributeSets[] = [axes, elements, sums, windows];

const written: AttributeSets = Object.assign({}, ...attributeTables) as AttributeSets;

/** The sets of an operator, besides its examples. */
export const attributeSets = (op: Operator): readonly AttributeSet[] => written[op.name] ?? impliedSets(op);
