/** @file Pieces of JavaScript that several primitives print. */
import { dtypeNames, type DType } from "../../contract/ndarray.ts";

export function dtypeText(dtype: DType): string {
  return `"${dtypeNames[dtype]}"`;
}

/** A number that reads back as itself, negative zero included. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** `[1, 2]`; as tfjs takes one number for two equal ones, `[2, 2]` is `2`. */
export function pairText([a, b]: readonly [string, string]): string {
  return a === b ? a : `[${a}, ${b}]`;
}

/** An expression with intermediate results, which are freed. */
export function tidy(expression: string): string {
  return `tf.tidy(() => ${expression})`;
}
