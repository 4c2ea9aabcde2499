/** @file Pictures as files and as tensors in NHWC. */
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, placed, printShape } from "../weights/data-error.ts";
import { readBytes, writeAtomically } from "./files.ts";
import { decodePicture, encodePicture } from "./picture-codec.ts";
import { alternatives, canHold, formatOfPath, pictureEndings, pictureFormats } from "./picture-formats.ts";
import { maxPixels, type Picture } from "./picture.ts";

/** The largest file that is read, in bytes. */
const maxFile = 500_000_000;

/** The range of a picture's tensor: 1 or 255 is the brightest. */
export type PixelRange = "0..1" | "0..255";

/** Whether a path is read or written as a picture, judging by its ending. */
export function isPicturePath(path: string): boolean {
  return formatOfPath(path) !== undefined;
}

/** Reads a picture. Its content decides the format. @throws DataError `path: reason` */
export async function readPicture(path: string, limit = maxPixels): Promise<Picture> {
  const bytes = await readBytes(path, maxFile);
  try {
    return await decodePicture(bytes, limit);
  } catch (error) {
    throw placed(path, error);
  }
}

/**
 * Writes a picture in the format that the path names. The file is complete or absent. @throws DataError `path: reason`
 */
export async function writePicture(path: string, picture: Picture): Promise<void> {
  const format = formatOfPath(path);
  if (format === undefined) throw new DataError(`${path}: pictures are written as ${pictureEndings}`);
  const { width, height } = picture;
  if (!canHold(format, width, height)) {
    const others = pictureFormats
      .filter((other) => canHold(other, width, height))
      .map(({ endings }) => `.${endings[0]}`);
    throw new DataError(
      `${path}: a ${format.name} has at most ${format.longest} pixels on a side, and this picture is ${width} x ${height}; ` +
        `write it as ${alternatives(others)}`,
    );
  }
  await writeAtomically(path, await encodePicture(picture, format));
}

/**
 * Returns the picture as a tensor [1, height, width, channels]. Alpha is dropped, or opaque if there is none. Grey is
 * copied to all of RGB; RGB becomes grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), unrounded.
 */
export function toTensor(picture: Picture, channels: 1 | 3 | 4, range: PixelRange): NdArray {
  const { width, height, data } = picture;
  const white = range === "0..1" ? 255 : 1;
  const tensor = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const start = pixel * picture.channels;
    const colour = (c: number) => data[start + (picture.channels === 1 ? 0 : c)]!;
    const alpha = picture.channels === 4 ? data[start + 3]! : 255;
    const grey = picture.channels === 1 ? data[start]! : 0.299 * colour(0) + 0.587 * colour(1) + 0.114 * colour(2);
    for (let c = 0; c < channels; c++) {
      const sample = channels === 1 ? grey : c === 3 ? alpha : colour(c);
      tensor[pixel * channels + c] = sample / white;
    }
  }
  return { dtype: "f32", shape: [1, height, width, channels], data: tensor };
}

/**
 * Returns the picture that a tensor [1, height, width, 1, 3 or 4] shows (the first axis may be absent). Numbers are
 * clamped and rounded; NaN is black.
 * @throws DataError for another shape
 */
export function fromTensor(tensor: NdArray, range: PixelRange): Picture {
  const shape = tensor.shape.length === 4 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  const [height, width, channels, ...others] = shape;
  const fits = height !== undefined && width !== undefined && height > 0 && width > 0 && others.length === 0;
  if (!fits || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new DataError(
      `a tensor ${printShape(tensor.shape)} is not a picture: expected [1, height, width, channels] with 1, 3 or 4 channels`,
    );
  }
  const scale = range === "0..1" ? 255 : 1;
  // A clamped array rounds halves to even, and converts NaN to 0.
  const data = new Uint8Array(Uint8ClampedArray.from(tensor.data, (value) => value * scale));
  return { width, height, channels, data };
}
