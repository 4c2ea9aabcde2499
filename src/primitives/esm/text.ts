/** @file Pieces of JavaScript that several primitives print. */
import { dtypeNames, type DType } from "../../contract/ndarray.ts";

export function dtypeText(dtype: DType): string {
  return `"${dtypeNames[dtype]}"`;
}

/** Prints a number that reads back as itself, including negative zero. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Prints a pair: `[1, 2]`. tfjs takes one number for two equal ones, so `[2, 2]` is `2`. */
export function pairText([a, b]: readonly [string, string]): string {
  return a === b ? a : `[${a}, ${b}]`;
}

/** Wraps an expression whose intermediate results must be freed. */
export function tidy(expression: string): string {
  return `tf.tidy(() => ${expression})`;
}
