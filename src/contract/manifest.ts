/** @file The weights that a model needs. */
import { elements, typedArrays, type DType } from "./ndarray.ts";

/** How a weight is initialised; the defaults are PyTorch's. `uniform` draws from [-value, value). */
export type Initializer =
  | { readonly kind: "kaiming" | "glorot" }
  | { readonly kind: "normal" | "uniform" | "constant"; readonly value: number };

/** One weight of a model, as it is found in a file. */
export interface WeightEntry {
  readonly path: string;
  /** Axes with sizes, in storage order; all their sizes form the entry's shape. A stored tensor may merge the axes of a group. */
  readonly groups: readonly (readonly (readonly [axis: string, size: number])[])[];
  /** `f32` if it is omitted. Integers and bools are PyTorch's buffers. */
  readonly dtype?: DType;
  /** Where the program declares it: `net.fuse:5`. */
  readonly at?: string;
}

/** One weight of a model. */
export interface ManifestEntry extends WeightEntry {
  readonly init: Initializer;
  /** The layer's fan-in and fan-out, for `kaiming` and `glorot`. */
  readonly fan: { readonly in: number; readonly out: number };
}

/** Returns the dtype in which a model takes this weight. */
export const dtypeOf = ({ dtype = "f32" }: WeightEntry): DType => dtype;

/** Returns the shape in which a model takes this weight. */
export function shapeOf(entry: WeightEntry): number[] {
  return entry.groups.flat().map(([, size]) => size);
}

/** Returns the bytes that these weights take in memory. */
export function bytesOf(manifest: readonly WeightEntry[]): number {
  return manifest.reduce(
    (sum, entry) => sum + elements(shapeOf(entry)) * typedArrays[dtypeOf(entry)].BYTES_PER_ELEMENT,
    0,
  );
}
