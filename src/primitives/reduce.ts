/** @file Reductions of axes. */
import { generate, stridesOf, type DType, type NdArray } from "../contract/ndarray.ts";
import { onnxReduce } from "./onnx/functions.ts";
import { longs } from "./onnx/onnx.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";
import { ints, literal } from "./tensorflow/tensorflow.ts";

interface ReduceFunction {
  readonly of: (values: readonly number[]) => number;
  readonly dtypes: readonly DType[];
  /** Of the cases; -3 to 3 for f32 and large integers for i32 unless told. */
  readonly range?: readonly [number, number];
}

const numeric: readonly DType[] = ["f32", "i32"];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The functions that every backend computes; names are tfjs's. */
export const reduceFunctions = {
  mean: { of: (values) => sum(values) / values.length, dtypes: ["f32"] },
  sum: { of: sum, dtypes: numeric },
  max: { of: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity), dtypes: numeric },
  min: { of: (values) => values.reduce((a, b) => Math.min(a, b), Infinity), dtypes: numeric },
  prod: { of: (values) => values.reduce((a, b) => a * b, 1), dtypes: numeric, range: [-2, 2] },
  any: { of: (values) => Number(values.some((value) => value !== 0)), dtypes: ["bool"] },
  all: { of: (values) => Number(values.every((value) => value !== 0)), dtypes: ["bool"] },
} as const satisfies Record<string, ReduceFunction>;

export type ReduceName = keyof typeof reduceFunctions;

const table: Readonly<Record<ReduceName, ReduceFunction>> = reduceFunctions;
const names = Object.keys(reduceFunctions) as ReduceName[];

/** What TensorFlow calls them. */
const reduceNodes: Readonly<Record<ReduceName, string>> = {
  mean: "Mean",
  sum: "Sum",
  max: "Max",
  min: "Min",
  prod: "Prod",
  any: "Any",
  all: "All",
};

/** A result for each index of the axes that are kept, of the elements along the others. */
function reduced(
  x: NdArray,
  dtype: DType,
  axes: readonly number[],
  keepdims: boolean,
  of: (values: readonly number[]) => number,
): NdArray {
  const strides = stridesOf(x.shape);
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const inner = generate(
    "i32",
    axes.map((i) => x.shape[i]!),
    (index) => index.reduce((flat, at, i) => flat + at * strides[axes[i]!]!, 0),
  );
  const result = generate(
    dtype,
    kept.map((i) => x.shape[i]!),
    (index) => {
      const start = index.reduce((flat, at, i) => flat + at * strides[kept[i]!]!, 0);
      return of(Array.from(inner.data, (offset) => x.data[start + offset]!));
    },
  );
  return keepdims ? { ...result, shape: x.shape.map((size, i) => (axes.includes(i) ? 1 : size)) } : result;
}

interface Reduce {
  readonly function: ReduceName;
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

export const reduce = primitive<Reduce>({
  name: "reduce",
  doc: "A function of all elements along some axes.",
  shape: ([x], { axes, keepdims }, sizes) => ({
    shape: keepdims
      ? x!.shape.map((size, i) => (axes.includes(i) ? sizes.int(1) : size))
      : x!.shape.filter((_, i) => !axes.includes(i)),
    dtype: x!.dtype,
  }),
  reference: ([x], { function: name, axes, keepdims }) => reduced(x!, x!.dtype, axes, keepdims, table[name].of),
  esm: (_, [x], { function: name, axes, keepdims }) =>
    `tf.${name}(${x}, [${axes.join(", ")}]${keepdims ? ", true" : ""})`,
  tensorflow: (e, [x], { function: name, axes, keepdims }, { dtype }) =>
    e.node(reduceNodes[name], [x!, ints(e, axes)], {
      ...(dtype !== "bool" && { T: { type: dtype } }),
      Tidx: { type: "i32" },
      keep_dims: { bool: keepdims },
    }),
  onnx: (e, [x], { function: name, axes, keepdims }) =>
    axes.length === 0 ? x! : onnxReduce(e, name, x!, longs(e, axes), keepdims),
  cases: () => {
    const of: readonly (readonly [shape: string, axes: readonly number[], keepdims: boolean])[] = [
      ["2x5x7x3", [1, 2], false],
      ["2x5x7x3", [3], true],
      ["4x1x3", [1], false],
      ["3x4", [0, 1], false],
      ["3x4x2", [2, 0], true],
      ["6", [0], false],
      ["2x1x3x2x1x2", [0, 2, 5], false],
    ];
    return names.flatMap((name) =>
      table[name].dtypes.flatMap((dtype) =>
        of.map(([shape, axes, keepdims]) => ({
          shapes: [dims(shape)],
          dtypes: [dtype],
          attributes: { function: name, axes, keepdims },
          ...(table[name].range ? { range: table[name].range } : dtype === "i32" && { values: largeIntegers }),
        })),
      ),
    );
  },
});

interface ArgReduce {
  readonly function: "argmax" | "argmin";
  readonly axis: number;
}

export const argReduce = primitive<ArgReduce>({
  name: "arg_reduce",
  doc: "The index, as i32, of the largest or smallest element along an axis; of equal ones, the first.",
  shape: ([x], { axis }) => ({ shape: x!.shape.filter((_, i) => i !== axis), dtype: "i32" }),
  reference: ([x], { function: name, axis }) =>
    reduced(x!, "i32", [axis], false, (values) => values.indexOf(table[name === "argmax" ? "max" : "min"].of(values))),
  esm: (_, [x], { function: name, axis }) => `tf.${name === "argmax" ? "argMax" : "argMin"}(${x}, ${axis})`,
  tensorflow: (e, [x], { function: name, axis }, _, [operand]) =>
    e.node(name === "argmax" ? "ArgMax" : "ArgMin", [x!, literal(e, axis, "i32")], {
      T: { type: operand!.dtype },
      Tidx: { type: "i32" },
      output_type: { type: "i32" },
    }),
  onnx: (e, [x], { function: name, axis }) => {
    const op = name === "argmax" ? "ArgMax" : "ArgMin";
    return e.cast(e.node(op, [x!], { axis: { int: axis }, keepdims: { int: 0 } }), "i32");
  },
  cases: () =>
    (["argmax", "argmin"] as const).flatMap((name) =>
      (
        [
          ["2x5x3", 1],
          ["4x7", 1],
          ["7", 0],
          ["3x1", 1],
          ["5x2x1x2x1x2", 0],
        ] as const
      ).flatMap(([shape, axis]) =>
        numeric.map((dtype) => ({
          shapes: [dims(shape)],
          dtypes: [dtype],
          values: dtype === "i32" ? largeIntegers : [-1, 0, 1, 2],
          attributes: { function: name, axis },
        })),
      ),
    ),
});
