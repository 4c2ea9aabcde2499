/** @file The picture formats: how to recognize, read and write each one. */
import type { Sharp } from "sharp";

export interface PictureFormat {
  /** The common name. */
  readonly name: string;
  /** File name endings, without the dot. */
  readonly endings: readonly string[];
  /** Whether a file begins like one of this format. */
  readonly begins: (file: Buffer) => boolean;
  /** Returns what is wrong with a file that libvips would read anyway. */
  readonly fault?: (file: Buffer) => string | undefined;
  /** The libvips class that reads it from memory. */
  readonly loader: string;
  /** The pixels that a side may have, if it may not have any number of them. */
  readonly longest?: number;
  /** Sets how pixels are written. JPEG drops alpha and loses a little; the others keep every sample. */
  readonly encode: (pixels: Sharp) => Sharp;
}

const has = (file: Buffer, text: string, position = 0) =>
  file.toString("latin1", position, position + text.length) === text;
/** Requires a mark that ends the file, except for data that cameras append. */
const needs = (mark: string) => (file: Buffer) =>
  file.lastIndexOf(mark, undefined, "latin1") < 0 ? "is truncated" : undefined;

export const pictureFormats: readonly PictureFormat[] = [
  {
    name: "PNG",
    endings: ["png"],
    begins: (file) => has(file, "\x89PNG\r\n\x1a\n"),
    fault: needs("IEND\xae\x42\x60\x82"),
    loader: "VipsForeignLoadPngBuffer",
    encode: (pixels) => pixels.png(),
  },
  {
    name: "JPEG",
    endings: ["jpg", "jpeg"],
    begins: (file) => has(file, "\xff\xd8\xff"),
    fault: needs("\xff\xd9"),
    loader: "VipsForeignLoadJpegBuffer",
    // A limit of libjpeg. The format's own is 65535.
    longest: 65500,
    // Otherwise sharp would blend it with black.
    encode: (pixels) => pixels.removeAlpha().jpeg({ quality: 92, chromaSubsampling: "4:4:4" }),
  },
  {
    name: "WebP",
    endings: ["webp"],
    begins: (file) => has(file, "RIFF") && has(file, "WEBP", 8),
    loader: "VipsForeignLoadWebpBuffer",
    longest: 16383,
    encode: (pixels) => pixels.webp({ lossless: true, exact: true }),
  },
  {
    name: "AVIF",
    endings: ["avif"],
    begins: (file) => has(file, "ftyp", 4) && brands(file).includes("avif"),
    loader: "VipsForeignLoadHeifBuffer",
    longest: 16384,
    // Eight times as fast as the default, and a fifth larger.
    encode: (pixels) => pixels.avif({ lossless: true, effort: 0 }),
  },
  {
    name: "TIFF",
    endings: ["tif", "tiff"],
    begins: (file) => has(file, "II*\0") || has(file, "MM\0*"),
    fault: (file) => (isPlainYCbCr(file) ? "is a TIFF of YCbCr samples, which Fuse does not support" : undefined),
    loader: "VipsForeignLoadTiffBuffer",
    encode: (pixels) => pixels.tiff({ compression: "deflate" }),
  },
];

/** `a, b or c` */
export const alternatives = (words: readonly string[]) => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
/** `PNG, JPEG, WebP, AVIF or TIFF` */
export const formatNames = alternatives(pictureFormats.map(({ name }) => name));
/** `.png, .jpg, .webp, .avif or .tif` */
export const pictureEndings = alternatives(pictureFormats.map(({ endings }) => `.${endings[0]}`));

/** Whether a picture of this size can be written. */
export const canHold = ({ longest = Infinity }: PictureFormat, width: number, height: number): boolean =>
  Math.max(width, height) <= longest;

/** Returns the format that a path's ending names. */
export function formatOfPath(path: string): PictureFormat | undefined {
  const ending = /\.([^./\\]*)$/.exec(path)?.[1]?.toLowerCase();
  return pictureFormats.find(({ endings }) => ending !== undefined && endings.includes(ending));
}

/** Returns the brands that an ISO base media file declares (ISO/IEC 14496-12, 4.3). */
function brands(file: Buffer): string[] {
  return file.toString("latin1", 8, Math.min(file.readUInt32BE(), 200)).match(/[^]{4}/g) ?? [];
}

/** Whether the first page of a TIFF is YCbCr outside a JPEG, which libvips mistakes for RGB. */
function isPlainYCbCr(file: Buffer): boolean {
  const little = has(file, "II");
  const u16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const directory = file.length < 8 ? Infinity : little ? file.readUInt32LE(4) : file.readUInt32BE(4);
  /** TIFF 6.0, section 2: entries of 12 bytes, of which the last four hold a number that fits into them. */
  const field = (tag: number): number | undefined => {
    for (let at = directory + 2; at + 12 <= file.length && at < directory + 2 + 12 * u16(directory); at += 12)
      if (u16(at) === tag) return u16(at + 8);
    return undefined;
  };
  const [photometric, compression] = [field(262), field(259)];
  return photometric === 6 && compression !== 7;
}
