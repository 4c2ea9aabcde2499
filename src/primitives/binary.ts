/** @file Elementwise primitives of two and three tensors, with NumPy's broadcasting. */
import { generate, type DType } from "../contract/ndarray.ts";
import {
  broadcasting,
  broadcastingNodes,
  broadcastShape,
  commonShape,
  reader,
  spread,
  spreadNode,
} from "./broadcasting.ts";
import { tidy } from "./javascript.ts";
import { onnxBinary } from "./onnx/functions.ts";
import { dims, largeIntegers, primitive, type NoAttributes } from "./primitive.ts";
import { apply } from "./tensorflow/tensorflow.ts";

interface BinaryFunction {
  readonly of: (a: number, b: number) => number;
  /** What tfjs calls it, if that is something else. */
  readonly tf?: string;
  /** Of the operands; f32 and i32 unless told. */
  readonly dtypes?: readonly DType[];
  /** Of the result, unless it is the operands'. */
  readonly result?: DType;
  readonly range?: readonly [number, number];
  readonly values?: readonly number[];
  /** The values for i32, if not large ones. */
  readonly integers?: readonly number[];
}

const all: readonly DType[] = ["f32", "i32", "bool"];
const ties = [-2, -1, 0, 1, 2];
const compare = (of: (a: number, b: number) => boolean, rest: Partial<BinaryFunction> = {}): BinaryFunction => ({
  of: (a, b) => Number(of(a, b)),
  result: "bool",
  values: ties,
  ...rest,
});

/** The functions that every backend computes. */
export const binaryFunctions = {
  add: { of: (a, b) => a + b },
  sub: { of: (a, b) => a - b },
  mul: { of: (a, b) => a * b, integers: [-300, -1, 0, 46340] },
  div: { of: (a, b) => a / b, dtypes: ["f32"], values: [-3, -0.5, 0.3, 2] },
  maximum: { of: Math.max },
  minimum: { of: Math.min },
  pow: { of: Math.pow, range: [0.1, 3], integers: [0, 1, 2, 3] },
  // The sign is the divisor's, as Python's.
  mod: { of: (a, b) => a - b * Math.floor(a / b), values: [-5, -3, -2, 2, 3, 7], integers: [-5, -3, 2, 16777217] },
  equal: compare((a, b) => a === b, { dtypes: all }),
  not_equal: compare((a, b) => a !== b, { tf: "notEqual", dtypes: all }),
  less: compare((a, b) => a < b),
  less_equal: compare((a, b) => a <= b, { tf: "lessEqual" }),
  greater: compare((a, b) => a > b),
  greater_equal: compare((a, b) => a >= b, { tf: "greaterEqual" }),
  logical_and: { of: Math.min, tf: "logicalAnd", dtypes: ["bool"] },
  logical_or: { of: Math.max, tf: "logicalOr", dtypes: ["bool"] },
} as const satisfies Record<string, BinaryFunction>;

export type BinaryName = keyof typeof binaryFunctions;

const table: Readonly<Record<BinaryName, BinaryFunction>> = binaryFunctions;
const names = Object.keys(binaryFunctions) as BinaryName[];

/** What TensorFlow calls them. */
const binaryNodes: Readonly<Record<BinaryName, string>> = {
  add: "AddV2",
  sub: "Sub",
  mul: "Mul",
  div: "RealDiv",
  maximum: "Maximum",
  minimum: "Minimum",
  pow: "Pow",
  mod: "FloorMod",
  equal: "Equal",
  not_equal: "NotEqual",
  less: "Less",
  less_equal: "LessEqual",
  greater: "Greater",
  greater_equal: "GreaterEqual",
  logical_and: "LogicalAnd",
  logical_or: "LogicalOr",
};

