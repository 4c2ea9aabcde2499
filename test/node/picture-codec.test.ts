/** @file Picture encoding and decoding: every supported kind, damaged and hostile files, and round trips. */
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodePicture, encodePicture } from "../../src/node/picture-codec.ts";
import { pictureFormats, type PictureFormat } from "../../src/node/picture-formats.ts";
import type { Picture } from "../../src/node/picture.ts";
import { loadSharp } from "../../src/node/sharp.ts";
import { DataError } from "../../src/weights/data-error.ts";
import { adam7, chunk, exif, png, tiff } from "../support/picture-files.ts";

const astronaut = readFileSync(new URL("../../examples/background-blur/astronaut.png", import.meta.url));
const sharp = await loadSharp();
const formatNamed = (name: string): PictureFormat => pictureFormats.find((format) => format.name === name)!;

async function refusal(bytes: Uint8Array, limit?: number): Promise<string> {
  try {
    await decodePicture(bytes, limit);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    if (error instanceof DataError) return error.message;
  }
  return "accepted";
}
async function expectRefused(bytes: Uint8Array, message: string | RegExp): Promise<void> {
  const said = await refusal(bytes);
  expect(said).toMatch(message);
  expect(said.split("\n")).toHaveLength(1);
}
const differences = (a: ArrayLike<number>, b: Uint8Array) => Array.from(b, (value, i) => Math.abs(value - a[i]!));
const largest = (a: ArrayLike<number>, b: Uint8Array) => Math.max(...differences(a, b));
/**
 * The average difference of a lossy file. Swapped channels, a negative or a rotated picture would make it more than 50.
 */
const average = (a: ArrayLike<number>, b: Uint8Array) =>
  differences(a, b).reduce((sum, difference) => sum + difference, 0) / b.length;
const undecodable = (name: string) =>
  new RegExp(`^cannot be decoded as ${name}: it is damaged, truncated or in an unsupported variant( \\(.+\\))?$`);

/** 24 x 16 in blocks of 8 x 8, each of one colour, so that JPEG nearly preserves them. */
const blocks: Picture = {
  width: 24,
  height: 16,
  channels: 3,
  data: Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => {
    const [x, y, c] = [(Math.floor(i / 3) % 24) >> 3, Math.floor(i / 72) >> 3, i % 3];
    return [40, 90, 140, 190, 230, 60][(3 * y + x + 2 * c) % 6]!;
  }),
};

const pixelsOf = ({ width, height, channels, data }: Picture) => sharp(data, { raw: { width, height, channels } });
/** Two frames or pages. */
const twoOf = (picture: Picture) => {
  const { width, height, channels, data } = picture;
  const raw = { width, height: 2 * height, channels, pageHeight: height };
  return sharp(Buffer.concat([data, data.map((value) => 255 - value)]), { raw });
};
const spliced = (file: Buffer, at: number, inserted: Buffer) =>
  Buffer.concat([file.subarray(0, at), inserted, file.subarray(at)]);
/** A JPEG segment. */
const segment = (marker: number, data: Buffer) =>
  Buffer.concat([Buffer.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255), data]);
const twoPages = await twoOf(blocks).tiff().toBuffer();
const jpeg = Buffer.from(await encodePicture(blocks, formatNamed("JPEG")));

