/** @file Picture files written by hand, so that a test controls every byte: PNG, TIFF, and Exif data. */
import { crc32, deflateSync } from "node:zlib";

export interface PngHeader {
  readonly width?: number;
  readonly height?: number;
  readonly depth?: number;
  readonly colour?: number;
  readonly interlace?: number;
}

export function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}

/** Returns a PNG. Each row begins with its filter byte. */
export function png(header: PngHeader, rows: readonly number[], ...others: Buffer[]): Buffer {
  const { width = 1, height = 1, depth = 8, colour = 0, interlace = 0 } = header;
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(width);
  ihdr.writeUInt32BE(height, 4);
  ihdr.set([depth, colour, 0, 0, interlace], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const idat = chunk("IDAT", deflateSync(Uint8Array.from(rows)));
  return Buffer.concat([signature, chunk("IHDR", ihdr), ...others, idat, chunk("IEND", new Uint8Array())]);
}

/** Returns rows of a PNG in Adam7 order (PNG specification, section 8.2), unfiltered. */
export function adam7(width: number, height: number, channels: number, data: Uint8Array): number[] {
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  const rows: number[] = [];
  for (const [left, top, stepX, stepY] of passes)
    for (let y = top; y < height && left < width; y += stepY) {
      rows.push(0);
      for (let x = left; x < width; x += stepX) {
        const at = (y * width + x) * channels;
        rows.push(...data.subarray(at, at + channels));
      }
    }
  return rows;
}

export interface TiffHeader {
  readonly width?: number;
  readonly height?: number;
  readonly bits?: number;
  readonly samples?: number;
  /** 0 and 1 are grey, 2 is RGB, 5 CMYK, 6 YCbCr. */
  readonly photometric?: number;
  /** Further fields: tag, type (3 is u16, 4 is u32), values. */
  readonly fields?: readonly (readonly [tag: number, type: 3 | 4, values: readonly number[]])[];
}

/** Returns a TIFF with one uncompressed strip. */
export function tiff(header: TiffHeader, data: readonly number[], order: "II" | "MM" = "II"): Buffer {
  const { width = 1, height = 1, bits = 8, samples = 1, photometric = 1, fields = [] } = header;
  const all = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, new Array<number>(samples).fill(bits)],
    [259, 3, [1]],
    [262, 3, [photometric]],
    [273, 4, [8]],
    [277, 3, [samples]],
    [278, 4, [height]],
    [279, 4, [data.length]],
    ...fields,
  ] as const;
  const directory = 8 + data.length + (data.length % 2);
  // Values that do not fit into a field come after the directory.
  let free = directory + 2 + 12 * all.length + 4;
  const file = Buffer.alloc(free + 1000);
  const u16 = (value: number, at: number) =>
    order === "II" ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at);
  const u32 = (value: number, at: number) =>
    order === "II" ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at);
  file.write(order, "latin1");
  u16(42, 2);
  u32(directory, 4);
  file.set(data, 8);
  u16(all.length, directory);
  for (const [i, [tag, type, values]] of all.toSorted(([a], [b]) => a - b).entries()) {
    const field = directory + 2 + 12 * i;
    u16(tag, field);
    u16(type, field + 2);
    u32(values.length, field + 4);
    const size = type === 3 ? 2 : 4;
    const far = size * values.length > 4;
    if (far) u32(free, field + 8);
    for (const [j, value] of values.entries()) (type === 3 ? u16 : u32)(value, (far ? free : field + 8) + size * j);
    if (far) free += size * values.length;
  }
  return file.subarray(0, free);
}

/** Returns Exif data with only an orientation. */
export function exif(orientation: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.write("II*\0", "latin1");
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(1, 8);
  bytes.writeUInt16LE(0x112, 10);
  bytes.writeUInt16LE(3, 12);
  bytes.writeUInt32LE(1, 14);
  bytes.writeUInt16LE(orientation, 18);
  return bytes;
}