export const binary = primitive<{ readonly function: BinaryName }>({
  name: "binary",
  doc: "A function of the elements of two tensors.",
  shape: ([a, b], { function: name }, sizes) => ({
    shape: broadcastShape(sizes, [a!.shape, b!.shape]),
    dtype: table[name].result ?? a!.dtype,
  }),
  reference: ([a, b], { function: name }) => {
    const [readA, readB] = [reader(a!), reader(b!)];
    const { of, result } = table[name];
    return generate(result ?? a!.dtype, commonShape(a!.shape, b!.shape), (index) => of(readA(index), readB(index)));
  },
  esm: (e, inputs, { function: name }, { shape }, operands) =>
    broadcasting(e, inputs, operands, shape, ([a, b]) => `tf.${table[name].tf ?? name}(${a}, ${b})`),
  tensorflow: (e, inputs, { function: name }, result, operands) =>
    broadcastingNodes(e, inputs, operands, result, (spread) =>
      name.startsWith("logical_")
        ? e.node(binaryNodes[name], spread)
        : apply(e, binaryNodes[name], spread, operands[0]!.dtype),
    ),
  onnx: (e, [a, b], { function: name }, _, [operand]) => onnxBinary(e, name, a!, b!, operand!.dtype),
  cases: () => {
    const pairs = [
      ["2x3x4", "2x3x4"],
      ["2x3x4", "4"],
      ["", "2x3x4"],
      ["3x1x4", "1x5x1"],
      ["1", "1"],
      ["2x1x3x1x2x1", "2x1x1x1x2x3"],
      ["2x3x2x2x3x2", "2x1x2x1x3x1"],
      ["2x3x1x2x2x1x2", "3x1x2x1x2x1"],
    ];
    return names.flatMap((name) =>
      (table[name].dtypes ?? (["f32", "i32"] as const)).flatMap((dtype) =>
        pairs.map((pair) => {
          const { range, values, integers = largeIntegers } = table[name];
          const drawn = dtype === "i32" ? integers : values;
          return {
            shapes: pair.map(dims),
            dtypes: [dtype, dtype],
            attributes: { function: name },
            ...(range && { range }),
            ...(drawn && { values: drawn }),
          };
        }),
      ),
    );
  },
});

export const select = primitive<NoAttributes>({
  name: "select",
  doc: "The element of `a` where the condition is true, else that of `b`.",
  exact: true,
  shape: ([condition, a, b], _, sizes) => ({
    shape: broadcastShape(sizes, [condition!.shape, a!.shape, b!.shape]),
    dtype: a!.dtype,
  }),
  reference: ([condition, a, b]) => {
    const [readCondition, readA, readB] = [reader(condition!), reader(a!), reader(b!)];
    return generate(a!.dtype, commonShape(condition!.shape, a!.shape, b!.shape), (index) =>
      readCondition(index) !== 0 ? readA(index) : readB(index),
    );
  },
  esm: (e, [condition, a, b], _, result, operands) => {
    // On wasm tf.where writes four bytes for each bool, beyond the end of its result: the next calls crash.
    if (result.dtype === "bool")
      return broadcasting(e, [condition!, a!, b!], operands, result.shape, ([condition, a, b]) =>
        tidy(`tf.logicalOr(tf.logicalAnd(${condition}, ${a}), tf.logicalAnd(tf.logicalNot(${condition}), ${b}))`),
      );
    // It broadcasts by itself, but by tiling (see `spread`).
    const inputs = [condition!, a!, b!];
    const spreads = inputs.map((input, i) => spread(e, input, operands[i]!, result.shape));
    const call = `tf.where(${spreads.join(", ")})`;
    return spreads.every((text, i) => text === inputs[i]) ? call : tidy(call);
  },
  tensorflow: (e, inputs, _, result, operands) => {
    const { shape, dtype } = result;
    if (dtype === "bool")
      return broadcastingNodes(e, inputs, operands, result, ([condition, a, b]) => {
        const not = e.node("LogicalNot", [condition!]);
        const parts = [e.node("LogicalAnd", [condition!, a!]), e.node("LogicalAnd", [not, b!])];
        return e.node("LogicalOr", parts);
      });
    // The executor spreads by tiling, too.
    const spreads = inputs.map((input, i) => spreadNode(e, input, operands[i]!, shape));
    return apply(e, "SelectV2", spreads, dtype);
  },
  onnx: (e, [condition, a, b], _, { dtype }) => {
    if (dtype !== "bool") return e.node("Where", [condition!, a!, b!]);
    // Not for bools, in ONNX Runtime.
    const not = e.node("Not", [condition!]);
    return e.node("Or", [e.node("And", [condition!, a!]), e.node("And", [not, b!])]);
  },
  cases: () =>
    all.flatMap((dtype) =>
      [
        ["2x3x4", "2x3x4", "2x3x4"],
        ["3x1", "2x3x4", ""],
        ["2x1x1x3", "3", "1x4x5x1"],
        ["", "2", "2"],
      ].map((shapes) => ({
        shapes: shapes.map(dims),
        dtypes: ["bool" as const, dtype, dtype],
        attributes: {},
        ...(dtype === "i32" && { values: largeIntegers }),
      })),
    ),
});