describe("PNG", () => {
  test("the astronaut", async () => {
    const picture = await decodePicture(astronaut);
    expect(picture).toMatchObject({ width: 512, height: 512, channels: 3 });
    expect([...picture.data.subarray(0, 3)]).toEqual([154, 147, 151]);
  });

  const palette = chunk("PLTE", Uint8Array.of(10, 20, 30, 40, 50, 60));
  test.each<[string, Uint8Array, Picture["channels"], number[]]>([
    ["grey, 1 bit", png({ width: 3, depth: 1 }, [0, 0b10100000]), 1, [255, 0, 255]],
    ["grey, 2 bits", png({ width: 3, depth: 2 }, [0, 0b00011011]), 1, [0, 85, 170]],
    [
      "grey, 4 bits",
      png({ width: 3, height: 2, depth: 4 }, [0, 0x0f, 0x10, 0, 0xf0, 0x20]),
      1,
      [0, 255, 17, 255, 0, 34],
    ],
    ["grey, 1 bit, interlaced", png({ depth: 1, interlace: 1 }, [0, 128]), 1, [255]],
    ["grey, 16 bits", png({ width: 2, depth: 16 }, [0, 0xff, 0xff, 0x80, 0x7f]), 1, [255, 128]],
    ["grey, 16 bits, rounded", png({ width: 2, depth: 16 }, [0, 0x00, 0xff, 0x01, 0x82]), 1, [1, 2]],
    ["grey and alpha", png({ colour: 4 }, [0, 100, 7]), 4, [100, 100, 100, 7]],
    ["grey and alpha, 16 bits", png({ colour: 4, depth: 16 }, [0, 100, 100, 7, 7]), 4, [100, 100, 100, 7]],
    ["RGB", png({ colour: 2 }, [0, 1, 2, 3]), 3, [1, 2, 3]],
    ["RGBA, 16 bits", png({ colour: 6, depth: 16 }, [0, 1, 1, 2, 2, 3, 3, 4, 4]), 4, [1, 2, 3, 4]],
    ["RGBA, invisible", png({ colour: 6 }, [0, 1, 2, 3, 0]), 4, [1, 2, 3, 0]],
    ["palette", png({ width: 2, colour: 3, depth: 1 }, [0, 0b01000000], palette), 3, [10, 20, 30, 40, 50, 60]],
    [
      "palette with alpha",
      png({ width: 2, colour: 3 }, [0, 1, 0], palette, chunk("tRNS", Uint8Array.of(9))),
      4,
      [40, 50, 60, 255, 10, 20, 30, 9],
    ],
    ["an index beyond the palette, as libpng does", png({ colour: 3 }, [0, 9], palette), 3, [0, 0, 0]],
    [
      "RGB, one colour transparent",
      png({ width: 2, colour: 2 }, [0, 1, 2, 3, 4, 5, 6], chunk("tRNS", Uint8Array.of(0, 1, 0, 2, 0, 3))),
      4,
      [1, 2, 3, 0, 4, 5, 6, 255],
    ],
    [
      "with a text and a profile",
      png({}, [0, 5], chunk("tEXt", Buffer.from("a\0b")), chunk("iCCP", Uint8Array.of(1))),
      1,
      [5],
    ],
    ["with a gamma", png({ colour: 2 }, [0, 10, 20, 30], chunk("gAMA", Uint8Array.of(0, 0, 0x80, 0))), 3, [10, 20, 30]],
    ["animated: what is shown without", png({}, [0, 5], chunk("acTL", Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0))), 1, [5]],
    ["more rows than claimed", png({}, [0, 5, 0, 6]), 1, [5]],
    ["a bomb", png({}, new Array<number>(1_000_000).fill(0)), 1, [0]],
  ])("%s", async (_, bytes, channels, data) => {
    const picture = await decodePicture(bytes);
    expect([picture.channels, [...picture.data]]).toEqual([channels, data]);
  });

  test.each([1, 3, 4] as const)("interlaced, %i channels", async (channels) => {
    const data = Uint8Array.from({ length: 9 * 10 * channels }, (_, i) => (i * 7) & 255);
    const colour = { 1: 0, 3: 2, 4: 6 }[channels];
    const bytes = png({ width: 9, height: 10, colour, interlace: 1 }, adam7(9, 10, channels, data));
    expect(await decodePicture(bytes)).toEqual({ width: 9, height: 10, channels, data });
  });

  test("from any offset in memory, and nothing around it", async () => {
    const around = new Uint8Array(1000).fill(77);
    const bytes = png({ colour: 2 }, [0, 1, 2, 3]);
    around.set(bytes, 500);
    expect([...(await decodePicture(around.subarray(500, 500 + bytes.length))).data]).toEqual([1, 2, 3]);
    expect(await refusal(around.subarray(500, 500 + bytes.length - 1))).toBe("is truncated");
  });

  test.each<[string, Uint8Array, string | RegExp]>([
    ["nothing", new Uint8Array(), "is empty"],
    ["only a signature", astronaut.subarray(0, 8), "is truncated"],
    ["a cut header", astronaut.subarray(0, 20), "is truncated"],
    ["a cut chunk", astronaut.subarray(0, 5000), "is truncated"],
    ["half a picture", astronaut.subarray(0, 400_000), "is truncated"],
    ["a last byte that is missing", astronaut.subarray(0, -1), "is truncated"],
    ["a changed byte", Buffer.from(astronaut).fill(0, 100_000, 100_010), undecodable("PNG")],
    [
      "a part that is missing",
      Buffer.concat([astronaut.subarray(0, 200_000), astronaut.subarray(300_000)]),
      undecodable("PNG"),
    ],
    [
      "100000 x 100000",
      png({ width: 100_000, height: 100_000 }, []),
      "has 100000 x 100000 pixels, more than the limit of 100 megapixels",
    ],
    ["4 gigapixels wide", png({ width: 2 ** 32 - 1, height: 1 }, []), undecodable("PNG")],
    ["no width", png({ width: 0 }, []), undecodable("PNG")],
    ["3 bits", png({ depth: 3 }, []), undecodable("PNG")],
    ["RGB of 4 bits", png({ colour: 2, depth: 4 }, []), undecodable("PNG")],
    ["colour type 5", png({ colour: 5 }, []), undecodable("PNG")],
    ["fewer pixels than claimed", png({ width: 100, height: 100 }, [0, 1]), undecodable("PNG")],
    ["an unknown filter", png({}, [9, 0]), undecodable("PNG")],
    ["indices without a palette", png({ colour: 3 }, [0, 0]), undecodable("PNG")],
    ["an empty palette", png({ colour: 3 }, [0, 0], chunk("PLTE", new Uint8Array())), undecodable("PNG")],
    [
      "two headers",
      png({}, [0, 1], chunk("IHDR", Buffer.from("000186a0000186a00800000000", "hex"))),
      undecodable("PNG"),
    ],
    [
      "another chunk first",
      Buffer.concat([astronaut.subarray(0, 8), chunk("IEND", new Uint8Array())]),
      undecodable("PNG"),
    ],
  ])("refuses %s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });
});

