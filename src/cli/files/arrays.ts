/** @file Reads and writes arrays in files that the user names: a picture, an .npy, a tensor in a safetensors file. */
import { arrange, named, type NamedArray, type NdArray } from "../../contract/ndarray.ts";
import { writeAtomically } from "../../node/files.ts";
import {
  fromTensor,
  isPicturePath,
  readPicture,
  toTensor,
  writePicture,
  type PixelRange,
} from "../../node/pictures.ts";
import { readTensor, tensorFile } from "../../node/tensor-files.ts";
import { version } from "../../version.ts";
import { DataError } from "../../weights/data-error.ts";
import { isMadeByFuse, madeBy } from "../../weights/made-by.ts";
import { writeNpy } from "../../weights/npy.ts";
import { writeSafetensors } from "../../weights/safetensors.ts";
import { refuseForeign } from "./overwriting.ts";
import { fail, readOrFail, writeOrFail } from "../terminal/failure.ts";

/** An axis, and its size if that is fixed. */
export type DeclaredAxis = readonly [axis: string, size: number | undefined];

/**
 * Reads an array for a tensor with these axes, in their order. A picture is transposed to that order, with a batch of
 * 1.
 */
export async function readArray(path: string, axes: readonly DeclaredAxis[], pixels: PixelRange): Promise<NdArray> {
  if (!isPicturePath(path)) return readOrFail(tensorFile(path), () => readTensor(path));
  const { batch, channels } = pictureAxes(path, axes);
  const picture = await readOrFail(path, () => readPicture(path));
  const tensor = named(toTensor(picture, channels, pixels), [batch, "h", "w", "c"]);
  const order = axes.map(([axis]) => axis);
  // Axes that the tensor lacks have size 1, so placing them after the others changes nothing.
  const arranged = arrange(tensor, [...order, ...tensor.axes.filter((axis) => !order.includes(axis))]);
  return { ...arranged, shape: arranged.shape.slice(0, order.length) };
}

/** A result and where it goes. */
export interface Output {
  readonly name: string;
  readonly path: string;
  readonly array: NamedArray;
}

/** Whether a result can be written to a path: a picture, an .npy, or a tensor in a safetensors file. */
export function isWritable(path: string): boolean {
  return isPicturePath(path) || /\.(npy|safetensors)$/i.test(tensorFile(path));
}

/**
 * Ends the command if a result would replace a safetensors file that `fuse` did not write, such as weights. An .npy or a
 * picture, which has no mark, is replaced.
 */
export async function refuseForeignResults(paths: readonly string[]): Promise<void> {
  for (const file of paths.map(tensorFile)) if (file.endsWith(".safetensors")) await refuseForeign(file, isMadeByFuse);
}

/** Writes results; those for one safetensors file are written together. */
export async function writeArrays(outputs: readonly Output[], pixels: PixelRange): Promise<void> {
  const collected = new Map<string, Map<string, NdArray>>();
  for (const { name, path, array } of outputs) {
    const file = tensorFile(path);
    if (isPicturePath(path)) {
      const picture = fromTensor(pictureTensor(name, array), pixels);
      await writeOrFail(path, () => writePicture(path, picture));
    } else if (file.endsWith(".safetensors")) {
      const tensors = collected.get(file) ?? new Map<string, NdArray>();
      collected.set(file, tensors.set(path === file ? name : path.slice(file.length + 1), array));
    } else await writeOrFail(path, () => writeAtomically(path, writeNpy(array)));
  }
  for (const [file, tensors] of collected)
    await writeOrFail(file, () => writeAtomically(file, writeSafetensors(tensors, { metadata: madeBy(version) })));
}

/** Returns the batch axis, under a name that no other axis has, and the number of channels to read. */
function pictureAxes(path: string, axes: readonly DeclaredAxis[]): { batch: string; channels: 1 | 3 | 4 } {
  const names = axes.map(([axis]) => axis);
  const others = names.filter((axis) => !["h", "w", "c"].includes(axis));
  const size = axes.find(([axis]) => axis === "c");
  const channels = size === undefined ? 1 : (size[1] ?? 3);
  const fits = names.includes("h") && names.includes("w") && others.length <= 1;
  if (fits && (channels === 1 || channels === 3 || channels === 4)) return { batch: others[0] ?? "", channels };
  const declared = axes.map(([axis, size]) => (size === undefined ? axis : `${axis}: ${size}`)).join(", ");
  const message = `\`${path}\` is a picture, which does not match [${declared}]: a picture has the axes h, w and c, and c is 1, 3 or 4`;
  return fail("bad-input", { message });
}

/** Returns an array over h, w, and optionally c and one other axis, as [1, h, w, c]. */
function pictureTensor(name: string, array: NamedArray): NdArray {
  const others = array.axes.filter((axis) => !["h", "w", "c"].includes(axis));
  if (!array.axes.includes("h") || !array.axes.includes("w") || others.length > 1)
    throw new DataError(`${name} has the axes ${array.axes.join(", ")}, but a picture has h, w and c`);
  const order = [others[0] ?? "", "h", "w", "c"];
  const missing = order.filter((axis) => !array.axes.includes(axis));
  const whole = named({ ...array, shape: [...array.shape, ...missing.map(() => 1)] }, [...array.axes, ...missing]);
  return arrange(whole, order);
}
