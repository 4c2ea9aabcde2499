/** @file JPEG pictures: size and kind are read from the header before `jpeg-js` decodes the file. */
import { decode, encode } from "jpeg-js";
import { DataError } from "../weights/data-error.ts";
import { checkSize, type Picture } from "./picture.ts";

/** What decoding may take; jpeg-js holds a picture's coefficients as 32-bit numbers, about 20 bytes per pixel in all. */
const maxMemoryMB = 2048;
const quality = 92;

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG of at most `limit` pixels, baseline or progressive, grey or coloured, as it is stored: an orientation
 * in its Exif data is not applied.
 * @throws DataError
 */
export function decodeJpeg(bytes: Uint8Array, limit: number): Picture {
  const { width, height, components } = readHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  checkSize(width, height, limit);
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const limits = { maxResolutionInMP: limit / 1e6, maxMemoryUsageInMB: maxMemoryMB };
  let data: Uint8Array;
  try {
    ({ data } = decode(bytes, { ...options, ...limits }));
  } catch (error) {
    throw new DataError(`is a JPEG that cannot be decoded (${error instanceof Error ? error.message : String(error)})`);
  }
  if (components > 1) return { width, height, channels: 3, data };
  return { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]!) };
}

/** Follows the segments up to the scan (ITU-T T.81, annex B). */
function readHeader(file: Buffer): { width: number; height: number; components: number } {
  let frame: { width: number; height: number; components: number } | undefined;
  for (let position = 2; position + 4 <= file.length;) {
    if (file[position] !== 0xff) throw new DataError("is damaged: a segment does not begin where it should");
    const marker = file[position + 1]!;
    // Any number of fill bytes may stand before a marker.
    if (marker === 0xff) {
      position++;
      continue;
    }
    const length = file.readUInt16BE(position + 2);
    const end = position + 2 + length;
    if (length < 2 || end > file.length) break;
    // 0xC0 to 0xCF are the kinds of frames, but for 0xC4, 0xC8 and 0xCC; jpeg-js decodes the first three.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (marker > 0xc2)
        throw new DataError("is a lossless, hierarchical or arithmetic-coded JPEG, which Fuse cannot read");
      if (frame !== undefined || length < 8) throw new DataError("is damaged: its frame header is wrong");
      if (file[position + 4] !== 8)
        throw new DataError("has more than 8 bits per sample, which Fuse cannot read of a JPEG");
      const [height, width] = [file.readUInt16BE(position + 5), file.readUInt16BE(position + 7)];
      frame = { width, height, components: file[position + 9]! };
    }
    if (marker === 0xda) {
      // Without its end marker the decoder would take what is missing for zeros.
      if (frame === undefined || file.lastIndexOf("\xff\xd9", undefined, "latin1") < end) break;
      return frame;
    }
    position = end;
  }
  throw new DataError("is cut off");
}

/** A JPEG; alpha is dropped. */
export function encodeJpeg({ width, height, channels, data }: Picture): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) rgba[4 * pixel + c] = data[channels * pixel + (channels === 1 ? 0 : c)]!;
  }
  return encode({ width, height, data: rgba }, quality).data;
}
