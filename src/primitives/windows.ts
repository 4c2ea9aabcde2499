/** @file Windows of pools for which backends have no call: the elements along an axis that they cover. */
import { generate } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { EsmEmitter } from "./esm/emitter.ts";
import { samePadding, side, type Pair } from "./image.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import { onnxLiteral } from "./onnx/literals.ts";
import { counting, int64 } from "./onnx/windows.ts";
import { dims, primitive, type Primitive } from "./primitive.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import { apply, converted, counted, literal, reshaped } from "./tensorflow/nodes.ts";
import type { TensorFlowOperation } from "./tensorflow/operations.ts";
import { samePads } from "./tensorflow/windows.ts";

/** Which elements the windows cover. */
export type Windows =
  /** Windows of a convolution. Elements outside are replaced by the nearest element of the window that is inside. */
  | {
      readonly kind: "sliding";
      readonly kernel: number;
      readonly stride: number;
      readonly dilation: number;
      readonly pads: "same_tf" | Pair<number>;
      readonly count: Size;
    }
  /** PyTorch's: from floor(i * size / count) to below ceil((i + 1) * size / count). Shorter windows repeat their last element. */
  | { readonly kind: "adaptive"; readonly count: Size };

/** Returns the number of elements per window; for adaptive ones the most, q + min(r, 2) with size = q * count + r. */
export function windowLength(sizes: Sizes, windows: Windows, size: Size): Size {
  return windows.kind === "sliding"
    ? sizes.int(windows.kernel)
    : sizes.add(sizes.ceil(sizes.sub(size, sizes.int(1)), windows.count), sizes.int(1));
}

/** Returns the index of an element of a window in an input of this size. */
function placeIn(windows: Windows, size: number, count: number): (window: number, element: number) => number {
  if (windows.kind === "adaptive")
    return (window, element) =>
      Math.min(Math.floor((window * size) / count) + element, Math.ceil(((window + 1) * size) / count) - 1);
  const { kernel, stride, dilation, pads } = windows;
  const covered = side(size, kernel, stride, dilation, pads);
  return (window, element) => {
    const start = covered.at(window, 0);
    const [first, last] = [Math.ceil(-start / dilation), Math.floor((size - 1 - start) / dilation)];
    return start + Math.min(Math.max(element, first), last) * dilation;
  };
}

/** Prints nested arrays over windows and elements, as a function of the sizes, so names of the program cannot clash with its own. */
function nested(
  e: EsmEmitter,
  values: Readonly<Record<string, string>>,
  [count, length]: readonly Size[],
  element: string,
): string {
  const names = [...Object.keys(values), "count", "length"];
  const arguments_ = [...Object.values(values), e.size(count!), e.size(length!)];
  const rows = `Array.from({ length: count }, (_, i) => Array.from({ length }, (_, j) => ${element}))`;
  return `((${names.join(", ")}) => ${rows})(${arguments_.join(", ")})`;
}

/** Returns the first element of each adaptive window, and the first one after it. */
function onnxAdaptive(e: OnnxEmitter, window: OnnxWire, size: Size, count: Size) {
  const { add, sub, mul, div } = int64(e);
  const [from, to] = [e.size(size), e.size(count)];
  const beyond = add(mul(add(window, 1), from), sub(to, 1));
  return { start: div(mul(window, from), to), end: div(beyond, to) };
}

const integer = (e: TensorFlowEmitter, op: TensorFlowOperation, a: Wire, b: Wire): Wire => apply(e, op, [a, b], "i32");

/** Returns the windows as a column, and the elements in each as a row. */
function places(e: TensorFlowEmitter, [count, length]: readonly Size[]): readonly [Wire, Wire] {
  const [one, all] = [e.algebra.int(1), e.algebra.int(-1)];
  const line = (size: Size, shape: readonly Size[]): Wire => reshaped(e, counted(e, size), "i32", shape);
  return [line(count!, [all, one]), line(length!, [one, all])];
}

/** Returns the first and the last element of each adaptive window. */
function adaptiveNodes(e: TensorFlowEmitter, rows: Wire, size: Size, count: Size): { start: Wire; last: Wire } {
  const one = literal(e, 1, "i32");
  const start = e.quotient(integer(e, "Mul", rows, e.size(size)), e.size(count));
  // ceil((i + 1) * size / count) - 1 = floor(((i + 1) * size - 1) / count)
  const end = integer(e, "Mul", integer(e, "AddV2", rows, one), e.size(size));
  return {
    start,
    last: e.quotient(integer(e, "Sub", end, one), e.size(count)),
  };
}

interface WindowsOf {
  readonly windows: Windows;
  /** The size of the axis. */
  readonly size: Size;
}

