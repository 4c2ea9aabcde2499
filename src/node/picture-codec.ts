/** @file Encodes and decodes pictures with `sharp`. Checks what a file claims before decoding its pixels. */
import type { Metadata } from "sharp";
import { InternalError } from "../source/internal-error.ts";
import { DataError } from "../weights/data-error.ts";
import { foreignFormat } from "../weights/foreign.ts";
import { isNpy } from "../weights/npy.ts";
import { firstLine } from "./first-line.ts";
import { formatNames, pictureFormats, type PictureFormat } from "./picture-formats.ts";
import { checkSize, maxPixels, type Picture } from "./picture.ts";
import { loadSharp } from "./sharp.ts";

/**
 * Decodes a picture of at most `limit` pixels, rotated as its Exif data says. 16-bit samples become 8-bit; palettes and
 * CMYK become RGB; grey with alpha becomes RGBA. A colour profile changes no values, except for CMYK.
 * @throws DataError
 */
export async function decodePicture(bytes: Uint8Array, limit = maxPixels): Promise<Picture> {
  if (bytes.length === 0) throw new DataError("is empty");
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const format = pictureFormats.find(({ begins }) => begins(file));
  if (format === undefined) {
    const other = isNpy(bytes) ? "is an .npy array; its name must end in .npy" : foreignFormat(bytes);
    throw new DataError(`is not a ${formatNames} picture${other === undefined ? "" : `: it ${other}`}`);
  }
  const fault = format.fault?.(file);
  if (fault !== undefined) throw new DataError(fault);

  const sharp = await loadSharp();
  // A warning means that pixels had to be guessed. No size limit here, because the error message should state the size.
  const options = { failOn: "warning", limitInputPixels: false } as const;
  const header = await readable(format, () => sharp(file, options).metadata());
  checkSize(header.width, header.height, limit);
  if (header.pages !== undefined && header.pages > 1)
    throw new DataError(`has ${header.pages} pages or frames, and Fuse reads only pictures with one`);
  const wide = checkSamples(format, header);
  const grey = header.channels === 1;
  const { data, info } = await readable(format, () =>
    sharp(file, { ...options, limitInputPixels: limit, autoOrient: true, ignoreIcc: header.space !== "cmyk" })
      .toColourspace(wide ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb")
      .raw({ depth: wide ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  if (channels === 2) throw new InternalError("grey with alpha was not spread over RGB");
  return {
    width,
    height,
    channels,
    data: wide ? narrowed(data) : new Uint8Array(data.buffer, data.byteOffset, data.length),
  };
}

/** Returns the picture as the bytes of a file. */
export async function encodePicture(picture: Picture, format: PictureFormat): Promise<Uint8Array> {
  const { width, height, channels, data } = picture;
  const sharp = await loadSharp();
  const pixels = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  return format.encode(pixels.toColourspace(channels === 1 ? "b-w" : "srgb")).toBuffer();
}

/** Whether samples have 16 bits instead of 8. TIFF has many other depths, whose scale would be a guess. */
function checkSamples(format: PictureFormat, { depth, space, channels }: Metadata): boolean {
  const known = { uchar: ["b-w", "srgb", "cmyk"], ushort: ["grey16", "rgb16"] } as const;
  const spaces: readonly string[] = depth === "uchar" || depth === "ushort" ? known[depth] : [];
  if (!spaces.includes(space) || channels > 4)
    throw new DataError(
      `is a ${format.name} of ${channels} x ${depth} in the colour space ${space}, which Fuse does not support`,
    );
  return depth === "ushort";
}

/** 65535 / 255 = 257 */
function narrowed(data: Buffer): Uint8Array {
  return Uint8Array.from(new Uint16Array(data.buffer, data.byteOffset, data.length / 2), (sample) =>
    Math.round(sample / 257),
  );
}

async function readable<T>(format: PictureFormat, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // What sharp says before libvips' reason, or instead of one.
    const phrases =
      /^(Input buffer has corrupt header: ?|Warning treated as error due to failOn setting|Unknown error)/;
    const reason = firstLine(error, (line) => line.replace(phrases, ""));
    const kind = `cannot be decoded as ${format.name}: it is damaged, truncated or in an unsupported variant`;
    throw new DataError(reason === "" ? kind : `${kind} (${reason})`);
  }
}
