/** @file Tests what a record claims in its matrix, with the float64 interpreter and plain loops. */
import { elements, generate, named, stridesOf, type NamedArray } from "../../src/contract/ndarray.ts";
import type { GraphBuilder } from "../../src/ir/builder.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import type { Matrix } from "../../src/ir/trait.ts";
import type { Axis } from "../../src/ir/type.ts";
import { reachable } from "../../src/ir/walk.ts";
import { seeded } from "./arrays.ts";
import { differenceOf, has, shuffled, sizeOf, taken } from "./named-arrays.ts";
import { applied, type Subject } from "./subject.ts";

/**
 * Says what of a matrix is wrong: it must be the operator, and `with` must apply it. Undefined if the operator has none.
 * `change` plants a mistake.
 */
export function wrongMatrix(
  subject: Subject,
  input: number,
  change: (matrix: Matrix<Value>) => Matrix<Value> = (matrix) => matrix,
): readonly string[] | undefined {
  const whole = applied(subject);
  const given = matrixOf(subject.builder, whole.node, input);
  if (given === undefined) return undefined;
  const matrix = change(given);
  const { from, to, weight, bias } = matrix;
  const wrong: string[] = [];
  const trait = subject.builder.trait(whole.node, input);
  if (!sameAxes(from, trait?.from) || !sameAxes(to, trait?.to)) wrong.push("it acts on other axes than the trait says");
  const parts = [weight, bias].filter((part) => part !== undefined);
  if (reachable(parts).has(whole.inputs[input]!)) wrong.push("it depends on the input");
  const [result, ...arrays] = whole.evaluate([whole.node, ...parts]);
  const [weights, shift] = weight === undefined ? [undefined, arrays[0]] : arrays;
  const x = subject.inputs[input]!;
  const expectSame = (name: string, got: NamedArray, want: NamedArray) => {
    const text = differenceOf([got], [want]);
    if (text !== undefined) wrong.push(`${name}: ${text}`);
  };
  expectSame("as a product", contracted(x, result!, { from, weights, shift }), result!);

  /** Applies the operator again, to arrays. */
  const again = (own: NamedArray, matrix_: NamedArray, shift_: NamedArray | undefined): NamedArray | undefined => {
    const tensors = [own, matrix_, shift_].map((array) => array && whole.tensor(array));
    const made = matrix.with?.(tensors[0]!, tensors[1]!, tensors[2]);
    return made && whole.evaluate([made])[0];
  };
  if (weights === undefined || matrix.with === undefined) return wrong;
  const same = again(x, weights, shift);
  if (same === undefined) wrong.push("it cannot be applied again");
  else expectSame("applied again", same, result!);
  const cut = (array: NamedArray | undefined, axis: Axis, places: readonly number[]) =>
    array && has(array, axis) ? taken(array, axis, places) : array;
  for (const axis of to) {
    const places = shuffled(sizeOf(result!, axis), seeded(1)).slice(-2);
    const fewer = again(x, cut(weights, axis, places)!, cut(shift, axis, places));
    if (fewer === undefined) wrong.push(`it cannot make fewer elements of ${axis}`);
    else expectSame(`fewer elements of ${axis}`, fewer, taken(result!, axis, places));
  }
  for (const axis of from) {
    const places = shuffled(sizeOf(x, axis), seeded(1)).slice(-2);
    const [part, factors] = [taken(x, axis, places), taken(weights, `${axis}'`, places)];
    const fewer = again(part, factors, shift);
    if (fewer === undefined) wrong.push(`it cannot take fewer elements of ${axis}`);
    else
      expectSame(`of fewer elements of ${axis}`, fewer, contracted(part, result!, { from, weights: factors, shift }));
  }
  return wrong;
}

/** Returns the matrix, whose tensors are values of the builder. */
function matrixOf(builder: GraphBuilder, node: Node, input: number): Matrix<Value> | undefined {
  const matrix = builder.matrix(node, input);
  if (matrix === undefined) return undefined;
  const own = (tensor: Parameters<typeof builder.own>[0] | undefined) => tensor && builder.own(tensor);
  const { from, to, weight, bias } = matrix;
  const made = { from, to, weight: own(weight), bias: own(bias) };
  if (matrix.with === undefined) return made;
  return { ...made, with: (input, weight, bias) => own(matrix.with!(input, weight, bias)) };
}

const sameAxes = (a: readonly Axis[], b: readonly Axis[] | undefined): boolean =>
  b?.length === a.length && a.every((axis) => b.includes(axis));

/** Multiplies and adds as the documentation of `Matrix` says, with plain loops, for a result with these axes. */
function contracted(
  x: NamedArray,
  like: NamedArray,
  matrix: {
    readonly from: readonly Axis[];
    readonly weights: NamedArray | undefined;
    readonly shift: NamedArray | undefined;
  },
): NamedArray {
  const read = (array: NamedArray, at: ReadonlyMap<Axis, number>): number => {
    const strides = stridesOf(array.shape);
    return array.data[array.axes.reduce((sum, axis, i) => sum + at.get(axis)! * strides[i]!, 0)]!;
  };
  const inner = matrix.from.map((axis) => sizeOf(x, axis));
  const count = elements(inner);
  const strides = stridesOf(inner);
  const element = (index: readonly number[]): number => {
    const at = new Map(like.axes.map((axis, i) => [axis, index[i]!]));
    let sum = matrix.shift === undefined ? 0 : read(matrix.shift, at);
    for (let flat = 0; flat < count; flat++) {
      const taken = matrix.from.map((axis, i) => [axis, Math.floor(flat / strides[i]!) % inner[i]!] as const);
      const factor =
        matrix.weights === undefined
          ? 1
          : read(matrix.weights, new Map([...at, ...taken.map(([axis, i]) => [`${axis}'`, i] as const)]));
      sum += factor * read(x, new Map([...at, ...taken]));
    }
    return sum;
  };
  return named(generate("f32", like.shape, element), like.axes);
}
