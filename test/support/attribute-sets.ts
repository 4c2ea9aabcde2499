/** @file Attribute sets of every operator, which the derived tests run in addition to the examples of the records. */
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
  /** Elements of f32 inputs are drawn from these, where random numbers would miss what matters. */
  readonly values?: readonly number[];
}

/** Attribute sets by operator. */
export type AttributeSets = Readonly<Record<string, readonly AttributeSet[]>>;

/** Handwritten sets, where the examples do not imply enough. */
export const attributeTables: readonly AttributeSets[] = [axes, elements, sums, windows];

const written: AttributeSets = Object.assign({}, ...attributeTables) as AttributeSets;

/** Returns the sets of an operator, in addition to its examples. */
export const attributeSets = (op: Operator): readonly AttributeSet[] => written[op.name] ?? impliedSets(op);
