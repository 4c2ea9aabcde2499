/** @file Elementwise primitives of one tensor. */
import { generate, type DType } from "../contract/ndarray.ts";
import { castTo, unaryOf, type UnaryName } from "../contract/prepare-functions.ts";
import { dtypeText, numberText, tidy } from "./esm/text.ts";
import { onnxUnary, unaryFunction, unaryFunctions, wasmUnary } from "./functions/unary.ts";
import { onnxScalar } from "./onnx/literals.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";
import type { Wire } from "./tensorflow/emitter.ts";
import { apply, converted, literal } from "./tensorflow/nodes.ts";
import { bits, f32x4, i32x4 } from "../wasm/f32x4.ts";
import { choose, clamped } from "../wasm/functions.ts";

export const unary = primitive<{ readonly function: UnaryName }>({
  name: "unary",
  doc: "A function applied to every element.",
  shape: ([x], { function: name }) => ({ shape: x!.shape, dtype: unaryFunction(name).result ?? x!.dtype }),
  reference: ([x], { function: name }) => {
    const { dtype, of } = unaryOf(name, x!.dtype);
    return generate(dtype, x!.shape, (_, flat) => of(x!.data[flat]!));
  },
  esm: (_, [x], { function: name }, { dtype }) => {
    const { esm = name, i32 } = unaryFunction(name);
    return dtype === "i32" && i32 !== undefined ? i32.esm(x!) : `tf.${esm}(${x})`;
  },
  tensorflow: (e, [x], { function: name }, _, [operand]) => {
    const { dtype } = operand!;
    const { tensorflow, i32 } = unaryFunction(name);
    if (dtype === "i32" && i32 !== undefined) return i32.tensorflow(e, x!);
    return typeof tensorflow === "string" ? apply(e, tensorflow, [x!], dtype) : tensorflow(e, x!);
  },
  wasm: { elements: (e, [x], { function: name }, [operand]) => wasmUnary(e, name, x!, operand!.dtype) },
  onnx: (e, [x], { function: name }, _, [operand]) => onnxUnary(e, name, x!, operand!.dtype),
  cases: () =>
    (Object.keys(unaryFunctions) as UnaryName[]).flatMap((name) => {
      const { dtypes = ["f32"], range, values, integers = largeIntegers } = unaryFunction(name);
      return dtypes.flatMap((dtype) =>
        ["2x3x5", "", "1x2x1x3x2x2"].map((shape) => {
          const drawn = dtype === "i32" ? integers : values;
          return {
            shapes: [dims(shape)],
            dtypes: [dtype],
            attributes: { function: name },
            ...(range && { range }),
            ...(drawn && { values: drawn }),
          };
        }),
      );
    }),
});

export const leaky_relu = primitive<{ readonly slope: number }>({
  name: "leaky_relu",
  doc: "Multiplies negative elements by a slope.",
  shape: ([x]) => x!,
  reference: ([x], { slope }) => generate(x!.dtype, x!.shape, (_, flat) => leaky(x!.data[flat]!, slope)),
  // tf.prelu is faster on wasm, but returns NaN for infinity on the native backend.
  esm: (_, [x], { slope }) => `tf.leakyRelu(${x}, ${numberText(slope)})`,
  tensorflow: (e, [x], { slope }) => {
    if (Number.isFinite(slope)) return e.node("LeakyRelu", [x!], { T: { type: "f32" }, alpha: { float: slope } });
    // JSON cannot hold such a number in an attribute.
    const isNegative = apply(e, "Less", [x!, literal(e, 0)]);
    return apply(e, "SelectV2", [isNegative, apply(e, "Mul", [x!, literal(e, slope)]), x!]);
  },
  wasm: {
    elements: (_, [x], { slope }) => choose(f32x4.lt(x!, f32x4.of(0)), f32x4.mul(x!, f32x4.of(slope)), x!),
  },
  onnx: (e, [x], { slope }) => e.node("LeakyRelu", [x!], { alpha: { float: slope } }),
  cases: () => [
    ...[0.01, 0, 1, 2, -0.5].map((slope) => ({ shapes: [[2, 3, 5]], attributes: { slope } })),
    { shapes: [[7]], values: [Infinity, -Infinity, 0, -1], attributes: { slope: 0.3 } },
  ],
});

const leaky = (x: number, slope: number): number => (x < 0 ? slope * x : x);

