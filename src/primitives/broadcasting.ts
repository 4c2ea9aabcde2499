/** @file NumPy's broadcasting: shapes are aligned at the right, and a position of size 1 matches any size. */
import { stridesOf, type NdArray } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { EsmEmitter } from "./esm/emitter.ts";
import { dtypeText, tidy } from "./esm/text.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import { apply, ones, reshaped } from "./tensorflow/nodes.ts";

/** Returns the common shape. Only the number 1 spreads. The checker has proved that other sizes at the same position are equal. */
export function broadcastShape(sizes: Sizes, shapes: readonly (readonly Size[])[]): readonly Size[] {
  const one = sizes.int(1);
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const here = shapes.map((shape) => shape[i - rank + shape.length] ?? one);
    return here.find((size) => size !== one) ?? one;
  });
}

/** Returns the common shape of numeric shapes. */
export function commonShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) =>
    Math.max(...shapes.map((shape) => shape[i - rank + shape.length] ?? 1)),
  );
}

/** Reads an array at an index of a shape that it is broadcast to. */
export function reader(array: NdArray): (index: readonly number[]) => number {
  const strides = stridesOf(array.shape);
  return (index) => {
    const skip = index.length - array.shape.length;
    let flat = 0;
    for (let i = 0; i < strides.length; i++) if (array.shape[i] !== 1) flat += index[skip + i]! * strides[i]!;
    return array.data[flat]!;
  };
}

/**
 * Prints an expression that spreads `x` over a shape, inside a `tidy`; `x` itself if it has the shape. Multiplies by ones:
 * tf.broadcastTo tiles, which takes 100 times as long on wasm (9.2 vs 0.06 ms for 1x1x64 over 56x56). On the native
 * backend both take 0.1 ms. x·1 is x for every number, including infinity and NaN.
 */
export function spread(e: EsmEmitter, x: string, from: Positional, shape: readonly Size[]): string {
  const skip = shape.length - from.shape.length;
  const isSpread = shape.map((size, i) => from.shape[i - skip] !== size);
  const first = isSpread.indexOf(true);
  if (first < 0) return x;
  if (shape.length > mostAxes) return spreadEach(e, x, from, isSpread, shape);
  const runs = isSpread.filter((it, i) => it !== isSpread[i - 1]).length;
  if (runs > mostRuns) return `tf.broadcastTo(${x}, ${e.sizes(shape)})`;
  const ones = shape.slice(first).map((size, i) => (isSpread[first + i] ? e.size(size) : "1"));
  return timesOnes(x, from, ones);
}

function timesOnes(x: string, { dtype }: Positional, shape: readonly string[]): string {
  const multiply = dtype === "bool" ? "logicalAnd" : "mul";
  return `tf.${multiply}(${x}, tf.ones([${shape.join(", ")}]${dtype === "f32" ? "" : `, ${dtypeText(dtype)}`}))`;
}

/** On wasm, products of tensors with more axes contain stale memory. */
const mostAxes = 6;

/** The native backend refuses products with more alternating runs of axes that spread and axes that do not. */
const mostRuns = 5;

/** Spreads one run of neighbouring axes after the other, last run first. Each run is the middle one of three axes. */
function spreadEach(
  e: EsmEmitter,
  x: string,
  from: Positional,
  isSpread: readonly boolean[],
  shape: readonly Size[],
): string {
  const product = (sizes: readonly Size[]) => ["1", ...sizes.map((size) => `(${e.size(size)})`)].join(" * ");
  let text = x;
  for (let end = shape.length; end > 0; end--) {
    if (!isSpread[end - 1]) continue;
    const start = isSpread.lastIndexOf(false, end - 1) + 1;
    const apart = `tf.reshape(${text}, [-1, 1, ${product(shape.slice(end))}])`;
    text = timesOnes(apart, from, [product(shape.slice(start, end)), "1"]);
    end = start;
  }
  return `tf.reshape(${text}, ${e.sizes(shape)})`;
}

