/** @file The type of a tensor: a dtype and a finite map from axis names to sizes. */
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";

/** The name of an axis. */
export type Axis = string;

/** Types are equal if their maps are. The order of axes only matters for printing. A scalar has no axes. */
export interface TensorType {
  readonly dtype: DType;
  readonly axes: ReadonlyMap<Axis, Size>;
}

/** A value as an operator's record sees it: only its type. */
export interface Tensor {
  readonly type: TensorType;
}

export function tensorType(dtype: DType, axes: Iterable<readonly [Axis, Size]>): TensorType {
  return { dtype, axes: new Map(axes) };
}

export function axisNames(type: TensorType): Axis[] {
  return [...type.axes.keys()];
}

/** Returns the type without some axes. */
export function without(type: TensorType, axes: readonly Axis[]): TensorType {
  return tensorType(
    type.dtype,
    [...type.axes].filter(([axis]) => !axes.includes(axis)),
  );
}

/** Returns the type with other sizes for some axes. Existing axes keep their place, new ones come last. */
export function withAxes(type: TensorType, axes: Iterable<readonly [Axis, Size]>): TensorType {
  const map = new Map(type.axes);
  for (const [axis, size] of axes) map.set(axis, size);
  return { dtype: type.dtype, axes: map };
}

/** Returns the spatial axes of a type in the order `d, h, w`. `w` is required, and `d` requires `h`; otherwise undefined. */
export function spatialAxes(type: TensorType): Axis[] | undefined {
  const found = ["d", "h", "w"].filter((axis) => type.axes.has(axis));
  const fits =
    found.at(-1) === "w" && (found.length < 3 || found[1] === "h") && !(found.length === 2 && found[0] === "d");
  return fits ? found : undefined;
}

/** Returns the number of elements. */
export function volume(sizes: Sizes, type: TensorType): Size {
  return [...type.axes.values()].reduce((product, size) => sizes.mul(product, size), sizes.int(1));
}

/** Prints a type: `[n, c: 64, h: ceil(h/2)]`. The dtype is omitted if it is f32. */
export function printType(sizes: Sizes, type: TensorType): string {
  const axes = [...type.axes].map(([axis, size]) => {
    const text = sizes.print(size);
    return text === axis ? axis : `${axis}: ${text}`;
  });
  return `${type.dtype === "f32" ? "" : type.dtype}[${axes.join(", ")}]`;
}