export const clamp = primitive<{ readonly min: number; readonly max: number }>({
  name: "clamp",
  doc: "Limits every element to the interval from `min` to `max`, either of which may be infinite. The upper bound wins.",
  shape: ([x]) => x!,
  reference: ([x], { min, max }) =>
    generate(x!.dtype, x!.shape, (_, flat) => Math.min(Math.max(x!.data[flat]!, min), max)),
  esm: (_, [x], { min, max }, { dtype }) => {
    // Kernel and op refuse min > max, which makes every element max.
    if (dtype === "f32") return `tf.clipByValue(${x}, ${numberText(Math.min(min, max))}, ${numberText(max)})`;
    // On wasm, clipByValue reads integers as the bits of floats. Infinite bounds are not integers on any backend.
    const bound = (operation: string, y: string, value: number): string =>
      Number.isFinite(value) ? `tf.${operation}(${y}, tf.scalar(${numberText(value)}, ${dtypeText(dtype)}))` : y;
    const clamped = bound("minimum", bound("maximum", x!, min), max);
    return clamped === x ? `tf.clone(${x})` : tidy(clamped);
  },
  tensorflow: (e, [x], { min, max }, { dtype }) => {
    if (dtype === "f32") return apply(e, "ClipByValue", [x!, literal(e, Math.min(min, max)), literal(e, max)]);
    const bound = (op: "Minimum" | "Maximum", y: Wire, value: number): Wire =>
      Number.isFinite(value) ? apply(e, op, [y, literal(e, value, dtype)], dtype) : y;
    const clamped = bound("Minimum", bound("Maximum", x!, min), max);
    return clamped === x ? apply(e, "Identity", [x], dtype) : clamped;
  },
  wasm: {
    elements: (_, [x], { min, max }, [operand]) => {
      if (operand!.dtype === "f32") return clamped(x!, min, max);
      const raised = Number.isFinite(min) ? i32x4.max(x!, i32x4.of(min)) : x!;
      return Number.isFinite(max) ? i32x4.min(raised, i32x4.of(max)) : raised;
    },
  },
  onnx: (e, [x], { min, max }, { dtype }) => {
    if (min === -Infinity && max === Infinity) return x!;
    // A missing bound of Clip is the lowest or highest finite number. Infinite bounds are not integers.
    const [low, high] = [min, max].map((bound) =>
      dtype === "f32" || Number.isFinite(bound) ? onnxScalar(e, bound, dtype) : undefined,
    );
    return e.node("Clip", [x!, low, high]);
  },
  cases: () => {
    const bounds = [
      { min: -1, max: 2 },
      { min: -Infinity, max: 1 },
      { min: 0, max: Infinity },
      { min: -Infinity, max: Infinity },
      { min: 1, max: 1 },
      { min: 2, max: -1 },
    ];
    return [
      ...bounds.map((attributes) => ({ shapes: [[2, 3, 5]], attributes })),
      ...bounds.map((attributes) => ({ shapes: [[2, 3, 5]], dtypes: ["i32" as const], attributes })),
      ...[
        { min: -2, max: 3 },
        { min: -Infinity, max: 1 },
        { min: 0, max: Infinity },
      ].map((attributes) => ({ shapes: [[9]], values: [Infinity, -Infinity, 0, 7], attributes })),
    ];
  },
});

export const cast = primitive<{ readonly dtype: DType }>({
  name: "cast",
  doc: "Converts the elements: to i32 by dropping the fraction, to bool by comparing with zero.",
  shape: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  reference: ([x], { dtype }) => generate(dtype, x!.shape, (_, flat) => castTo[dtype](x!.data[flat]!)),
  // On wasm, tf.cast to bool keeps the low byte of the integer part: 0.5 becomes false and 2 becomes 2.
  esm: (_, [x], { dtype }, __, [operand]) =>
    dtype === "bool" && operand!.dtype !== "bool" ? `tf.notEqual(${x}, 0)` : `tf.cast(${x}, ${dtypeText(dtype)})`,
  tensorflow: (e, [x], { dtype }, _, [operand]) =>
    dtype === "bool" && operand!.dtype !== "bool"
      ? apply(e, "NotEqual", [x!, literal(e, 0, operand!.dtype)], operand!.dtype)
      : converted(e, x!, operand!.dtype, dtype),
  wasm: {
    elements: (_, [x], { dtype }, [operand]) => {
      const from = operand!.dtype;
      if (from === dtype || (from === "bool" && dtype === "i32")) return x!;
      if (dtype === "f32") return f32x4.ofInts(x!);
      if (dtype === "bool") {
        const isZero = from === "f32" ? f32x4.eq(x!, f32x4.of(0)) : i32x4.eq(x!, i32x4.of(0));
        return bits.andNot(i32x4.of(1), isZero);
      }
      // What does not fit, and NaN, is the lowest integer.
      const fits = f32x4.lt(f32x4.abs(x!), f32x4.of(2 ** 31));
      return choose(fits, i32x4.truncated(x!), i32x4.of(-(2 ** 31)));
    },
  },
  onnx: (e, [x], { dtype }, _, [operand]) => (operand!.dtype === dtype ? x! : e.cast(x!, dtype)),
  cases: () => {
    const dtypes: readonly DType[] = ["f32", "i32", "bool"];
    return dtypes.flatMap((from) =>
      dtypes.flatMap((dtype) => [
        { shapes: [[2, 3, 5]], dtypes: [from], attributes: { dtype } },
        {
          shapes: [[9]],
          dtypes: [from],
          values: from === "f32" ? [0.5, -0.5, 0, 2, -2.7] : [0, 1],
          attributes: { dtype },
        },
      ]),
    );
  },
});