export const windowIndices: Primitive<WindowsOf> = primitive<WindowsOf>({
  name: "window_indices",
  doc: "The indices of the elements of windows along an axis, a row for each window.",
  shape: (_, { windows, size }, sizes) => ({
    shape: [windows.count, windowLength(sizes, windows, size)],
    dtype: "i32",
  }),
  reference: (_, { windows, size }, number) => {
    const [from, count] = [number(size), number(windows.count)];
    const length = windows.kind === "sliding" ? windows.kernel : Math.ceil((from - 1) / count) + 1;
    const place = placeIn(windows, from, count);
    return generate("i32", [count, length], ([window, element]) => place(window!, element!));
  },
  esm: (e, _, { windows, size }, { shape }) => {
    if (windows.kind === "adaptive") {
      const element = "Math.min(Math.floor(i * size / count) + j, Math.ceil((i + 1) * size / count) - 1)";
      return `tf.tensor(${nested(e, { size: e.size(size) }, shape, element)}, undefined, "int32")`;
    }
    const { kernel, stride, dilation, pads, count } = windows;
    const total = samePadding(e.size(count), e.size(size), String(kernel), stride, dilation);
    const before = pads === "same_tf" ? `Math.floor(${total} / 2)` : String(pads[0]);
    const first = `Math.ceil((before - i * ${stride}) / ${dilation})`;
    const last = `Math.floor((size - 1 + before - i * ${stride}) / ${dilation})`;
    const element = `i * ${stride} - before + Math.min(Math.max(j, ${first}), ${last}) * ${dilation}`;
    return `tf.tensor(${nested(e, { size: e.size(size), before }, shape, element)}, undefined, "int32")`;
  },
  tensorflow: (e, _, attributes, { shape }): Wire => {
    const { windows, size } = attributes;
    if (e.known(size) !== undefined && e.known(windows.count) !== undefined)
      return e.constant(windowIndices.reference([], attributes, (known) => e.int(known)));
    const [rows, elements] = places(e, shape);
    if (windows.kind === "adaptive") {
      const { start, last } = adaptiveNodes(e, rows, size, windows.count);
      return integer(e, "Minimum", integer(e, "AddV2", start, elements), last);
    }
    const { kernel, stride, dilation, pads } = windows;
    const before = pads === "same_tf" ? samePads(e, { size, kernel, stride, dilation })[0] : literal(e, pads[0], "i32");
    const step = literal(e, dilation, "i32");
    const start = integer(e, "Sub", integer(e, "Mul", rows, literal(e, stride, "i32")), before);
    // ceil(-start / dilation) and floor((size - 1 - start) / dilation)
    const first = integer(e, "Sub", literal(e, 0, "i32"), e.quotient(start, step));
    const end = e.size(e.algebra.sub(size, e.algebra.int(1)));
    const last = e.quotient(integer(e, "Sub", end, start), step);
    const place = integer(e, "Minimum", integer(e, "Maximum", elements, first), last);
    return integer(e, "AddV2", start, integer(e, "Mul", place, step));
  },
  wasm: "constant",
  onnx: (e, _, attributes, { shape: [count, length] }) => {
    const { windows, size } = attributes;
    const literally = onnxLiteral(e, windowIndices, attributes, [size, windows.count]);
    if (literally !== undefined) return literally;
    const { add, sub, mul, div, max, min } = int64(e);
    const window = counting(e, count!, "column");
    const element = counting(e, length!, "row");
    if (windows.kind === "adaptive") {
      const { start, end } = onnxAdaptive(e, window, size, count!);
      return e.cast(min(add(start, element), sub(end, 1)), "i32");
    }
    const { kernel, stride, dilation, pads } = windows;
    const reach = dilation * (kernel - 1) + 1;
    const past = (): OnnxWire => sub(add(mul(sub(e.size(count!), 1), stride), reach), e.size(size));
    const before = pads === "same_tf" ? (kernel === 1 ? 0 : div(max(past(), 0), 2)) : pads[0];
    const start = sub(mul(window, stride), before);
    const first = div(add(max(sub(0, start), 0), dilation - 1), dilation);
    const last = div(sub(sub(e.size(size), 1), start), dilation);
    return e.cast(add(start, mul(min(max(element, first), last), dilation)), "i32");
  },
  cases: (sizes) => {
    /** Kernel, stride, dilation. */
    const sliding = (window: string, pads: "same_tf" | Pair<number>, size: number, count: number): WindowsOf => {
      const [kernel, stride, dilation] = dims(window) as [number, number, number];
      const windows = {
        kind: "sliding" as const,
        kernel,
        stride,
        dilation,
        pads,
        count: sizes.int(count),
      };
      return { windows, size: sizes.int(size) };
    };
    const adaptive = (size: number, count: number): WindowsOf => ({
      windows: { kind: "adaptive", count: sizes.int(count) },
      size: sizes.int(size),
    });
    return [
      sliding("2x2x1", [0, 0], 6, 3),
      sliding("3x1x1", [1, 1], 4, 4),
      sliding("3x2x2", [2, 1], 7, 3),
      sliding("3x3x2", [3, 4], 9, 4),
      // with ceil_mode, the last window reaches beyond the end
      sliding("3x2x1", [0, 0], 6, 3),
      sliding("3x2x1", "same_tf", 7, 4),
      sliding("4x1x1", "same_tf", 6, 6),
      sliding("1x4x1", "same_tf", 3, 1),
      adaptive(7, 3),
      adaptive(5, 3),
      adaptive(3, 7),
      adaptive(5, 5),
      adaptive(1, 4),
      adaptive(6, 1),
    ].map((attributes) => ({ shapes: [], attributes }));
  },
});