describe("JPEG", () => {
  const picture: Picture = {
    width: 20,
    height: 10,
    channels: 3,
    data: new Uint8Array(600).fill(200, 0, 300).fill(50, 300),
  };
  const frame = jpeg.indexOf(Uint8Array.of(0xff, 0xc0));
  const changed = (value: number, from: number, to: number) => Buffer.from(jpeg).fill(value, frame + from, frame + to);

  test("nearly round-trips", async () => {
    const read = await decodePicture(await encodePicture(picture, formatNamed("JPEG")));
    expect(read).toMatchObject({ width: 20, height: 10, channels: 3 });
    expect(largest(picture.data, read.data)).toBeLessThan(3);
  });

  test("with one component is grey", async () => {
    const grey: Picture = { width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(90) };
    const written = Buffer.from(await encodePicture(grey, formatNamed("JPEG")));
    expect(written[written.indexOf(Uint8Array.of(0xff, 0xc0)) + 9]).toBe(1);
    const read = await decodePicture(written);
    expect([read.channels, read.data.length]).toEqual([1, 64]);
    expect(largest(grey.data, read.data)).toBeLessThan(3);
  });

  test("is written without alpha, without subsampling, at quality 92", async () => {
    const data = Uint8Array.from({ length: 24 * 16 * 4 }, (_, i) =>
      i % 4 === 3 ? 0 : blocks.data[(i >> 2) * 3 + (i % 4)]!,
    );
    const written = Buffer.from(await encodePicture({ ...blocks, channels: 4, data }, formatNamed("JPEG")));
    expect(written.equals(jpeg)).toBe(true);
    expect((await sharp(written).metadata()).chromaSubsampling).toBe("4:4:4");
    // The first number of the table that the specification recommends (ITU-T T.81, K.1) is 16: 16 x (200 - 2 x 92) /
    // 100.
    expect(written[written.indexOf(Uint8Array.of(0xff, 0xdb)) + 5]).toBe(3);
  });

  test.each([false, true])("progressive: %s", async (progressive) => {
    const written = await pixelsOf(blocks).jpeg({ quality: 95, chromaSubsampling: "4:4:4", progressive }).toBuffer();
    const read = await decodePicture(written);
    expect(largest(blocks.data, read.data)).toBeLessThan(3);
  });

  test("in CMYK becomes RGB", async () => {
    const written = await pixelsOf(blocks).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(written).metadata()).space).toBe("cmyk");
    const read = await decodePicture(written);
    expect(read).toMatchObject({ width: 24, height: 16, channels: 3 });
    // Ink on paper has fewer colours.
    expect(average(blocks.data, read.data)).toBeLessThan(20);
  });

  test.each<[string, Uint8Array, string | RegExp]>([
    ["nothing but its start", jpeg.subarray(0, 3), "is truncated"],
    ["a cut header", jpeg.subarray(0, 100), "is truncated"],
    ["a cut scan", jpeg.subarray(0, -10), "is truncated"],
    ["no end", jpeg.subarray(0, -1), "is truncated"],
    [
      "a scan that is cut before the end",
      Buffer.concat([jpeg.subarray(0, -20), jpeg.subarray(-2)]),
      undecodable("JPEG"),
    ],
    ["61680 x 61680", changed(0xf0, 5, 9), /^has 61680 x 61680 pixels, more/],
    ["more than libjpeg can count", changed(255, 5, 9), undecodable("JPEG")],
    ["no height", changed(0, 5, 7), undecodable("JPEG")],
    ["12 bits", changed(12, 4, 5), undecodable("JPEG")],
    ["a lossless one", changed(0xc3, 1, 2), undecodable("JPEG")],
    ["garbage in the header", Buffer.from(jpeg).fill(7, 4, 30), undecodable("JPEG")],
    ["impossible sampling", changed(0, 11, 12), undecodable("JPEG")],
    [
      "bytes between segments",
      Buffer.concat([jpeg.subarray(0, frame), Buffer.of(1, 2), jpeg.subarray(frame)]),
      undecodable("JPEG"),
    ],
  ])("refuses %s", async (_, file, message) => {
    await expectRefused(file, message);
  });
});

