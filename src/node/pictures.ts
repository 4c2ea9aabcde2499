/** @file Pictures as files and as tensors in NHWC. */
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, inPlace, printShape } from "../weights/data-error.ts";
import { readBytes, writeAtomically } from "./files.ts";
import { decodeJpeg, encodeJpeg, isJpeg } from "./jpeg.ts";
import { maxPixels, type Picture } from "./picture.ts";
import { decodePng, encodePng, isPng } from "./png.ts";

/** Of a picture's file, in bytes. */
const maxFile = 500_000_000;

/** What the numbers of a picture's tensor mean: 1 or 255 is the brightest. */
export type PixelRange = "0..1" | "0..255";

/** Whether a path is to be read or written as a picture, by its ending. */
export function isPicturePath(path: string): boolean {
  return /\.(png|jpe?g)$/i.test(path);
}

/** Reads a PNG or JPEG, which its content tells. @throws DataError `path: reason` */
export async function readPicture(path: string, limit = maxPixels): Promise<Picture> {
  const bytes = await readBytes(path, maxFile);
  return inPlace(path, () => decodePicture(bytes, limit));
}

/** Decodes a PNG or JPEG of at most `limit` pixels. @throws DataError */
export function decodePicture(bytes: Uint8Array, limit = maxPixels): Picture {
  if (isPng(bytes)) return decodePng(bytes, limit);
  if (isJpeg(bytes)) return decodeJpeg(bytes, limit);
  throw new DataError(bytes.length === 0 ? "is empty" : "is neither a PNG nor a JPEG picture");
}

/** Writes a PNG or, if the path says so, a JPEG; the file is whole or not there. @throws DataError `path: reason` */
export async function writePicture(path: string, picture: Picture): Promise<void> {
  if (!isPicturePath(path)) throw new DataError(`${path}: pictures are written as .png or .jpg`);
  await writeAtomically(path, /png$/i.test(path) ? encodePng(picture) : encodeJpeg(picture));
}

/**
 * The picture as a tensor [1, height, width, channels]. Alpha is dropped, or opaque where there is none; grey is spread
 * over RGB; RGB becomes grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), unrounded.
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
 * The picture that a tensor [1, height, width, 1, 3 or 4] shows (the first axis may be absent); numbers are clamped and
 * rounded, NaN is black.
 * @throws DataError for another shape
 */
export function fromTensor(tensor: NdArray, range: PixelRange): Picture {
  const shape = tensor.shape.length === 4 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  const [height, width, channels, ...others] = shape;
  const fits = height !== undefined && width !== undefined && height > 0 && width > 0 && others.length === 0;
  if (!fits || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new DataError(
      `a tensor ${printShape(tensor.shape)} is not a picture: [1, height, width, channels] with 1, 3 or 4 channels is`,
    );
  }
  const scale = range === "0..1" ? 255 : 1;
  // A clamped array rounds halves to even, and takes NaN for 0.
  const data = new Uint8Array(Uint8ClampedArray.from(tensor.data, (value) => value * scale));
  return { width, height, channels, data };
}
