/** @file Pictures: every kind of PNG and JPEG that is read, what hostile files get, and the way to tensors and back. */
import { encode as encodeFastPng } from "fast-png";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeJpeg, encodeJpeg } from "../../src/node/jpeg.ts";
import type { Picture } from "../../src/node/picture.ts";
import { decodePicture, fromTensor, readPicture, toTensor, writePicture } from "../../src/node/pictures.ts";
import { encodePng } from "../../src/node/png.ts";
import { DataError } from "../../src/weights/data-error.ts";

const astronaut = readFileSync(new URL("../../examples/background-blur/astronaut.png", import.meta.url));

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}
interface Header {
  readonly width?: number;
  readonly height?: number;
  readonly depth?: number;
  readonly colour?: number;
  readonly interlace?: number;
}
/** A PNG by hand: rows begin with their filter byte. */
function png(header: Header, rows: readonly number[], ...others: Buffer[]): Buffer {
  const { width = 1, height = 1, depth = 8, colour = 0, interlace = 0 } = header;
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(width);
  ihdr.writeUInt32BE(height, 4);
  ihdr.set([depth, colour, 0, 0, interlace], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const idat = chunk("IDAT", deflateSync(Uint8Array.from(rows)));
  return Buffer.concat([signature, chunk("IHDR", ihdr), ...others, idat, chunk("IEND", new Uint8Array())]);
}
const refusal = (bytes: Uint8Array, limit?: number): string => {
  try {
    decodePicture(bytes, limit);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    if (error instanceof DataError) return error.message;
  }
  return "accepted";
};

describe("PNG", () => {
  test("the astronaut", () => {
    const picture = decodePicture(astronaut);
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
    ["grey, 16 bits", png({ width: 2, depth: 16 }, [0, 0xff, 0xff, 0x80, 0x7f]), 1, [255, 128]],
    ["grey and alpha", png({ colour: 4 }, [0, 100, 7]), 4, [100, 100, 100, 7]],
    ["RGB", png({ colour: 2 }, [0, 1, 2, 3]), 3, [1, 2, 3]],
    ["RGBA, 16 bits", png({ colour: 6, depth: 16 }, [0, 1, 1, 2, 2, 3, 3, 4, 4]), 4, [1, 2, 3, 4]],
    ["palette", png({ width: 2, colour: 3, depth: 1 }, [0, 0b01000000], palette), 3, [10, 20, 30, 40, 50, 60]],
    [
      "palette with alpha",
      png({ width: 2, colour: 3 }, [0, 1, 0], palette, chunk("tRNS", Uint8Array.of(9))),
      4,
      [40, 50, 60, 255, 10, 20, 30, 9],
    ],
    [
      "RGB, one colour transparent",
      png({ colour: 2 }, [0, 1, 2, 3], chunk("tRNS", Uint8Array.of(0, 1, 0, 2, 0, 3))),
      3,
      [1, 2, 3],
    ],
    [
      "with a text and a profile",
      png({}, [0, 5], chunk("tEXt", Buffer.from("a\0b")), chunk("iCCP", Uint8Array.of(1))),
      1,
      [5],
    ],
  ])("%s", (_, bytes, channels, data) => {
    const picture = decodePicture(bytes);
    expect([picture.channels, [...picture.data]]).toEqual([channels, data]);
  });

  test("interlaced", () => {
    const data = Uint8Array.from({ length: 9 * 10 * 3 }, (_, i) => i & 255);
    const bytes = encodeFastPng({ width: 9, height: 10, channels: 3, data }, { interlace: "Adam7" });
    expect(decodePicture(bytes)).toEqual({ width: 9, height: 10, channels: 3, data });
  });

  test("from any place in memory, and nothing beside it", () => {
    const around = new Uint8Array(1000).fill(77);
    const bytes = png({ colour: 2 }, [0, 1, 2, 3]);
    around.set(bytes, 500);
    expect([...decodePicture(around.subarray(500, 500 + bytes.length)).data]).toEqual([1, 2, 3]);
    expect(refusal(around.subarray(500, 500 + bytes.length - 1))).toBe("is cut off");
  });

  test.each<[string, Uint8Array, string | RegExp]>([
    ["nothing", new Uint8Array(), "is empty"],
    ["a text", Buffer.from("hello"), "is neither a PNG nor a JPEG picture"],
    ["only a signature", astronaut.subarray(0, 8), "is cut off"],
    ["a cut header", astronaut.subarray(0, 20), "is cut off"],
    ["a cut chunk", astronaut.subarray(0, 5000), "is cut off"],
    ["half a picture", astronaut.subarray(0, 400_000), "is cut off"],
    ["a last byte that is missing", astronaut.subarray(0, -1), "is cut off"],
    ["a changed byte", Buffer.from(astronaut).fill(0, 100_000, 100_010), "is damaged: a checksum is wrong"],
    [
      "100000 x 100000",
      png({ width: 100_000, height: 100_000 }, []),
      "claims 100000 x 100000 pixels, more than the limit of 100 megapixels",
    ],
    ["4 gigapixels wide", png({ width: 2 ** 32 - 1, height: 1 }, []), /^claims 4294967295 x 1 pixels, more/],
    ["no width", png({ width: 0 }, []), "claims a size of 0 x 1"],
    ["3 bits", png({ depth: 3 }, []), "has a header that no PNG may have"],
    ["RGB of 4 bits", png({ colour: 2, depth: 4 }, []), "has a header that no PNG may have"],
    ["colour type 5", png({ colour: 5 }, []), "has a header that no PNG may have"],
    ["interlaced bits", png({ depth: 1, interlace: 1 }, []), /^is interlaced with fewer than 8 bits/],
    ["fewer pixels than claimed", png({ width: 100, height: 100 }, [0, 1]), "has fewer pixels than its header claims"],
    ["a bomb", png({}, new Array<number>(1_000_000).fill(0)), "has damaged pixel data"],
    ["an unknown filter", png({}, [9, 0]), /^is a PNG that cannot be decoded \(Unsupported filter: 9\)$/],
    ["an index beyond the palette", png({ colour: 3 }, [0, 9], palette), /^is a PNG that cannot be decoded \(/],
    ["indices without a palette", png({ colour: 3 }, [0, 0]), "has no palette for its colours"],
    [
      "two headers",
      png({}, [0, 1], chunk("IHDR", Buffer.from("000186a0000186a00800000000", "hex"))),
      /^has more than one header/,
    ],
    [
      "an empty palette",
      png({ colour: 3 }, [0, 0], chunk("PLTE", new Uint8Array())),
      /^is a PNG that cannot be decoded \(/,
    ],
    [
      "another chunk first",
      Buffer.concat([astronaut.subarray(0, 8), chunk("IEND", new Uint8Array())]),
      "does not begin with the header of a PNG",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
    expect(refusal(bytes).split("\n")).toHaveLength(1);
  });

  test("the limit is the caller's", () => {
    expect(refusal(astronaut, 512 * 512)).toBe("accepted");
    expect(refusal(astronaut, 512 * 512 - 1)).toMatch(/^claims 512 x 512 pixels/);
  });
});

describe("JPEG", () => {
  const picture: Picture = {
    width: 20,
    height: 10,
    channels: 3,
    data: new Uint8Array(600).fill(200, 0, 300).fill(50, 300),
  };
  const bytes = encodeJpeg(picture);
  const at = (marker: number) => Buffer.from(bytes).indexOf(Uint8Array.of(0xff, marker));
  const frame = at(0xc0);

  test("comes back, nearly", () => {
    const read = decodePicture(bytes);
    expect(read).toMatchObject({ width: 20, height: 10, channels: 3 });
    expect(Math.max(...read.data.map((value, i) => Math.abs(value - picture.data[i]!)))).toBeLessThan(20);
  });

  test("of one component is grey", () => {
    // The encoder writes three; what it writes for grey is made by hand: one component in the frame and in the scan.
    const source = Buffer.from(encodeJpeg({ width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(90) }));
    const sof = source.indexOf(Uint8Array.of(0xff, 0xc0));
    const sos = source.indexOf(Uint8Array.of(0xff, 0xda));
    const grey = Buffer.concat([
      source.subarray(0, sof),
      Uint8Array.of(0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0),
      source.subarray(sof + 19, sos),
      Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0),
      source.subarray(sos + 14),
    ]);
    const read = decodePicture(grey);
    expect([read.channels, read.data.length]).toEqual([1, 64]);
    expect(Math.abs(read.data[0]! - 90)).toBeLessThan(3);
  });

  test.each<[string, Uint8Array, string | RegExp]>([
    ["nothing but its start", bytes.subarray(0, 3), "is cut off"],
    ["a cut header", bytes.subarray(0, 100), "is cut off"],
    ["a cut scan", bytes.subarray(0, -10), "is cut off"],
    ["no end", bytes.subarray(0, -1), "is cut off"],
    ["65535 x 65535", Buffer.from(bytes).fill(255, frame + 5, frame + 9), /^claims 65535 x 65535 pixels, more/],
    ["no height", Buffer.from(bytes).fill(0, frame + 5, frame + 7), "claims a size of 20 x 0"],
    ["12 bits", Buffer.from(bytes).fill(12, frame + 4, frame + 5), /^has more than 8 bits per sample/],
    [
      "a lossless one",
      Buffer.from(bytes).fill(0xc3, frame + 1, frame + 2),
      /^is a lossless, hierarchical or arithmetic/,
    ],
    ["garbage in the header", Buffer.from(bytes).fill(7, 4, 30), /^is (damaged|cut off)/],
    ["impossible sampling", Buffer.from(bytes).fill(0, frame + 11, frame + 12), /^is a JPEG that cannot be decoded \(/],
  ])("refuses %s", (_, file, message) => {
    expect(refusal(file)).toMatch(message);
    expect(refusal(file).split("\n")).toHaveLength(1);
  });

  test("any change of a byte is read or refused, never a crash", () => {
    for (let i = 0; i < bytes.length; i += 3) refusal(Buffer.from(bytes).fill(bytes[i]! ^ 0x5a, i, i + 1), 10_000);
  });

  test("the limit is the caller's", () => {
    expect(() => decodeJpeg(bytes, 199)).toThrow(/^claims 20 x 10 pixels/);
  });
});

describe("as tensors", () => {
  const rgb: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 51, 0, 255, 102) };
  const grey: Picture = { width: 1, height: 2, channels: 1, data: Uint8Array.of(0, 255) };
  const rgba: Picture = { width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 51, 102) };

  test.each<[Picture, 1 | 3 | 4, number[]]>([
    [rgb, 3, [255, 0, 51, 0, 255, 102]],
    [rgb, 1, [0.299 * 255 + 0.114 * 51, 0.587 * 255 + 0.114 * 102]],
    [rgb, 4, [255, 0, 51, 255, 0, 255, 102, 255]],
    [grey, 1, [0, 255]],
    [grey, 3, [0, 0, 0, 255, 255, 255]],
    [grey, 4, [0, 0, 0, 255, 255, 255, 255, 255]],
    [rgba, 3, [255, 0, 51]],
    [rgba, 4, [255, 0, 51, 102]],
  ])("%j in %i channels", (picture, channels, values) => {
    const { shape, data } = toTensor(picture, channels, "0..255");
    expect(shape).toEqual([1, picture.height, picture.width, channels]);
    expect(data).toEqual(Float32Array.from(values));
    expect(toTensor(picture, channels, "0..1").data).toEqual(Float32Array.from(values, (value) => value / 255));
  });

  test("and back: clamped, rounded, NaN is black", () => {
    const unit = Float32Array.of(-1, 0.4 / 255, 1.6 / 255, 1, 7, NaN);
    expect([...fromTensor({ dtype: "f32", shape: [1, 2, 3, 1], data: unit }, "0..1").data]).toEqual([
      0, 0, 2, 255, 255, 0,
    ]);
    const bytes = Float32Array.of(-Infinity, 0.5, 1.5, 254.6, 256, Infinity);
    expect([...fromTensor({ dtype: "f32", shape: [2, 1, 3], data: bytes }, "0..255").data]).toEqual([
      0, 0, 2, 255, 255, 255,
    ]);
    expect(fromTensor(toTensor(rgb, 3, "0..1"), "0..1")).toEqual(rgb);
  });

  test.each([[[2, 1, 1, 3]], [[6]], [[1, 3, 1, 2]], [[0, 1, 3]], [[1, 1, 1, 1, 3]]])("%j is not a picture", (shape) => {
    const tensor = { dtype: "f32", shape, data: new Float32Array(6) } as const;
    expect(() => fromTensor(tensor, "0..1")).toThrow(/is not a picture/);
  });
});

describe("as files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fuse-pictures-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(["out.png", "out.PNG"])("%s comes back exactly", async (name) => {
    const picture = decodePicture(
      encodePng({ width: 3, height: 1, channels: 4, data: Uint8Array.from({ length: 12 }, (_, i) => i) }),
    );
    await writePicture(join(folder, name), picture);
    expect(await readPicture(join(folder, name))).toEqual(picture);
  });

  test("a .jpg is a JPEG; other endings are refused before anything is written", async () => {
    const picture: Picture = { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) };
    await writePicture(join(folder, "out.jpg"), picture);
    expect(readFileSync(join(folder, "out.jpg")).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8));
    await expect(writePicture(join(folder, "out.gif"), picture)).rejects.toThrow(
      /out\.gif: pictures are written as \.png or \.jpg/,
    );
    expect(readdirSync(folder)).not.toContain("out.gif");
  });

  test("what is wrong is said with the path", async () => {
    const path = join(folder, "text.png");
    writeFileSync(path, "not a picture");
    await expect(readPicture(path)).rejects.toThrow(`${path}: is neither a PNG nor a JPEG picture`);
    await expect(readPicture(join(folder, "absent.png"))).rejects.toThrow(/absent\.png: there is no such file/);
  });
});
