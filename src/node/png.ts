/** @file PNG pictures: every length is checked here before `fast-png` decodes what is needed of the file. */
import { convertIndexedToRgb, decode, encode, type DecodedPng } from "fast-png";
import { crc32, inflateSync } from "node:zlib";
import { DataError } from "../weights/data-error.ts";
import { checkSize, type Picture } from "./picture.ts";

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** PNG specification (third edition), 11.2.1: samples per pixel and the allowed bits per sample, by colour type. */
const colourTypes = new Map([
  [0, { samples: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { samples: 3, depths: [8, 16] }],
  [3, { samples: 1, depths: [1, 2, 4, 8] }],
  [4, { samples: 2, depths: [8, 16] }],
  [6, { samples: 4, depths: [8, 16] }],
]);

export function isPng(bytes: Uint8Array): boolean {
  return signature.equals(bytes.subarray(0, signature.length));
}

/**
 * Decodes a PNG of at most `limit` pixels. Palettes become RGB, or RGBA if they have transparency; grey with alpha
 * becomes RGBA; 16 bits become 8. A single transparent colour (`tRNS` without a palette) is taken as opaque.
 * @throws DataError
 */
export function decodePng(bytes: Uint8Array, limit: number): Picture {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks = chunksOf(file);
  const header = chunks[0]?.type === "IHDR" && chunks[0].data.length === 13 ? chunks[0].data : undefined;
  if (header === undefined) throw new DataError("does not begin with the header of a PNG");
  if (chunks.some(({ type }, i) => i > 0 && type === "IHDR")) throw new DataError("has more than one header");
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  checkSize(width, height, limit);
  const [depth, colour, , , interlace] = header.subarray(8);
  const samples = colourTypes.get(colour!)?.depths.includes(depth!) ? colourTypes.get(colour!)!.samples : undefined;
  if (samples === undefined || interlace! > 1) throw new DataError("has a header that no PNG may have");
  if (interlace === 1 && depth! < 8)
    throw new DataError("is interlaced with fewer than 8 bits, which Fuse cannot read");
  checkPixels(chunks, expectedLength(width, height, samples * depth!, interlace === 1));
  // Only what is needed: texts and colour profiles may expand to any length.
  const types = ["IHDR", ...(colour === 3 ? ["PLTE", "tRNS"] : []), "IDAT", "IEND"];
  const needed = chunks.filter(({ type }) => types.includes(type));
  if (colour === 3 && !needed.some(({ type }) => type === "PLTE"))
    throw new DataError("has no palette for its colours");
  try {
    return toPicture(decode(new Uint8Array(Buffer.concat([signature, ...needed.map(({ whole }) => whole)]))));
  } catch (error) {
    throw new DataError(`is a PNG that cannot be decoded (${error instanceof Error ? error.message : String(error)})`);
  }
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** With its length and checksum. */
  readonly whole: Buffer;
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let position = signature.length; chunks.at(-1)?.type !== "IEND";) {
    const end = position + 12 <= file.length ? position + 12 + file.readUInt32BE(position) : Infinity;
    if (end > file.length) throw new DataError("is cut off");
    const type = file.toString("latin1", position + 4, position + 8);
    if (crc32(file.subarray(position + 4, end - 4)) !== file.readUInt32BE(end - 4))
      throw new DataError("is damaged: a checksum is wrong");
    chunks.push({ type, data: file.subarray(position + 8, end - 4), whole: file.subarray(position, end) });
    position = end;
  }
  return chunks;
}

/** Each row of pixels has a byte for its filter before it; Adam7 stores seven smaller pictures. */
function expectedLength(width: number, height: number, bitsPerPixel: number, interlaced: boolean): number {
  const rows = (w: number, h: number) => (w === 0 ? 0 : h * (1 + Math.ceil((w * bitsPerPixel) / 8)));
  if (!interlaced) return rows(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce(
    (sum, [x, y, stepX, stepY]) =>
      sum + rows(Math.ceil(Math.max(0, width - x) / stepX), Math.ceil(Math.max(0, height - y) / stepY)),
    0,
  );
}

/** Inflates the pixel data once with a bound: a small file may claim to be a small picture and expand to any length. */
function checkPixels(chunks: readonly Chunk[], expected: number): void {
  const compressed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  let length: number;
  try {
    length = inflateSync(compressed, { maxOutputLength: expected }).length;
  } catch {
    throw new DataError("has damaged pixel data");
  }
  if (length !== expected) throw new DataError("has fewer pixels than its header claims");
}

function toPicture(decoded: DecodedPng): Picture {
  const { width, height, depth } = decoded;
  if (decoded.palette !== undefined) {
    const channels = decoded.palette[0]?.length === 4 ? 4 : 3;
    return { width, height, channels, data: convertIndexedToRgb(decoded) };
  }
  if (depth < 8) {
    // Packed grey samples are indices into the palette of all greys.
    const palette = Array.from({ length: 2 ** depth }, (_, grey) => [(grey * 255) / (2 ** depth - 1)]);
    return { width, height, channels: 1, data: convertIndexedToRgb({ ...decoded, palette }) };
  }
  // 65535 / 255 = 257
  const scale = depth === 16 ? 257 : 1;
  const data = Uint8Array.from(decoded.data, (value) => Math.round(value / scale));
  const { channels } = decoded;
  if (channels === 1 || channels === 3 || channels === 4) return { width, height, channels, data };
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.fill(data[2 * pixel]!, 4 * pixel, 4 * pixel + 3);
    rgba[4 * pixel + 3] = data[2 * pixel + 1]!;
  }
  return { width, height, channels: 4, data: rgba };
}

/** A PNG with 8 bits per sample. */
export function encodePng({ width, height, channels, data }: Picture): Uint8Array {
  return encode({ width, height, channels, depth: 8, data });
}
