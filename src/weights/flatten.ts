/**
 * @file The order of features that a network flattened with its channels last: the rows of the matrix that consumes them are
 * (spatial axes, channels), and are brought into the order of the program's axes.
 */
import { elements, transpose, type NdArray } from "../contract/ndarray.ts";
import { shapeOf, type WeightEntry } from "../contract/manifest.ts";
import { DataError, quote } from "./data-error.ts";

/** How the features of a matrix were flattened. */
export type Flattened =
  /** From axes whose last one has this many channels; undefined if that is unknown. */
  | { readonly kind: "channels-last"; readonly channels: number | undefined }
  /** From several parts, or after axes were permuted. */
  | { readonly kind: "unclear" };

/** The order of the axes of an image, as TensorFlow stores it. */
const imageAxes = ["d", "h", "w", "c"];

/** Returns the matrix (outputs, features) in the shape of a weight, with its features in that order. @throws DataError */
export function unflatten(entry: WeightEntry, name: string, array: NdArray, flattened: Flattened): NdArray {
  const shape = shapeOf(entry);
  const [outputs = [], features = []] = entry.groups;
  const written = features.map(([axis]) => axis);
  const source = sourceOrder(features, flattened);
  if (source === undefined) {
    const place = entry.at === undefined ? "" : `, at ${entry.at}`;
    const channels = flattened.kind === "channels-last" ? flattened.channels : undefined;
    const order =
      flattened.kind === "unclear"
        ? "features that a Flatten made in an order of its own"
        : `features that a Flatten made in the order (height, width, ${channels === undefined ? "" : `${channels} `}channels)`;
    const axes = features.map(([axis, size]) => `${axis.replace("'", "")}: ${size}`).join(", ");
    throw new DataError(
      `tensor ${quote(name)} takes ${order}, which [${axes}] of ${entry.path} does not tell${place}: ` +
        "name the axes there, `linear([h, w, c] -> …)`",
    );
  }
  if (source.every((axis, i) => axis === written[i])) return { ...array, shape };
  const sizes = new Map(features);
  const sizeOf = ([, size]: readonly [string, number]) => size;
  const apart = [elements(outputs.map(sizeOf)), ...source.map((axis) => sizes.get(axis)!)];
  const permutation = [0, ...written.map((axis) => 1 + source.indexOf(axis))];
  return { ...transpose({ ...array, shape: apart }, permutation), shape };
}

/** Returns the axes in the order in which the source flattened them; undefined if their names and sizes do not tell. */
function sourceOrder(features: readonly (readonly [string, number])[], flattened: Flattened): string[] | undefined {
  if (flattened.kind === "unclear") return undefined;
  const { channels } = flattened;
  const plain = (axis: string) => axis.replace("'", "");
  const axes = features.map(([axis]) => axis);
  // Axes of size 1 may be anywhere.
  const large = features.filter(([, size]) => size > 1);
  // One axis that the program itself flattened: right if there is nothing to mix up, and as it says if nothing is known.
  if (large.length <= 1) {
    const size = large[0]?.[1];
    return channels === undefined || channels === 1 || size === undefined || size === channels ? axes : undefined;
  }
  const agrees = (axis: string, size: number) =>
    channels === undefined || (plain(axis) === "c" ? size === channels : true);
  if (axes.every((axis) => imageAxes.includes(plain(axis)))) {
    const hasChannels = large.some(([axis]) => plain(axis) === "c");
    if (!large.every(([axis, size]) => agrees(axis, size)) || (!hasChannels && (channels ?? 1) !== 1)) return undefined;
    return axes.toSorted((a, b) => imageAxes.indexOf(plain(a)) - imageAxes.indexOf(plain(b)));
  }
  const named = large.filter(([axis, size]) => plain(axis) === "c" && agrees(axis, size));
  const sized = large.filter(([, size]) => size === channels);
  const [last, ...others] = named.length > 0 ? named : sized;
  if (last === undefined || others.length > 0 || large.length > 2) return undefined;
  return [...axes.filter((axis) => axis !== last[0]), last[0]];
}
