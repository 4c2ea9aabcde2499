/** @file Pictures as tensors and as files, and the error if the decoder is missing. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatOfPath } from "../../src/node/picture-formats.ts";
import type { Picture } from "../../src/node/picture.ts";
import { fromTensor, isPicturePath, readPicture, toTensor, writePicture } from "../../src/node/pictures.ts";
import { DataError } from "../../src/weights/data-error.ts";

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

  test.each(["out.png", "out.PNG", "out.webp", "out.avif", "out.tif", "out.tiff"])(
    "%s comes back exactly",
    async (name) => {
      const picture: Picture = { width: 3, height: 1, channels: 4, data: Uint8Array.from({ length: 12 }, (_, i) => i) };
      await writePicture(join(folder, name), picture);
      expect(await readPicture(join(folder, name))).toEqual(picture);
    },
  );

  test.each(["out.jpg", "out.jpeg"])("%s is a JPEG", async (name) => {
    await writePicture(join(folder, name), { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) });
    expect(readFileSync(join(folder, name)).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8));
  });

  test.each(["out.gif", "out.svg", "out", "png", "out.png/x"])(
    "%s is refused before anything is written",
    async (name) => {
      const picture: Picture = { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) };
      expect(isPicturePath(name)).toBe(false);
      await expect(writePicture(join(folder, name), picture)).rejects.toThrow(
        `${join(folder, name)}: pictures are written as .png, .jpg, .webp, .avif or .tif`,
      );
      expect(readdirSync(folder)).not.toContain(name);
    },
  );

  test.each([
    ["out.jpg", 65500, ".png or .tif"],
    ["out.webp", 16383, ".png, .jpg, .avif or .tif"],
    ["out.avif", 16384, ".png, .jpg or .tif"],
  ])("%s has at most %i pixels on a side", async (name, most, others) => {
    const line = (width: number): Picture => ({ width, height: 1, channels: 1, data: new Uint8Array(width) });
    const path = join(folder, name);
    await writePicture(path, line(most));
    expect((await readPicture(path)).width).toBe(most);
    await expect(writePicture(path, { ...line(most + 1), width: 1, height: most + 1 })).rejects.toThrow(
      `out${name.slice(3)}: a ${formatOfPath(name)!.name} has at most ${most} pixels on a side, and this picture is ` +
        `1 x ${most + 1}; write it as ${others}`,
    );
  });

  test.each(["out.png", "out.tif"])("%s has any number of pixels on a side", async (name) => {
    for (const [width, height] of [
      [1, 70_000],
      [70_000, 1],
    ] as const) {
      const picture: Picture = { width, height, channels: 3, data: new Uint8Array(3 * 70_000).fill(7) };
      await writePicture(join(folder, name), picture);
      expect(await readPicture(join(folder, name))).toEqual(picture);
    }
  });

  test("the content decides the format, not the name", async () => {
    const picture: Picture = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) };
    await writePicture(join(folder, "one.tif"), picture);
    renameSync(join(folder, "one.tif"), join(folder, "one.png"));
    expect(await readPicture(join(folder, "one.png"))).toEqual(picture);
  });

  test("errors include the path", async () => {
    const path = join(folder, "text.png");
    writeFileSync(path, "not a picture");
    await expect(readPicture(path)).rejects.toThrow(`${path}: is not a PNG, JPEG, WebP, AVIF or TIFF picture`);
    await expect(readPicture(join(folder, "absent.png"))).rejects.toThrow(/absent\.png: no such file/);
  });

  test("a missing sharp is one line that says how to install it", async () => {
    vi.doMock("sharp", () => {
      throw new Error('Could not load the "sharp" module using the plan9-mips runtime\nPossible solutions:\n- …');
    });
    const path = join(folder, "missing.png");
    const picture: Picture = { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) };
    const error: unknown = await writePicture(path, picture).catch((thrown: unknown) => thrown);
    vi.doUnmock("sharp");
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(
      /^DataError: pictures need the package sharp, which failed to load on this machine \(\w+ \w+\)\. To install it: npm install --include=optional sharp; where it has no binary: npm install --cpu=wasm32 @img\/sharp-wasm32$/,
    );
    expect(readdirSync(folder)).not.toContain("missing.png");
    await writePicture(path, picture);
  });
});
