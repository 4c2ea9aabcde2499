/** @file The pixels that are nearest when images are resized. PyTorch, wasm and the native backend round in float32. */
import { generate } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import { longs, onnxScalar } from "./onnx/literals.ts";
import { primitive, type Primitive } from "./primitive.ts";
import type { Wire } from "./tensorflow/emitter.ts";
import { apply, converted, counted, literal } from "./tensorflow/nodes.ts";

/** Returns the pixel of the input that is nearest to pixel `i`, or to the place `offset` after its beginning. */
export function nearest(i: number, from: number, to: number, offset = 0): number {
  return Math.min(Math.floor(Math.fround((i + offset) * Math.fround(from / to))), from - 1);
}

/** The same for every pixel, as int64. */
export function onnxNearestIndices(e: OnnxEmitter, from: Size, to: Size, offset = 0): OnnxWire {
  const [size, count] = [e.known(from), e.known(to)];
  if (size !== undefined && count !== undefined)
    return longs(
      e,
      Array.from({ length: count }, (_, i) => nearest(i, size, count, offset)),
    );
  const range = e.node("Range", [onnxScalar(e, 0, "i64"), e.size(to), onnxScalar(e, 1, "i64")]);
  const pixels = e.cast(range, "f32");
  const places = offset === 0 ? pixels : e.node("Add", [pixels, onnxScalar(e, offset)]);
  const factor = e.node("Div", [e.cast(e.size(from), "f32"), e.cast(e.size(to), "f32")]);
  const floors = e.cast(e.node("Floor", [e.node("Mul", [places, factor])]), "i64");
  return e.node("Min", [floors, e.size(e.algebra.sub(from, e.algebra.int(1)))]);
}

interface Sides {
  readonly from: Size;
  readonly to: Size;
}

export const nearestIndices: Primitive<Sides> = primitive<Sides>({
  name: "nearest_indices",
  doc: "The indices, i32, of the pixels that are nearest to the centres of those of another size.",
  shape: (_, { to }) => ({ shape: [to], dtype: "i32" }),
  reference: (_, { from, to }, number) => {
    const [size, count] = [number(from), number(to)];
    return generate("i32", [count], ([i]) => nearest(i!, size, count, 0.5));
  },
  esm: (e, _, { from, to }) => {
    const pixel = "Math.min(Math.floor(Math.fround((i + 0.5) * Math.fround(from / to))), from - 1)";
    return `((from, to) => tf.tensor(Array.from({ length: to }, (_, i) => ${pixel}), [to], "int32"))(${e.size(from)}, ${e.size(to)})`;
  },
  tensorflow: (e, _, attributes): Wire => {
    const { from, to } = attributes;
    if (e.known(from) !== undefined && e.known(to) !== undefined)
      return e.constant(nearestIndices.reference([], attributes, (size) => e.int(size)));
    const centres = apply(e, "AddV2", [converted(e, counted(e, to), "i32", "f32"), literal(e, 0.5)]);
    const factor = apply(e, "RealDiv", [e.number(from), e.number(to)]);
    const pixels = converted(e, apply(e, "Floor", [apply(e, "Mul", [centres, factor])]), "f32", "i32");
    return apply(e, "Minimum", [pixels, e.size(e.algebra.sub(from, e.algebra.int(1)))], "i32");
  },
  wasm: "constant",
  onnx: (e, _, { from, to }) => e.cast(onnxNearestIndices(e, from, to, 0.5), "i32"),
  cases: (sizes) =>
    [
      [4, 8],
      [7, 3],
      [1, 5],
      [5, 1],
      [94, 123],
      [6, 6],
    ].map(([from, to]) => ({ shapes: [], attributes: { from: sizes.int(from!), to: sizes.int(to!) } })),
});