/** Like `spread`, but prints one expression that always makes one new tensor. */
export function spreadNew(e: EsmEmitter, x: string, from: Positional, shape: readonly Size[]): string {
  const text = spread(e, x, from, shape);
  return text === x ? `tf.clone(${x})` : tidy(text);
}

/** Whether every backend can broadcast the operands. */
function isBroadcast(operands: readonly Positional[], shape: readonly Size[]): boolean {
  const spreading = shape.map((size, i) =>
    operands.map((operand) => operand.shape[i - shape.length + operand.shape.length] === size).join(),
  );
  const runs = spreading.filter((it, i) => it !== spreading[i - 1]).length;
  return runs <= mostRuns && shape.length <= mostAxes;
}

/**
 * Prints a call whose operands the backend broadcasts. Spreads them first if some backend cannot: wasm takes six axes, the
 * native backend five runs of neighbouring axes over which the same operands spread.
 */
export function broadcasting(
  e: EsmEmitter,
  inputs: readonly string[],
  operands: readonly Positional[],
  shape: readonly Size[],
  call: (inputs: readonly string[]) => string,
): string {
  if (isBroadcast(operands, shape)) return call(inputs);
  const isScalar = (i: number) => operands[i]!.shape.length === 0;
  const spreads = inputs.map((input, i) => (isScalar(i) ? input : spread(e, input, operands[i]!, shape)));
  if (shape.length <= mostAxes) return tidy(call(spreads));
  const flat = spreads.map((text, i) => (isScalar(i) ? text : `tf.reshape(${text}, [-1])`));
  return tidy(`tf.reshape(${call(flat)}, ${e.sizes(shape)})`);
}

/** Like `broadcasting`, for TensorFlow nodes. */
export function broadcastingNodes(
  e: TensorFlowEmitter,
  inputs: readonly Wire[],
  operands: readonly Positional[],
  result: Positional,
  call: (inputs: readonly Wire[]) => Wire,
): Wire {
  const { shape, dtype } = result;
  if (isBroadcast(operands, shape)) return call(inputs);
  const isScalar = (i: number) => operands[i]!.shape.length === 0;
  const spreads = inputs.map((input, i) => (isScalar(i) ? input : spreadNode(e, input, operands[i]!, shape)));
  if (shape.length <= mostAxes) return call(spreads);
  const all = [e.algebra.int(-1)];
  const flat = spreads.map((input, i) => (isScalar(i) ? input : reshaped(e, input, operands[i]!.dtype, all)));
  return reshaped(e, call(flat), dtype, shape);
}

/** Like `spread`, for TensorFlow nodes: the executor of TensorFlow.js runs BroadcastTo by tiling, too. */
export function spreadNode(e: TensorFlowEmitter, x: Wire, from: Positional, shape: readonly Size[]): Wire {
  const { dtype } = from;
  const one = e.algebra.int(1);
  const skip = shape.length - from.shape.length;
  const isSpread = shape.map((size, i) => from.shape[i - skip] !== size);
  const first = isSpread.indexOf(true);
  if (first < 0) return x;
  const multiplied = (y: Wire, sizes: readonly Size[]): Wire =>
    dtype === "bool"
      ? e.node("LogicalAnd", [y, ones(e, sizes, dtype)])
      : apply(e, "Mul", [y, ones(e, sizes, dtype)], dtype);
  const runs = isSpread.filter((it, i) => it !== isSpread[i - 1]).length;
  if (shape.length <= mostAxes && runs <= mostRuns)
    return multiplied(
      x,
      shape.slice(first).map((size, i) => (isSpread[first + i] ? size : one)),
    );
  // Like `spreadEach`.
  const product = (sizes: readonly Size[]): Size => sizes.reduce((a, b) => e.algebra.mul(a, b), one);
  let spreading = x;
  for (let end = shape.length; end > 0; end--) {
    if (!isSpread[end - 1]) continue;
    const start = isSpread.lastIndexOf(false, end - 1) + 1;
    const apart = reshaped(e, spreading, dtype, [e.algebra.int(-1), one, product(shape.slice(end))]);
    spreading = multiplied(apart, [product(shape.slice(start, end)), one]);
    end = start;
  }
  return reshaped(e, spreading, dtype, shape);
}
