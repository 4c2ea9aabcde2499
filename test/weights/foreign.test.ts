/** @file Files that are given by mistake are named, wherever weights or inputs are read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights, readTensor } from "../../src/node/tensor-files.ts";
import { readPicture } from "../../src/node/pictures.ts";
import { foreignFormat } from "../../src/weights/foreign.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { readSafetensors, writeSafetensors } from "../../src/weights/safetensors.ts";

const bytes = (text: string) => Buffer.concat([Buffer.from(text, "latin1"), Buffer.alloc(40)]);
const zip = (name: string) => bytes(`PK\x03\x04${"\0".repeat(26)}${name}`);

const files: readonly (readonly [string, Uint8Array, RegExp])[] = [
  [
    "Git LFS pointer",
    bytes("version https://git-lfs.github.com/spec/v1\noid sha256:12"),
    /Git LFS pointer.*`git lfs pull`/,
  ],
  ["HTML", bytes("<!DOCTYPE html><html>404</html>"), /HTML page.*download/],
  ["HTML after spaces", bytes("\n  <html lang=en>"), /HTML page/],
  ["XML", bytes('<?xml version="1.0"?><Error>'), /HTML page/],
  ["npz", zip("arr_0.npy"), /\.npz archive.*safetensors\.numpy/],
  ["PyTorch zip", zip("archive/data.pkl"), /PyTorch file.*safetensors\.torch/],
  ["other zip", zip("config.json"), /zip archive/],
  ["pickle", bytes("\x80\x02\x8a\nl\xfc\x9cF\xf9"), /Python pickle/],
  ["HDF5", bytes("\x89HDF\r\n\x1a\n"), /HDF5 file.*tensorflowjs_converter/],
  ["TFLite", bytes("\x1c\0\0\0TFL3"), /TensorFlow Lite/],
  ["GGUF", bytes("GGUF\x03\0\0\0"), /GGUF/],
  ["SavedModel", bytes("\x08\x01\x12\xff"), /SavedModel/],
  ["ONNX", bytes("\x08\x08\x12\x07pytorch"), /ONNX model.*onnx\.load/],
  ["gzip", bytes("\x1f\x8b\x08"), /gzip/],
  ["npy", writeNpy({ dtype: "f32", shape: [1], data: Float32Array.of(1) }), /unnamed array/],
  ["GIF", bytes("GIF89a"), /GIF picture; convert it to a \.png/],
  ["PNG", bytes("\x89PNG\r\n\x1a\n"), /PNG picture; as an input, its name must end in \.png/],
  ["WebP", bytes("RIFF\x20\0\0\0WEBP"), /WebP picture/],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-foreign-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(files)("%s", (_, content, message) => {
  test("is named", () => {
    expect(foreignFormat(content)).toMatch(message);
  });

  test.each(["w.bin", "w.safetensors"])("as weights, %s", async (name) => {
    writeFileSync(join(folder, name), content);
    await expect(openWeights(join(folder, name))).rejects.toThrow(message);
    expect(() => readSafetensors(content)).toThrow(message);
  });
});

test("a safetensors file is not foreign, however long its header", () => {
  for (let names = 1; names < 300; names += 7) {
    const tensors = Array.from(
      { length: names },
      (_, i) => [`w${i}`, { dtype: "f32", shape: [1], data: Float32Array.of(1) }] as const,
    );
    const file = writeSafetensors(new Map(tensors));
    expect(foreignFormat(file)).toBe(undefined);
    expect(readSafetensors(file).size).toBe(names);
  }
});

describe("inputs", () => {
  const put = (name: string, content: Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const npy = Buffer.from(writeNpy({ dtype: "f32", shape: [2], data: Float32Array.of(1, 2) }));

  test.each<[string, Uint8Array, RegExp]>([
    ["empty.npy", new Uint8Array(), /empty.npy: is empty$/],
    ["text.npy", bytes("hello"), /text.npy: this is not a .npy file$/],
    ["cut.npy", npy.subarray(0, 9), /cut.npy: this is not a .npy file, or it ends inside its header$/],
    ["jpeg.npy", bytes("\xff\xd8\xff\xe0"), /jpeg.npy: is a JPEG picture; as an input, its name must end in .jpg$/],
    ["anim.gif", bytes("GIF89a"), /anim.gif: is a GIF picture; convert it to a .png$/],
    ["notes.txt", bytes("hello"), /notes.txt: is no picture, .npy, safetensors file or model.json$/],
  ])("%s", async (name, content, message) => {
    await expect(readTensor(put(name, content))).rejects.toThrow(message);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["gif.png", bytes("GIF89a"), /gif.png: is not a PNG, .* picture: it is a GIF picture; convert it to a .png$/],
    ["npy.png", npy, /npy.png: is not a PNG, .* picture: it is an .npy array; its name must end in .npy$/],
    ["page.jpg", bytes("<!doctype html>"), /page.jpg: is not a PNG, .* picture: it is an HTML page/],
  ])("%s", async (name, content, message) => {
    await expect(readPicture(put(name, content))).rejects.toThrow(message);
  });
});
