/** @file The weights that a model needs. */

/** How a weight is initialised; the defaults are PyTorch's. `uniform` draws from [-value, value). */
export type Initializer =
  | { readonly kind: "kaiming" | "glorot" }
  | { readonly kind: "normal" | "uniform" | "constant"; readonly value: number };

/** One weight of a model. All weights are `f32`. */
export interface ManifestEntry {
  readonly path: string;
  /** Axes with sizes, in storage order; all their sizes form the entry's shape. A stored tensor may merge the axes of a group. */
  readonly groups: readonly (readonly (readonly [axis: string, size: number])[])[];
  readonly init: Initializer;
  /** Where the program declares it: `net.fuse:5`. */
  readonly at?: string;
  /** The layer's fan-in and fan-out, for `kaiming` and `glorot`. */
  readonly fan: { readonly in: number; readonly out: number };
}

/** Returns the shape in which a model takes this weight. */
export function shapeOf(entry: ManifestEntry): number[] {
  return entry.groups.flat().map(([, size]) => size);
}
