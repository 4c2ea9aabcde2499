/** @file Reductions over axes. */
import { generate, stridesOf, type DType, type NdArray } from "../contract/ndarray.ts";
import { invariant } from "../source/internal-error.ts";
import { argFunctions, reduceFunction, reduceFunctions, type ArgName, type ReduceName } from "./functions/reduce.ts";
import { longSumText } from "./esm/long-sums.ts";
import { tidy } from "./esm/text.ts";
import { longs } from "./onnx/literals.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";
import type { Wire } from "./tensorflow/emitter.ts";
import { ints, literal, reshaped } from "./tensorflow/nodes.ts";
import { argReduction } from "./wasm/arg-reduce.ts";
import { reduction } from "./wasm/reductions.ts";

/** Computes one result for each index of the kept axes, from the elements along the others. */
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
  /**
   * A sum or mean of an open number of elements is computed in stages: several axes one after the other; one axis in blocks of
   * this many elements, if the target can decide at run time that it is long.
   */
  readonly block?: number;
}

function averaging(name: ReduceName): "sum" | "mean" {
  invariant(name === "sum" || name === "mean", `${name} has no stages`);
  return name;
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
  reference: ([x], { function: name, axes, keepdims }) => {
    const { of, integers = of } = reduceFunction(name);
    return reduced(x!, x!.dtype, axes, keepdims, x!.dtype === "i32" ? integers : of);
  },
  esm: (e, [x], { function: name, axes, keepdims, block }, result, [operand]) => {
    const plain = (of: string): string => `tf.${name}(${of}, [${axes.join(", ")}]${keepdims ? ", true" : ""})`;
    // On webgpu, tf.prod drops the axes in any case.
    if (name === "prod" && keepdims)
      return tidy(`tf.reshape(tf.prod(${x}, [${axes.join(", ")}]), ${e.sizes(result.shape)})`);
    if (block === undefined) return plain(x!);
    return longSumText(e, x!, { name: averaging(name), operand: operand!, axes, block, result }, plain);
  },
  tensorflow: (e, [x], { function: name, axes, keepdims, block }, { dtype, shape }) => {
    const over = (of: Wire, axes: readonly number[], keepdims: boolean): Wire =>
      e.node(reduceFunction(name).tensorflow, [of, ints(e, axes)], {
        ...(dtype !== "bool" && { T: { type: dtype } }),
        Tidx: { type: "i32" },
        keep_dims: { bool: keepdims },
      });
    if (block === undefined || axes.length < 2) return over(x!, axes, keepdims);
    const sum = axes.toSorted((a, b) => b - a).reduce((of, axis) => over(of, [axis], false), x!);
    return keepdims ? reshaped(e, sum, dtype, shape) : sum;
  },
  wasm: { finishes: true, kernels: (e, { function: name, axes }) => reduction(e, name, axes) },
  onnx: (e, [x], { function: name, axes, keepdims }) =>
    axes.length === 0
      ? x!
      : e.node(reduceFunction(name).onnx, [x!, longs(e, axes)], { keepdims: { int: Number(keepdims) } }),
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
    const staged: readonly (readonly [shape: string, axes: readonly number[], keepdims: boolean])[] = [
      ["7", [0], false],
      ["9", [0], true],
      ["2x16", [1], false],
      ["3x10x2", [1], true],
      ["2x3x5", [1], false],
      ["2x5x7x3", [1, 2], true],
      ["3x4x2", [0, 2], false],
    ];
    const inStages = (["sum", "mean"] as const).flatMap((name) =>
      staged.map(([shape, axes, keepdims]) => ({
        shapes: [dims(shape)],
        attributes: { function: name, axes, keepdims, block: 4 },
      })),
    );
    const inOneStage = (Object.keys(reduceFunctions) as ReduceName[]).flatMap((name) => {
      const { dtypes, range } = reduceFunction(name);
      return dtypes.flatMap((dtype) =>
        of.map(([shape, axes, keepdims]) => ({
          shapes: [dims(shape)],
          dtypes: [dtype],
          attributes: { function: name, axes, keepdims },
          ...(range ? { range } : dtype === "i32" && { values: largeIntegers }),
        })),
      );
    });
    return [...inOneStage, ...inStages];
  },
});

interface ArgReduce {
  readonly function: ArgName;
  readonly axis: number;
}

export const argReduce = primitive<ArgReduce>({
  name: "arg_reduce",
  doc: "The index, as i32, of the largest or smallest element along an axis; of equal ones, the first.",
  shape: ([x], { axis }) => ({ shape: x!.shape.filter((_, i) => i !== axis), dtype: "i32" }),
  reference: ([x], { function: name, axis }) =>
    reduced(x!, "i32", [axis], false, (values) => {
      const best = argFunctions[name].of(values);
      return Number.isNaN(best) ? values.findIndex(Number.isNaN) : values.indexOf(best);
    }),
  esm: (_, [x], { function: name, axis }) => `tf.${argFunctions[name].esm}(${x}, ${axis})`,
  tensorflow: (e, [x], { function: name, axis }, _, [operand]) =>
    e.node(argFunctions[name].node, [x!, literal(e, axis, "i32")], {
      T: { type: operand!.dtype },
      Tidx: { type: "i32" },
      output_type: { type: "i32" },
    }),
  wasm: { kernels: (e, { function: name, axis }) => argReduction(e, name, axis) },
  onnx: (e, [x], { function: name, axis }) =>
    e.cast(e.node(argFunctions[name].node, [x!], { axis: { int: axis }, keepdims: { int: 0 } }), "i32"),
  cases: () =>
    (Object.keys(argFunctions) as ArgName[]).flatMap((name) =>
      (
        [
          ["2x5x3", 1],
          ["4x7", 1],
          ["7", 0],
          ["3x1", 1],
          ["5x2x1x2x1x2", 0],
        ] as const
      ).flatMap(([shape, axis]) =>
        (["f32", "i32"] as const).map((dtype) => ({
          shapes: [dims(shape)],
          dtypes: [dtype],
          values: dtype === "i32" ? largeIntegers : [-1, 0, 1, 2],
          attributes: { function: name, axis },
        })),
      ),
    ),
});
