/** @file What a generated module does to stored tensors when it loads them: plain JSON data and one evaluator in float64. */
import { InternalError, invariant, unreachable } from "../source/internal-error.ts";
import { elements, generate, stridesOf, transpose, type NdArray } from "./ndarray.ts";

export type PrepareUnary = keyof typeof unaryAtLoad;
export type PrepareBinary = keyof typeof binaryAtLoad;

/** An expression over stored tensors. Positions count from 0; `binary` broadcasts as NumPy does. */
export type Prepare =
  /** The stored tensor, in the shape of its manifest entry. */
  | { readonly op: "load"; readonly path: string }
  /** A small literal, row-major. */
  | { readonly op: "constant"; readonly shape: readonly number[]; readonly data: readonly number[] }
  /** Position `i` of the result is position `permutation[i]` of the operand. */
  | { readonly op: "transpose"; readonly of: Prepare; readonly permutation: readonly number[] }
  | { readonly op: "reshape"; readonly of: Prepare; readonly shape: readonly number[] }
  | { readonly op: "unary"; readonly function: PrepareUnary; readonly of: Prepare }
  | { readonly op: "binary"; readonly function: PrepareBinary; readonly a: Prepare; readonly b: Prepare }
  | { readonly op: "concat"; readonly of: readonly Prepare[]; readonly axis: number }
  | { readonly op: "slice"; readonly of: Prepare; readonly begin: readonly number[]; readonly size: readonly number[] };

/** The functions of elements that may be applied at load; the primitives of these names compute with them, too. */
export const unaryAtLoad = {
  neg: (x) => -x,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  exp: Math.exp,
  log: Math.log,
  abs: Math.abs,
  reciprocal: (x) => 1 / x,
} as const satisfies Record<string, (x: number) => number>;

/** The same of two elements. */
export const binaryAtLoad = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  pow: Math.pow,
} as const satisfies Record<string, (a: number, b: number) => number>;

/**
 * Computes a preparation in float64. A result that was only loaded and reshaped shares its data with what `load` gave.
 * @throws InternalError where shapes do not fit: preparations are Fuse's own, and `load` gives tensors that were matched.
 */
export function evaluate(prepare: Prepare, load: (path: string) => NdArray): NdArray {
  const value = (of: Prepare): NdArray => evaluate(of, load);
  switch (prepare.op) {
    case "load":
      return load(prepare.path);
    case "constant":
      return reshape(
        { dtype: "f32", shape: [prepare.data.length], data: Float64Array.from(prepare.data) },
        prepare.shape,
      );
    case "transpose": {
      const of = value(prepare.of);
      const sorted = prepare.permutation.toSorted((a, b) => a - b);
      invariant(
        sorted.length === of.shape.length && sorted.every((from, i) => from === i),
        `[${prepare.permutation.join()}] does not permute rank ${of.shape.length}`,
      );
      return transpose(of, prepare.permutation);
    }
    case "reshape":
      return reshape(value(prepare.of), prepare.shape);
    case "unary": {
      const of = value(prepare.of);
      return { ...of, data: Float64Array.from(of.data, unaryAtLoad[prepare.function]) };
    }
    case "binary":
      return broadcast(binaryAtLoad[prepare.function], value(prepare.a), value(prepare.b));
    case "concat":
      return concat(prepare.of.map(value), prepare.axis);
    case "slice":
      return slice(value(prepare.of), prepare.begin, prepare.size);
    default:
      return unreachable(prepare);
  }
}

function reshape(of: NdArray, shape: readonly number[]): NdArray {
  invariant(elements(shape) === of.data.length, `cannot reshape [${of.shape.join()}] to [${shape.join()}]`);
  return { ...of, shape };
}

/** NumPy's broadcasting: shapes are aligned at their last positions; a size of 1, or none, stands for any. */
function broadcast(f: (a: number, b: number) => number, a: NdArray, b: NdArray): NdArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const aligned = (of: NdArray) => [...new Array<number>(rank - of.shape.length).fill(1), ...of.shape];
  const [shapeA, shapeB] = [aligned(a), aligned(b)];
  const shape = shapeA.map((size, i) => {
    const other = shapeB[i]!;
    invariant(
      size === other || size === 1 || other === 1,
      `cannot broadcast [${a.shape.join()}] and [${b.shape.join()}]`,
    );
    return size === 1 ? other : size;
  });
  const steps = (of: readonly number[]) => stridesOf(of).map((stride, i) => (of[i] === 1 ? 0 : stride));
  const [stepsA, stepsB] = [steps(shapeA), steps(shapeB)];
  return generate("f32", shape, (index) => {
    let [flatA, flatB] = [0, 0];
    for (let i = 0; i < rank; i++) {
      flatA += index[i]! * stepsA[i]!;
      flatB += index[i]! * stepsB[i]!;
    }
    return f(a.data[flatA]!, b.data[flatB]!);
  });
}

function concat(parts: readonly NdArray[], axis: number): NdArray {
  const [first] = parts;
  if (first === undefined) throw new InternalError("nothing to concatenate");
  const fits = (part: NdArray) =>
    part.shape.length === first.shape.length && part.shape.every((size, i) => i === axis || size === first.shape[i]);
  invariant(axis < first.shape.length && parts.every(fits), `shapes differ beside axis ${axis}`);
  const shape = first.shape.with(
    axis,
    parts.reduce((sum, part) => sum + part.shape[axis]!, 0),
  );
  const data = new Float64Array(elements(shape));
  const blocks = parts.map((part) => elements(part.shape.slice(axis)));
  let position = 0;
  for (let outer = 0; outer < elements(shape.slice(0, axis)); outer++) {
    parts.forEach((part, i) => {
      data.set(part.data.subarray(outer * blocks[i]!, (outer + 1) * blocks[i]!), position);
      position += blocks[i]!;
    });
  }
  return { dtype: first.dtype, shape, data };
}

function slice(of: NdArray, begin: readonly number[], size: readonly number[]): NdArray {
  const inside = of.shape.every((all, i) => begin[i]! >= 0 && size[i]! >= 0 && begin[i]! + size[i]! <= all);
  invariant(
    begin.length === of.shape.length && size.length === of.shape.length && inside,
    `slice of ${size.join()} at ${begin.join()} is outside [${of.shape.join()}]`,
  );
  const strides = stridesOf(of.shape);
  return generate(of.dtype, size, (index) => {
    let flat = 0;
    for (let i = 0; i < index.length; i++) flat += (begin[i]! + index[i]!) * strides[i]!;
    return of.data[flat]!;
  });
}