describe("WebP", () => {
  test("lossy, and with alpha", async () => {
    const read = await decodePicture(await pixelsOf(blocks).webp({ quality: 95 }).toBuffer());
    expect(read).toMatchObject({ width: 24, height: 16, channels: 3 });
    expect(average(blocks.data, read.data)).toBeLessThan(20);
    const alpha = await decodePicture(await pixelsOf(blocks).ensureAlpha(0.2).webp({ lossless: true }).toBuffer());
    expect([alpha.channels, alpha.data[3]]).toEqual([4, 51]);
  });

  test("rejects an animated one", async () => {
    await expectRefused(
      await twoOf(blocks).webp().toBuffer(),
      "has 2 pages or frames, and Fuse reads only pictures with one",
    );
  });

  test("rejects a false claim about its size", async () => {
    const file = await pixelsOf(blocks).webp({ quality: 80 }).toBuffer();
    // RFC 6386, 9.1: after a three-byte start code, two 14-bit numbers.
    const size = file.indexOf(Uint8Array.of(0x9d, 0x01, 0x2a)) + 3;
    await expectRefused(Buffer.from(file).fill(0xff, size, size + 4), /^has 16383 x 16383 pixels, more/);
  });
});

describe("AVIF", () => {
  test("lossy", async () => {
    const read = await decodePicture(await pixelsOf(blocks).avif({ quality: 90, effort: 0 }).toBuffer());
    expect(read).toMatchObject({ width: 24, height: 16, channels: 3 });
    expect(average(blocks.data, read.data)).toBeLessThan(20);
  });

  test("with 10 bits becomes 8", async () => {
    const white = new Uint8Array(8 * 8 * 3).fill(255);
    const pixels = pixelsOf({ width: 8, height: 8, channels: 3, data: white }).toColourspace("rgb16");
    const file = await pixels.avif({ lossless: true, bitdepth: 10, effort: 0 }).toBuffer();
    expect((await sharp(file).metadata()).depth).toBe("ushort");
    expect(await decodePicture(file)).toEqual({ width: 8, height: 8, channels: 3, data: white });
  });

  test("rejects a false claim about its size", async () => {
    const file = Buffer.from(await encodePicture(blocks, formatNamed("AVIF")));
    const size = file.indexOf("ispe") + 8;
    file.writeUInt32BE(30_000, size);
    file.writeUInt32BE(30_000, size + 4);
    await expectRefused(file, /^has 30000 x 30000 pixels, more/);
  });
});

