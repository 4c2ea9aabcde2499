/** @file Resizing by a matrix product along each axis, for what no backend supports: `bicubic` and `antialias`. */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, Tensor, TensorType } from "../../ir/type.ts";
import { binary, select } from "../../primitives/binary.ts";
import { iota } from "../../primitives/iota.ts";
import { transpose } from "../../primitives/layout.ts";
import { matmul } from "../../primitives/matmul.ts";
import { reduce } from "../../primitives/reduce.ts";
import { cubicWeights } from "../../primitives/resize.ts";
import { cast, unary } from "../../primitives/unary.ts";
import type { Size } from "../../sizes/size.ts";
import { except, product, reshaped, sizesOf } from "../shared/axes.ts";

interface Resizing {
  readonly mode: "bilinear" | "bicubic";
  readonly align_corners: boolean;
  readonly antialias: boolean;
}

/** Resizes one or two axes. All other axes are rows. */
export function byMatrix(p: Lowering, x: Tensor, axes: readonly Axis[], how: Resizing, type: TensorType): Laid {
  const others = except(p.loose(x).axes, axes);
  const rows = product(p.sizes, sizesOf(type, others));
  const along = (value: Positional, axis: Axis): Positional => {
    const [from, to] = [value.shape.at(-1)!, sizesOf(type, [axis])[0]!];
    if (from === to) return value;
    const weights = how.antialias
      ? antialiased(p, from, to, how)
      : p.emit(cubicWeights, [], { from, to, alignCorners: how.align_corners });
    return p.emit(matmul, [value, weights], { transposeA: false, transposeB: false });
  };
  const [last, first] = axes.toReversed();
  const image = reshaped(p, p.ordered(x, [...others, ...axes]), [rows, ...sizesOf(p.typeOf(x), axes)]);
  const wide = along(image, last!);
  const value = first === undefined ? wide : along(p.emit(transpose, [wide], { permutation: [0, 2, 1] }), first);
  const order = [...others, ...axes.toReversed()];
  return p.laid(reshaped(p, value, sizesOf(type, order)), order);
}

/** Functions of numbers, as primitives. */
function arithmetic(p: Lowering) {
  const of = (name: "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "less") => (a: Positional, b: Positional) =>
    p.emit(binary, [a, b], { function: name });
  return {
    add: of("add"),
    sub: of("sub"),
    mul: of("mul"),
    div: of("div"),
    maximum: of("maximum"),
    minimum: of("minimum"),
    less: of("less"),
  };
}

/** Returns the matrix [from, to] of the weights. A kernel as wide as the pixels of the result is around their centres. */
function antialiased(p: Lowering, from: Size, to: Size, { mode, align_corners }: Resizing): Positional {
  const { add, sub, mul, div, maximum } = arithmetic(p);
  const one = p.sizes.int(1);
  const half = p.scalar(0.5);
  const centres = (size: Size, shape: readonly Size[]) =>
    add(reshaped(p, p.emit(cast, [p.emit(iota, [], { size })], { dtype: "f32" }), shape), half);
  const scale = align_corners ? cornerScale(p, from, to) : div(p.scalar(from), p.scalar(to));
  const distance = sub(centres(from, [from, one]), mul(centres(to, [one, to]), scale));
  const relative = p.emit(unary, [div(distance, maximum(scale, p.scalar(1)))], { function: "abs" });
  const kernel = mode === "bicubic" ? cubic(p, relative) : maximum(sub(p.scalar(1), relative), p.scalar(0));
  return div(kernel, p.emit(reduce, [kernel], { function: "sum", axes: [0], keepdims: true }));
}

/** Returns (from - 1) / (to - 1), or 0 if `to` is 1. */
function cornerScale(p: Lowering, from: Size, to: Size): Positional {
  const { sub, mul, div, maximum, minimum } = arithmetic(p);
  const [one, steps] = [p.scalar(1), sub(p.scalar(to), p.scalar(1))];
  return mul(div(sub(p.scalar(from), one), maximum(steps, one)), minimum(steps, one));
}

/** The cubic kernel with a = -0.5, which PyTorch takes with `antialias`, for distances from 0. */
function cubic(p: Lowering, x: Positional): Positional {
  const { add, mul, less } = arithmetic(p);
  /** Evaluates a polynomial by Horner's scheme. */
  const polynomial = (first: number, ...others: readonly number[]) =>
    others.reduce((sum, next) => add(mul(sum, x), p.scalar(next)), p.scalar(first));
  const far = p.emit(select, [less(x, p.scalar(2)), polynomial(-0.5, 2.5, -4, 2), p.scalar(0)], {});
  return p.emit(select, [less(x, p.scalar(1)), polynomial(1.5, -2.5, 0, 1), far], {});
}
