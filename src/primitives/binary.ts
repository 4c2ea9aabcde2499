/** @file Elementwise primitives of two or three tensors, with NumPy's broadcasting. */
import { generate } from "../contract/ndarray.ts";
import { binaryOf, type BinaryName } from "../contract/prepare-functions.ts";
import {
  broadcasting,
  broadcastingNodes,
  broadcastShape,
  commonShape,
  reader,
  spread,
  spreadNode,
} from "./broadcasting.ts";
import { tidy } from "./esm/text.ts";
import { binaryFunction, binaryFunctions } from "./functions/binary.ts";
import { dims, largeIntegers, primitive, type NoAttributes } from "./primitive.ts";
import { apply } from "./tensorflow/nodes.ts";
import { bits, i32x4 } from "../wasm/f32x4.ts";

export const binary = primitive<{ readonly function: BinaryName }>({
  name: "binary",
  doc: "A function of the elements of two tensors.",
  shape: ([a, b], { function: name }, sizes) => ({
    shape: broadcastShape(sizes, [a!.shape, b!.shape]),
    dtype: binaryFunction(name).result ?? a!.dtype,
  }),
  reference: ([a, b], { function: name }) => {
    const [readA, readB] = [reader(a!), reader(b!)];
    const { dtype, of } = binaryOf(name, a!.dtype);
    return generate(dtype, commonShape(a!.shape, b!.shape), (index) => of(readA(index), readB(index)));
  },
  esm: (e, inputs, { function: name }, { shape }, operands) =>
    broadcasting(e, inputs, operands, shape, ([a, b]) => `tf.${binaryFunction(name).esm ?? name}(${a}, ${b})`),
  tensorflow: (e, inputs, { function: name }, result, operands) => {
    const { tensorflow } = binaryFunction(name);
    return broadcastingNodes(e, inputs, operands, result, (spread) =>
      typeof tensorflow === "string" ? apply(e, tensorflow, spread, operands[0]!.dtype) : tensorflow(e, spread),
    );
  },
  wasm: {
    elements: (e, [a, b], { function: name }, [operand]) => binaryFunction(name).wasm(e, a!, b!, operand!.dtype),
  },
  onnx: (e, [a, b], { function: name }, _, [operand]) => {
    const { onnx } = binaryFunction(name);
    return typeof onnx === "string" ? e.node(onnx, [a!, b!]) : onnx(e, a!, b!, operand!.dtype);
  },
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
    return (Object.keys(binaryFunctions) as BinaryName[]).flatMap((name) => {
      const { dtypes = ["f32", "i32"], range, values, integers = largeIntegers } = binaryFunction(name);
      return dtypes.flatMap((dtype) =>
        pairs.map((pair) => {
          const drawn = dtype === "i32" ? integers : values;
          return {
            shapes: pair.map(dims),
            dtypes: [dtype, dtype],
            attributes: { function: name },
            ...(range && { range }),
            ...(drawn && { values: drawn }),
          };
        }),
      );
    });
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
    // On wasm, tf.where writes four bytes for each bool, beyond the end of its result, and the next calls crash.
    if (result.dtype === "bool")
      return broadcasting(e, [condition!, a!, b!], operands, result.shape, ([condition, a, b]) =>
        tidy(`tf.logicalOr(tf.logicalAnd(${condition}, ${a}), tf.logicalAnd(tf.logicalNot(${condition}), ${b}))`),
      );
    // tf.where broadcasts too, but by tiling (see `spread`).
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
    // The executor also broadcasts by tiling.
    const spreads = inputs.map((input, i) => spreadNode(e, input, operands[i]!, shape));
    return apply(e, "SelectV2", spreads, dtype);
  },
  wasm: { elements: (_, [condition, a, b]) => bits.select(a!, b!, i32x4.ne(condition!, i32x4.of(0))) },
  onnx: (e, [condition, a, b], _, { dtype }) => {
    if (dtype !== "bool") return e.node("Where", [condition!, a!, b!]);
    // ONNX Runtime has no Where for bools.
    const not = e.node("Not", [condition!]);
    return e.node("Or", [e.node("And", [condition!, a!]), e.node("And", [not, b!])]);
  },
  cases: () =>
    (["f32", "i32", "bool"] as const).flatMap((dtype) =>
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
