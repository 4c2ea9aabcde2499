/** @file The type of a tensor: a dtype and a finite map from axis names to sizes. */
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";

/** The name of an axis. */
export type Axis = string;

/** Equal as maps: the order of the axes is for printing only. A scalar has no axes. */
export interface TensorType {
  readonly dtype: DType;
  readonly axes: ReadonlyMap<Axis, Size>;
}

/** A value as the record of an operator sees it: by its type. What it is made of is the graph's business. */
export interface Tensor {
  readonly type: TensorType;
}

export function tensorType(dtype: DType, axes: Iterable<readonly [Axis, Size]>): TensorType {
  return { dtype, axes: new Map(axes) };
}

export function axisNames(type: TensorType): Axis[] {
  return [...type.axes.keys()];
}

/** The type without some axes. */
export function without(type: TensorType, axes: readonly Axis[]): TensorType {
  return tensorType(
    type.dtype,
    [...type.axes].filter(([axis]) => !axes.includes(axis)),
  );
}

/** The type with other sizes for some axes; an axis that is there keeps its place, a new one comes last. */
export function withAxes(type: TensorType, axes: Iterable<readonly [Axis, Size]>): TensorType {
  const map = new Map(type.axes);
  for (const [axis, size] of axes) map.set(axis, size);
  return { dtype: type.dtype, axes: map };
}

/** The spatial axes that a type has, in the order `d, h, w`; `w` must be there, and `h` with `d`. Undefined if they do not fit. */
export function spatialAxes(type: TensorType): Axis[] | undefined {
  const found = ["d", "h", "w"].filter((axis) => type.axes.has(axis));
  const fits =
    found.at(-1) === "w" && (found.length < 3 || found[1] === "h") && !(found.length === 2 && found[0] === "d");
  return fits ? found : undefined;
}

/** The number of elements. */
export function volume(sizes: Sizes, type: TensorType): Size {
  return [...type.axes.values()].reduce((product, size) => sizes.mul(product, size), sizes.int(1));
}

/** `[n, c: 64, h: ceil(h/2)]`; the dtype is printed unless it is f32. */
export function printType(sizes: Sizes, type: TensorType): string {
  const axes = [...type.axes].map(([axis, size]) => {
    const text = sizes.print(size);
    return text === axis ? axis : `${axis}: ${text}`;
  });
  return `${type.dtype === "f32" ? "" : type.dtype}[${axes.join(", ")}]`;
}