describe("TIFF", () => {
  const rgb = { samples: 3, photometric: 2 };
  const rgba = { samples: 4, photometric: 2 };
  test.each<[string, Buffer, Picture["channels"], number[]]>([
    ["grey", tiff({ width: 2 }, [5, 250]), 1, [5, 250]],
    ["grey, white is 0", tiff({ width: 2, photometric: 0 }, [5, 250]), 1, [250, 5]],
    ["grey, 1 bit", tiff({ width: 2, bits: 1 }, [0b01000000]), 1, [0, 255]],
    ["grey, 16 bits", tiff({ width: 2, bits: 16 }, [0xff, 0xff, 0x7f, 0x80]), 1, [255, 128]],
    ["grey, 16 bits, big-endian", tiff({ width: 2, bits: 16 }, [0xff, 0xff, 0x80, 0x7f], "MM"), 1, [255, 128]],
    ["grey and alpha", tiff({ samples: 2, fields: [[338, 3, [2]]] }, [100, 7]), 4, [100, 100, 100, 7]],
    ["RGB", tiff(rgb, [1, 2, 3]), 3, [1, 2, 3]],
    ["RGB, big-endian", tiff(rgb, [1, 2, 3], "MM"), 3, [1, 2, 3]],
    ["RGB, 16 bits", tiff({ ...rgb, bits: 16 }, [1, 1, 2, 2, 3, 3]), 3, [1, 2, 3]],
    ["RGBA", tiff({ ...rgba, fields: [[338, 3, [2]]] }, [100, 50, 20, 128]), 4, [100, 50, 20, 128]],
    ["CMYK without ink", tiff({ samples: 4, photometric: 5 }, [0, 0, 0, 0]), 3, [255, 255, 255]],
    ["with fields that nobody knows", tiff({ fields: [[65000, 3, [7]]] }, [5]), 1, [5]],
  ])("%s", async (_, bytes, channels, data) => {
    const picture = await decodePicture(bytes);
    expect([picture.channels, [...picture.data]]).toEqual([channels, data]);
  });

  test("with an embedded JPEG, which has YCbCr", async () => {
    const file = await pixelsOf(blocks).tiff({ compression: "jpeg", quality: 95 }).toBuffer();
    expect(average(blocks.data, (await decodePicture(file)).data)).toBeLessThan(20);
  });

  test("with colours multiplied by alpha gets them back", async () => {
    const { data } = await decodePicture(tiff({ ...rgba, fields: [[338, 3, [1]]] }, [100, 50, 20, 128]));
    expect(
      largest(
        [100 / 128, 50 / 128, 20 / 128, 128 / 255].map((value) => 255 * value),
        data,
      ),
    ).toBeLessThan(1);
  });

  test.each<[string, Uint8Array, string | RegExp]>([
    [
      "floats",
      tiff({ bits: 32, fields: [[339, 3, [3]]] }, [0, 0, 128, 63]),
      "is a TIFF of 1 x float in the colour space b-w, which Fuse does not support",
    ],
    ["signed numbers", tiff({ fields: [[339, 3, [2]]] }, [5]), /^is a TIFF of 1 x char in/],
    ["32 bits", tiff({ bits: 32 }, [0, 0, 0, 1]), /^is a TIFF of 1 x uint in/],
    [
      "five channels",
      tiff({ samples: 5, photometric: 2, fields: [[338, 3, [0, 0]]] }, [1, 2, 3, 4, 5]),
      /^is a TIFF of 5 x uchar/,
    ],
    [
      "YCbCr",
      tiff({ ...rgb, photometric: 6 }, [100, 128, 128]),
      "is a TIFF of YCbCr samples, which Fuse does not support",
    ],
    ["YCbCr, big-endian", tiff({ ...rgb, photometric: 6 }, [100, 128, 128], "MM"), /^is a TIFF of YCbCr samples/],
    ["Lab", tiff({ ...rgb, photometric: 8 }, [100, 0, 0]), undecodable("TIFF")],
    ["two pages", twoPages, "has 2 pages or frames, and Fuse reads only pictures with one"],
    ["a size that it only claims", tiff({ width: 20_000, height: 20_000 }, [5]), /^has 20000 x 20000 pixels, more/],
    ["fewer rows than claimed", tiff({ width: 100, height: 100 }, [5]), undecodable("TIFF")],
    [
      "a tile of 3.6 gigapixels",
      tiff(
        {
          fields: [
            [322, 4, [60_000]],
            [323, 4, [60_000]],
            [324, 4, [8]],
            [325, 4, [1]],
          ],
        },
        [5],
      ),
      undecodable("TIFF"),
    ],
    ["only a header", Buffer.from("II*\0"), undecodable("TIFF")],
    ["a directory beyond the end", Buffer.from("II*\0\xff\xff\xff\x7f", "latin1"), undecodable("TIFF")],
  ])("refuses %s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });
});

/** Each format with a file that has every pixel of `blocks`, or nearly. */
const files = await Promise.all(
  pictureFormats.map(async (format) => [format.name, Buffer.from(await encodePicture(blocks, format))] as const),
);

describe.each(files)("any file of %s", (name, file) => {
  test("round-trips", async () => {
    const read = await decodePicture(file);
    if (name !== "JPEG") expect(read).toEqual(blocks);
    else expect(largest(blocks.data, read.data)).toBeLessThan(3);
  });

  test("keeps the colours of invisible pixels, and alpha if it has any", async () => {
    const data = Uint8Array.from({ length: 24 * 16 * 4 }, (_, i) => (i * 37) & 255);
    const picture: Picture = { width: 24, height: 16, channels: 4, data };
    const read = await decodePicture(await encodePicture(picture, formatNamed(name)));
    if (name === "JPEG") expect(read.channels).toBe(3);
    else expect(read).toEqual(picture);
  });

  test("round-trips grey, alone or in all three colours", async () => {
    const grey: Picture = { width: 24, height: 16, channels: 1, data: blocks.data.filter((_, i) => i % 3 === 0) };
    const read = await decodePicture(await encodePicture(grey, formatNamed(name)));
    expect(read.channels).toBe(name === "WebP" || name === "AVIF" ? 3 : 1);
    const first = read.data.filter((_, i) => i % read.channels === 0);
    const last = read.data.filter((_, i) => i % read.channels === read.channels - 1);
    expect(last).toEqual(first);
    expect(largest(grey.data, first)).toBeLessThan(name === "JPEG" ? 3 : 1);
  });

  test("is rejected wherever it is truncated", async () => {
    for (let length = 12; length < file.length; length += length < 64 ? 1 : 5)
      expect(await refusal(file.subarray(0, length)), `${length} of ${file.length} bytes`).not.toBe("accepted");
  });

  test("with any byte changed is read or rejected, without a crash", async () => {
    for (let i = 0; i < file.length; i += 3) await refusal(Buffer.from(file).fill(file[i]! ^ 0x5a, i, i + 1), 10_000);
  });

  test("respects the caller's limit", async () => {
    expect(await refusal(file, 24 * 16)).toBe("accepted");
    expect(await refusal(file, 24 * 16 - 1)).toMatch(/^has 24 x 16 pixels, more than the limit of/);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("is rotated for orientation %i", async (orientation) => {
    const turned = await decodePicture(await oriented(name, file, orientation));
    const expected = orient(blocks, orientation);
    expect([turned.width, turned.height]).toEqual([expected.width, expected.height]);
    expect(largest(expected.data, turned.data)).toBeLessThan(name === "JPEG" ? 3 : 1);
  });
});

/** Returns the same file with an orientation, written by hand if that is simple. */
async function oriented(name: string, file: Buffer, orientation: number): Promise<Buffer> {
  const { width, height, data } = blocks;
  if (name === "PNG") return spliced(file, 33, chunk("eXIf", exif(orientation)));
  if (name === "JPEG")
    return spliced(file, 2, segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), exif(orientation)])));
  if (name === "TIFF")
    return tiff({ width, height, samples: 3, photometric: 2, fields: [[274, 3, [orientation]]] }, [...data]);
  return formatNamed(name).encode(pixelsOf(blocks).withMetadata({ orientation })).toBuffer();
}

