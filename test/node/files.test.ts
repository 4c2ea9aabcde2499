/** @file Files of the command line: limits, plain error messages, nothing half-written. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBytes, writeAtomically } from "../../src/node/files.ts";
import { openWeights, readTensor, weightFiles } from "../../src/node/tensor-files.ts";
import { DataError } from "../../src/weights/data-error.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
  return at(name);
};
/** Returns the DataError's message, with its path relative to the folder. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  return error instanceof DataError ? error.message.replace(`${folder}/`, "") : "";
}

const array = { dtype: "f32", shape: [2], data: Float32Array.of(1, 2) } as const;
const one = writeSafetensors(new Map([["in.x", array]]));
const two = writeSafetensors(
  new Map([
    ["in.x", array],
    ["out.y", array],
  ]),
);
const model = (path: string) =>
  JSON.stringify({
    modelTopology: { node: [] },
    weightsManifest: [{ paths: [path], weights: [{ name: "w", shape: [2], dtype: "float32" }] }],
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-files-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("reading", () => {
  test("gives the bytes", async () => {
    expect(await readBytes(put("a", Uint8Array.of(1, 2, 3)), 3)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readBytes(put("empty", ""))).toEqual(new Uint8Array());
  });

  test("rejects a large file, a missing file, a folder and an invalid path", async () => {
    put("a", "abc");
    expect(await refusal(readBytes(at("a"), 2))).toBe("a: has 3 bytes, more than the limit of 2");
    expect(await refusal(readBytes(at("absent")))).toBe("absent: no such file");
    expect(await refusal(readBytes(at("a/b")))).toBe("a/b: a part of the path is not a folder");
    expect(await refusal(readBytes(folder))).toBe(`${folder}: is a folder, not a file`);
    expect(await refusal(readBytes("/dev/zero"))).toBe("/dev/zero: is not a regular file");
    expect(await refusal(readBytes(at("x".repeat(300))))).toMatch(/: the name is too long$/);
    expect(await refusal(readBytes("a\0b"))).toBe("a\0b: is not a valid path");
    symlinkSync(at("circle"), at("circle"));
    expect(await refusal(readBytes(at("circle")))).toBe("circle: is a cycle of symbolic links");
  });

  test("does not wait for a pipe", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    expect(await refusal(readBytes(at("pipe")))).toBe("pipe: is not a regular file");
  });
});

describe("writing", () => {
  test("replaces a file, and what a link points to", async () => {
    put("out/target", "old");
    symlinkSync("target", at("out/link"));
    await writeAtomically(at("out/link"), Buffer.from("new"));
    expect(readFileSync(at("out/target"), "utf8")).toBe("new");
    await writeAtomically(at("out/fresh"), Buffer.from("fresh"));
    expect(readdirSync(at("out")).toSorted()).toEqual(["fresh", "link", "target"]);
  });

  test("leaves nothing after a failure", async () => {
    mkdirSync(at("full/folder"), { recursive: true });
    expect(await refusal(writeAtomically(at("full/folder"), one))).toBe("full/folder: is a folder, not a file");
    expect(await refusal(writeAtomically(at("nowhere/x"), one))).toBe("nowhere/x: no such folder");
    expect(await refusal(writeAtomically(at(`full/${"x".repeat(300)}`), one))).toMatch(/the name is too long$/);
    expect(readdirSync(at("full"))).toEqual(["folder"]);
  });

  test("does not replace a device", async () => {
    expect(await refusal(writeAtomically("/dev/null", one))).toBe("/dev/null: is not a regular file");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("weight files", () => {
  test("are recognized by their content", async () => {
    expect([...(await openWeights(put("weights.bin", two))).keys()]).toEqual(["in.x", "out.y"]);
    put("tfjs/shards/a.bin", new Uint8Array(8));
    expect([...(await openWeights(put("tfjs/model.json", model("shards/a.bin")))).keys()]).toEqual(["w"]);
    expect([...(await openWeights(put("tfjs/other", `\ufeff\n ${model("shards/a.bin")}`))).keys()]).toEqual(["w"]);
    const selfie = fileURLToPath(new URL("../golden/selfie-segmentation/selfie.json", import.meta.url));
    expect((await openWeights(selfie)).size).toBe(136);
  });

  test("a safetensors header may be as long as a brace", async () => {
    // 123 is the code of "{", which also begins a JSON text.
    const header = `{"a":{"dtype":"BOOL","shape":[0],"data_offsets":[0,0]}}`.padEnd(123);
    const bytes = Uint8Array.of(123, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(header));
    expect([...(await openWeights(put("brace", bytes))).keys()]).toEqual(["a"]);
  });

  test.each<[string, string | Uint8Array, string]>([
    ["empty.bin", "", "is empty"],
    ["text.txt", "weights", "is neither a safetensors file nor a model.json of TensorFlow.js"],
    ["text.safetensors", "weights", "a safetensors file starts with an 8-byte length, but this file has only 7 bytes"],
    [
      "cut.safetensors",
      one.subarray(0, 50),
      "the header would have 64 bytes, but only 42 follow: is the file truncated?",
    ],
    [
      "model.pt",
      "PK\x03\x04",
      "is a zip archive, as PyTorch's .pt and Keras's .keras are; save its tensors as .safetensors",
    ],
    [
      "model.pkl",
      Uint8Array.of(0x80, 2),
      "is a Python pickle, which Fuse does not execute; save its tensors as .safetensors",
    ],
    ["model.npy", writeNpy(array), "is a single unnamed array; weights need names, as in .safetensors"],
    ["model.json", "{", "is not valid JSON"],
    ["config.json", "{}", "this is not a model.json of TensorFlow.js: it has no weightsManifest"],
    ["up.json", model("../a.bin"), `shard "../a.bin" is not in the model's folder`],
    ["deep.json", model("x/../../a.bin"), `shard "x/../../a.bin" is not in the model's folder`],
    ["root.json", model("/etc/passwd"), `shard "/etc/passwd" is not in the model's folder`],
    ["url.json", model("https://example.org/a"), `shard "https://example.org/a" is not in the model's folder`],
    ["windows.json", model("..\\a.bin"), `shard "..\\\\a.bin" is not in the model's folder`],
    ["nul.json", model("a\0"), `shard "a\\u{0}" is not in the model's folder`],
  ])("%s is refused", async (name, content, message) => {
    expect(await refusal(openWeights(put(name, content)))).toBe(`${name}: ${message}`);
  });

  test("a missing shard is named", async () => {
    expect(await refusal(openWeights(put("lone/model.json", model("b.bin"))))).toBe("lone/b.bin: no such file");
  });
});

describe("one tensor", () => {
  test("comes from an .npy, by name, or alone", async () => {
    for (const path of [
      put("x.npy", writeNpy(array)),
      put("one.safetensors", one),
      `${put("two.safetensors", two)}#out.y`,
    ]) {
      expect(await readTensor(path)).toEqual(array);
    }
  });

  test("must exist, and be chosen", async () => {
    const path = put("two.safetensors", two);
    expect(await refusal(readTensor(`${path}#z`))).toBe('two.safetensors: has no tensor "z"');
    expect(await refusal(readTensor(path))).toBe(`two.safetensors: has 2 tensors; choose one: ${path}#NAME`);
    await expect(readTensor(path)).rejects.toMatchObject({ details: ['"in.x" F32 [2]', '"out.y" F32 [2]'] });
    expect(await refusal(readTensor(put("bad.npy", writeNpy(array).subarray(0, 130))))).toMatch(
      /^bad.npy: 2 bytes of data/,
    );
  });
});

describe.skipIf(process.platform === "win32")("permissions", () => {
  test.each(["600", "640", "755", "664"])("%s stays", async (octal) => {
    const mode = parseInt(octal, 8);
    const path = put(`mode-${octal}`, "old");
    chmodSync(path, mode);
    await writeAtomically(path, Uint8Array.of(1));
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect([...readFileSync(path)]).toEqual([1]);
  });

  test("through a link too, and a new file gets the system's default", async () => {
    const path = put("target", "old");
    chmodSync(path, 0o600);
    symlinkSync(path, at("link"));
    await writeAtomically(at("link"), Uint8Array.of(1));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await writeAtomically(at("new"), Uint8Array.of(1));
    writeFileSync(at("plain"), "");
    expect(statSync(at("new")).mode).toBe(statSync(at("plain")).mode);
  });
});

test("the files of which weights are read", async () => {
  const json = { weightsManifest: [{ paths: ["a.bin", "deep/b.bin"], weights: [] }] };
  const path = put("parts/model.json", JSON.stringify(json));
  expect(await weightFiles(path)).toEqual([path, at("parts/a.bin"), at("parts/deep/b.bin")]);
  const single = put("single.safetensors", writeSafetensors(new Map([["w", array]])));
  expect(await weightFiles(single)).toEqual([single]);
  expect(await refusal(weightFiles(at("absent.json")))).toBe("absent.json: no such file");
});
