/** @file Which computations are functions of corresponding elements of their inputs, which broadcast. */
import { binary, select } from "../primitives/binary.ts";
import { clamp, leaky_relu, unary } from "../primitives/unary.ts";
import { madeBy, type Computation } from "./value.ts";

export function isElementwise(value: Computation): boolean {
  return (
    madeBy(value, unary) ||
    madeBy(value, leaky_relu) ||
    madeBy(value, clamp) ||
    madeBy(value, binary) ||
    madeBy(value, select)
  );
}
