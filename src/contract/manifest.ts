/** @file The weights that a model needs. */

/** How a weight starts; the defaults are PyTorch's. `uniform` is over [-value, value). */
export type Initializer =
  | { readonly kind: "kaiming" | "glorot" }
  | { readonly kind: "normal" | "uniform" | "constant"; readonly value: number };

/** One weight of a model. All weights are `f32`. */
export interface ManifestEntry {
  readonly path: string;
  /** Axes with sizes in storage order; their sizes in a row are the entry's shape. A stored tensor may merge axes of one group. */
  readonly groups: readonly (readonly (readonly [axis: string, size: number])[])[];
  readonly init: Initializer;
  /** Where the program asks for it: `net.fuse:5`. */
  readonly at?: string;
  /** Of the layer, for `kaiming` and `glorot`. */
  readonly fan: { readonly in: number; readonly out: number };
}

/** The shape in which a model is given this weight. */
export function shapeOf(entry: ManifestEntry): number[] {
  return entry.groups.flat().map(([, size]) => size);
}