/** Returns how a picture with an orientation should look (Exif 2.32, 4.6.4.A, Orientation). */
function orient({ width, height, channels, data }: Picture, orientation: number): Picture {
  const [wide, high] = orientation > 4 ? [height, width] : [width, height];
  const [right, bottom] = [width - 1, height - 1];
  const stored = (x: number, y: number): readonly [x: number, y: number] =>
    (
      [
        [x, y],
        [right - x, y],
        [right - x, bottom - y],
        [x, bottom - y],
        [y, x],
        [y, bottom - x],
        [right - y, bottom - x],
        [right - y, x],
      ] as const
    )[orientation - 1]!;
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) {
      const [fromX, fromY] = stored(x, y);
      const from = (fromY * width + fromX) * channels;
      turned.set(data.subarray(from, from + channels), (y * wide + x) * channels);
    }
  return { width: wide, height: high, channels, data: turned };
}

test.each(["PNG", "JPEG"])("a colour profile in a %s changes no values", async (name) => {
  const [, file] = files.find(([other]) => other === name)!;
  const icc = (await sharp(await pixelsOf(blocks).withIccProfile("p3").png().toBuffer()).metadata()).icc!;
  const profiled =
    name === "PNG"
      ? spliced(file, 33, chunk("iCCP", Buffer.concat([Buffer.from("p3\0\0"), deflateSync(icc)])))
      : spliced(file, 2, segment(0xe2, Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), icc])));
  // Without our options it is converted to sRGB.
  const converted = await sharp(profiled).raw().toBuffer();
  expect(largest(blocks.data, converted)).toBeGreaterThan(10);
  expect(await decodePicture(profiled)).toEqual(await decodePicture(file));
});

describe("other formats", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>';
  const others: readonly [string, Buffer][] = [
    ["a text", Buffer.from("hello")],
    ["an SVG", Buffer.from(svg)],
    ["a GIF", Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64")],
    ["a PDF", Buffer.from("%PDF-1.4\n")],
    ["a BMP", Buffer.concat([Buffer.from("BM"), Buffer.alloc(60)])],
    ["a HEIC", Buffer.concat([Buffer.of(0, 0, 0, 24), Buffer.from("ftypheic\0\0\0\0mif1heic"), Buffer.alloc(20)])],
    ["a PNM", Buffer.from("P6 1 1 255\nabc")],
    ["a picture of libvips", Buffer.concat([Buffer.of(0xb6, 0xa6, 0xf2, 0x08), Buffer.alloc(100)])],
  ];

  test.each(others)("%s is rejected by its first bytes", async (_, bytes) => {
    await expectRefused(bytes, "is not a PNG, JPEG, WebP, AVIF or TIFF picture");
  });

  test.each(others)("%s is not read by libvips either", async (_, bytes) => {
    await expect(sharp(bytes).metadata()).rejects.toThrow(/unsupported image format|corrupt header/);
  });
});
