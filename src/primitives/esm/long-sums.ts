/** @file JavaScript for sums and means that are computed in stages if there are many elements, which only a run can tell. */
import type { Positional } from "../../ir/lowering.ts";
import type { Size } from "../../sizes/size.ts";
import type { EsmEmitter } from "./emitter.ts";
import { tidy } from "./text.ts";

/** A sum or mean of an operand over some positions. */
export interface LongSum {
  readonly name: "sum" | "mean";
  readonly operand: Positional;
  readonly axes: readonly number[];
  /** Up to twice as many elements are added in one stage. */
  readonly block: number;
  readonly result: Positional;
}

/** Prints a call that sums over several positions one after the other, or over one in blocks. `plain` is that of one stage. */
export function longSumText(e: EsmEmitter, x: string, sum: LongSum, plain: (x: string) => string): string {
  const { name, operand, axes, block, result } = sum;
  const product = (sizes: readonly Size[]): string => sizes.map((size) => `(${e.size(size)})`).join(" * ");
  const shape = e.sizes(result.shape);
  const over = product(axes.map((axis) => operand.shape[axis]!));
  if (axes.length > 1) {
    const stages = axes.toSorted((a, b) => b - a).reduce((text, axis) => `tf.${name}(${text}, ${axis})`, "x");
    return whenLong({ x, n: over, shape }, `n > ${2 * block}`, `tf.reshape(${stages}, shape)`, plain);
  }
  const last = operand.shape.slice(axes[0]! + 1);
  // Backends sum the last axis without moving data.
  const [after, start] = last.length === 0 ? ["", ""] : [", after", ", 0"];
  const rows = `tf.reshape(x, [-1, n${after}])`;
  const part = (begin: string, size: string) => `tf.slice(${rows}, [0, ${begin}${start}], [-1, ${size}${after}])`;
  const inBlocks = (of: string) => `tf.sum(tf.sum(tf.reshape(${of}, [-1, whole / ${block}, ${block}${after}]), 2), 1)`;
  const rest = `tf.sum(${part("whole", "n - whole")}, 1)`;
  const total = `(n === whole ? ${inBlocks("x")} : tf.add(${inBlocks(part("0", "whole"))}, ${rest}))`;
  const value = name === "mean" ? `tf.div(${total}, n)` : total;
  const given = { x, n: over, whole: `(${over}) - (${over}) % ${block}`, shape };
  const all = last.length === 0 ? given : { ...given, after: product(last) };
  return whenLong(all, `n > ${2 * block}`, `tf.reshape(${value}, shape)`, plain);
}

/** A function of what it uses, so names of the program cannot clash with its own. */
function whenLong(
  given: Readonly<Record<string, string>>,
  condition: string,
  long: string,
  plain: (x: string) => string,
): string {
  const names = Object.keys(given).join(", ");
  return tidy(`((${names}) => (${condition} ? ${long} : ${plain("x")}))(${Object.values(given).join(", ")})`);
}
