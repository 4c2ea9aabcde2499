/** @file Carries out preparations, in float64 and i32: what is used more than once is computed once, and kept until its last use. */
import { InternalError, invariant, unreachable } from "../source/internal-error.ts";
import { elements, type DType, type NdArray, type NumberArray } from "./ndarray.ts";
import {
  broadcastTo,
  commonShape,
  concatenated,
  gathered,
  product,
  reduced,
  reversed,
  scanned,
  sliced,
  softmaxed,
  transposed,
} from "./prepare-arrays.ts";
import { binaryOf, castTo, productOf, sumOf, unaryOf, type BinaryName, type Typed } from "./prepare-functions.ts";
import type { PrepareOp, PrepareStep } from "./prepare.ts";

/**
 * The arrays of the steps that are wanted, each with its index, as soon as it is computed; the next one may replace it in
 * memory unless it is kept. What was only loaded and reshaped shares its data with what `load` gave.
 * @throws InternalError where shapes do not fit: preparations are Fuse's own, and `load` gives tensors that were matched.
 */
export function* evaluate(
  steps: readonly PrepareStep[],
  wanted: ReadonlySet<number>,
  load: (path: string) => NdArray,
): Generator<readonly [step: number, array: NdArray]> {
  const last = new Map<number, number>();
  for (const [i, { of = [] }] of steps.entries()) for (const operand of of) last.set(operand, i);
  const arrays = new Map<number, NdArray>();
  for (const [i, step] of steps.entries()) {
    if (!wanted.has(i) && !last.has(i)) continue;
    const { of = [] } = step;
    const operands = of.map((operand) => {
      const found = arrays.get(operand);
      if (found === undefined) throw new InternalError(`step ${i} uses step ${operand}, which is not there`);
      return found;
    });
    const array = carryOut(step, operands, load);
    for (const operand of of) if (last.get(operand) === i) arrays.delete(operand);
    if (last.has(i)) arrays.set(i, array);
    if (wanted.has(i)) yield [i, array];
  }
}

function carryOut(step: PrepareOp, operands: readonly NdArray[], load: (path: string) => NdArray): NdArray {
  switch (step.op) {
    case "load":
      return load(step.path);
    case "constant":
      return reshaped({ dtype: step.dtype, shape: [step.data.length], data: Float64Array.from(step.data) }, step.shape);
    case "iota":
      return { dtype: "i32", shape: [step.size], data: Float64Array.from({ length: step.size }, (_, i) => i) };
    case "transpose":
      return transposed(operand(operands, 0), step.permutation);
    case "reshape":
      return reshaped(operand(operands, 0), step.shape);
    case "broadcast":
      return broadcastTo(operand(operands, 0), step.shape);
    case "concat":
      return concatenated(operands, step.axis);
    case "slice":
      return sliced(operand(operands, 0), step.begin, step.size);
    case "reverse":
      return reversed(operand(operands, 0), step.axes);
    case "gather":
      return gathered(operand(operands, 0), operand(operands, 1), step.axis);
    case "cast":
      return mapped(operand(operands, 0), { dtype: step.dtype, of: castTo[step.dtype] });
    case "unary":
      return mapped(operand(operands, 0), unaryOf(step.function, operand(operands, 0).dtype));
    case "binary":
      return paired(operand(operands, 0), operand(operands, 1), step.function);
    case "select":
      return selected(operand(operands, 0), operand(operands, 1), operand(operands, 2));
    case "reduce":
      return reduced(operand(operands, 0), step.axes, step.keepdims, folds[step.function](operand(operands, 0).dtype));
    case "scan":
      return scanned(operand(operands, 0), step);
    case "softmax":
      return softmaxed(operand(operands, 0));
    case "matmul":
      return product(operand(operands, 0), operand(operands, 1));
    default:
      return unreachable(step);
  }
}

function operand(operands: readonly NdArray[], index: number): NdArray {
  const found = operands[index];
  if (found === undefined) throw new InternalError(`a step has no operand ${index}`);
  return found;
}

type Fold = (data: NumberArray, start: number, end: number) => number;

const folded =
  (first: number, combine: (a: number, b: number) => number): Fold =>
  (data, start, end) => {
    let result = first;
    for (let i = start; i < end; i++) result = combine(result, data[i]!);
    return result;
  };
const sum = (dtype: DType) => folded(0, sumOf(dtype));

const folds = {
  sum,
  mean: (dtype) => (data, start, end) => sum(dtype)(data, start, end) / (end - start),
  max: () => folded(-Infinity, Math.max),
  min: () => folded(Infinity, Math.min),
  prod: (dtype) => folded(1, productOf(dtype)),
  any: () => folded(0, (a, b) => Number(a !== 0 || b !== 0)),
  all: () => folded(1, (a, b) => Number(a !== 0 && b !== 0)),
} as const satisfies Record<string, (dtype: DType) => Fold>;

function reshaped(of: NdArray, shape: readonly number[]): NdArray {
  invariant(elements(shape) === of.data.length, `cannot reshape [${of.shape.join()}] to [${shape.join()}]`);
  return { ...of, shape };
}

function mapped({ shape, data: from }: NdArray, { dtype, of }: Typed<(x: number) => number>): NdArray {
  const data = new Float64Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = of(from[i]!);
  return { dtype, shape, data };
}

function paired(a: NdArray, b: NdArray, name: BinaryName): NdArray {
  invariant(a.dtype === b.dtype, `${name} of ${a.dtype} and ${b.dtype}`);
  const { dtype, of } = binaryOf(name, a.dtype);
  const shape = commonShape([a.shape, b.shape]);
  const [left, right] = [broadcastTo(a, shape).data, broadcastTo(b, shape).data];
  const data = new Float64Array(left.length);
  for (let i = 0; i < data.length; i++) data[i] = of(left[i]!, right[i]!);
  return { dtype, shape, data };
}

function selected(condition: NdArray, a: NdArray, b: NdArray): NdArray {
  const shape = commonShape([condition.shape, a.shape, b.shape]);
  const [test, left, right] = [condition, a, b].map((array) => broadcastTo(array, shape).data);
  const data = new Float64Array(test!.length);
  for (let i = 0; i < data.length; i++) data[i] = test![i] !== 0 ? left![i]! : right![i]!;
  return { dtype: a.dtype, shape, data };
}