/**
 * Returns one over the number of elements of an adaptive window. The last element's share is split among its repetitions.
 * None gets 0, because 0 times infinity is NaN.
 */
function share(size: number, count: number, row: number): (window: number, element: number) => number {
  return (window, element) => {
    const length = Math.ceil(((window + 1) * size) / count) - Math.floor((window * size) / count);
    return 1 / (element < length - 1 ? length : length * (row - length + 1));
  };
}

export const windowShares: Primitive<{
  readonly size: Size;
  readonly count: Size;
}> = primitive<{
  readonly size: Size;
  readonly count: Size;
}>({
  name: "window_shares",
  doc: "The share that every element of an adaptive window along an axis of some size has in the window's mean.",
  shape: (_, { size, count }, sizes) => ({
    shape: [count, windowLength(sizes, { kind: "adaptive", count }, size)],
    dtype: "f32",
  }),
  reference: (_, { size, count }, number) => {
    const [from, to] = [number(size), number(count)];
    const row = Math.ceil((from - 1) / to) + 1;
    const of = share(from, to, row);
    return generate("f32", [to, row], ([window, element]) => of(window!, element!));
  },
  esm: (e, _, { size }, { shape }) => {
    const own = "(Math.ceil((i + 1) * size / count) - Math.floor(i * size / count))";
    const element = `1 / (j < ${own} - 1 ? ${own} : ${own} * (length - ${own} + 1))`;
    return `tf.tensor(${nested(e, { size: e.size(size) }, shape, element)})`;
  },
  tensorflow: (e, _, attributes, { shape }): Wire => {
    const { size, count } = attributes;
    if (e.known(size) !== undefined && e.known(count) !== undefined)
      return e.constant(windowShares.reference([], attributes, (known) => e.int(known)));
    const [rows, elements] = places(e, shape);
    const { start, last } = adaptiveNodes(e, rows, size, count);
    const distance = integer(e, "Sub", last, start);
    const length = converted(e, integer(e, "AddV2", distance, literal(e, 1, "i32")), "i32", "f32");
    // The last element and its repetitions split one share.
    const spare = integer(e, "Sub", integer(e, "Sub", e.size(shape[1]!), literal(e, 1, "i32")), distance);
    const isLast = converted(e, integer(e, "GreaterEqual", elements, distance), "bool", "i32");
    const among = integer(e, "AddV2", integer(e, "Mul", isLast, spare), literal(e, 1, "i32"));
    return apply(e, "RealDiv", [literal(e, 1), apply(e, "Mul", [length, converted(e, among, "i32", "f32")])]);
  },
  wasm: "constant",
  onnx: (e, _, attributes, { shape: [count, length] }) => {
    const { size } = attributes;
    const literally = onnxLiteral(e, windowShares, attributes, [size, count!]);
    if (literally !== undefined) return literally;
    const { start, end } = onnxAdaptive(e, counting(e, count!, "column"), size, count!);
    const long = e.node("Sub", [end, start]);
    const { sub, mul } = int64(e);
    const last = sub(long, 1);
    const repeated = mul(long, sub(e.size(length!), last));
    const parts = e.node("Where", [e.node("Less", [counting(e, length!, "row"), last]), long, repeated]);
    return e.node("Reciprocal", [e.cast(parts, "f32")]);
  },
  cases: (sizes) =>
    [
      [7, 3],
      [5, 3],
      [3, 7],
      [4, 4],
      [1, 5],
      [6, 1],
    ].map(([size, count]) => ({
      shapes: [],
      attributes: { size: sizes.int(size!), count: sizes.int(count!) },
    })),
});
