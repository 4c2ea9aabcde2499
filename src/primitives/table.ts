/** @file All primitives. */
import * as attention from "./attention.ts";
import * as binary from "./binary.ts";
import * as transposed from "./convolution-transpose.ts";
import * as convolution from "./convolution.ts";
import * as gather from "./gather.ts";
import * as iota from "./iota.ts";
import * as layout from "./layout.ts";
import * as matmul from "./matmul.ts";
import * as nearest from "./nearest.ts";
import * as pool from "./pool.ts";
import type { Primitive } from "./primitive.ts";
import * as reduce from "./reduce.ts";
import * as resize from "./resize.ts";
import * as scalar from "./scalar.ts";
import * as scan from "./scan.ts";
import * as scatter from "./scatter.ts";
import * as softmax from "./softmax.ts";
import * as sum from "./sum.ts";
import * as top from "./top.ts";
import * as unary from "./unary.ts";
import * as windows from "./windows.ts";

const families = [
  unary,
  binary,
  sum,
  reduce,
  layout,
  convolution,
  transposed,
  pool,
  windows,
  gather,
  scatter,
  scan,
  top,
  resize,
  nearest,
  matmul,
  softmax,
  attention,
  scalar,
  iota,
];

/** Families also export other things. Primitives are those with `esm`. */
function isPrimitive(value: unknown): value is Primitive {
  return typeof value === "object" && value !== null && "esm" in value;
}

export const primitives: readonly Primitive[] = families.flatMap((family) =>
  Object.values<unknown>(family).filter(isPrimitive),
);
