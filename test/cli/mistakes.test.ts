/** @file User errors on the command line: one clear message, the right exit code, and no file left behind. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { fuse } from "../support/command-line.ts";

let folder: string;

const programs: Readonly<Record<string, string>> = {
  "box.fuse": `fuse 1

## The sum of each 3 x 3 neighbourhood.
model Box(x: f32[n, h, w, c: 1]) -> (y: [n, h, w, c: 1]) where h >= 3 {
  return x |> conv(c: 1, kernel: 3, bias: false, init: ones) @box
}
`,
  "net.fuse": `fuse 1

model Net(x: [n, c], c: int, width: int = 8, act: relu | tanh = relu, scale: float = 1.0) -> (y: [n, c: width]) {
  return (x |> linear(c: width) @fc |> act) * scale
}
`,
  "two.fuse": `fuse 1

model One(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return relu(x)
}

model Two(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return tanh(x)
}
`,
  "library.fuse": `fuse 1

block Activate(x: [n, c]) -> [n, c] {
  return relu(x)
}
`,
  "wrong.fuse": `fuse 1

model Wrong(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return relu(z)
}
`,
};

const floats = (shape: readonly number[], value = 1) => ({
  dtype: "f32" as const,
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});
const weights = writeSafetensors(new Map([["box.weight", floats([1, 1, 3, 3])]]));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-mistakes-"));
  const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  for (const [name, text] of Object.entries(programs)) put(name, text);
  mkdirSync(join(folder, "folder.fuse"));
  put("latin1.fuse", Uint8Array.of(0x66, 0xe9));
  put("box.safetensors", weights);
  put("other.safetensors", writeSafetensors(new Map([["box.weight", floats([2, 1, 3, 3])]])));
  put("prefixed.safetensors", writeSafetensors(new Map([["net.box.weight", floats([1, 1, 3, 3])]])));
  put("weights.pt", Uint8Array.of(0x50, 0x4b, 3, 4));
  put("names.json", `["box.weight"]`);
  put("x.npy", writeNpy(floats([1, 4, 5, 1])));
  put("flat.npy", writeNpy(floats([4, 5, 1])));
  put("low.npy", writeNpy(floats([1, 2, 5, 1])));
  put("whole.npy", writeNpy({ dtype: "i32", shape: [1, 4, 5, 1], data: new Int32Array(20) }));
  put("zeros.npy", writeNpy(floats([1, 4, 5, 1], 0)));
  put("nan.npy", writeNpy(floats([1, 4, 5, 1], NaN)));
  const astronaut = readFileSync(new URL("../../examples/background-blur/astronaut.png", import.meta.url));
  put("cut.png", astronaut.subarray(0, 1000));
  put("text.png", "not a picture");
  const huge = Buffer.from(astronaut);
  huge.writeUInt32BE(100_000, 16);
  huge.writeUInt32BE(100_000, 20);
  huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
  put("huge.png", huge);
  put("foreign.js", "console.log(1);\n");
  copyFileSync(join(folder, "box.fuse"), join(folder, "foreign.fuse"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const tree = () => readdirSync(folder, { recursive: true }).toSorted();

/** Returns a command's output with its exit code. It may not contain a stack trace, nor leave a file behind. */
async function written(args: readonly string[]): Promise<string> {
  const before = tree();
  const { code, out, err } = await fuse(folder, args);
  expect(tree()).toEqual(before);
  expect(err).not.toMatch(/\bat .*:\d+:\d+|bug in Fuse/);
  return `${out.replace(/\S+ ms$/m, "… ms")}${err}[${code}]\n`;
}

/** Each entry is a command, its output, and its exit code in brackets. */
const transcript = readFileSync(new URL("../fixtures/command-line/mistakes.txt", import.meta.url), "utf8");
const entries = [...transcript.matchAll(/^\$ fuse (.*)\n([^]*?^\[\d\]\n)/gm)].map(
  ([, args, text]) => [args!, text!] as const,
);

test("every command of the transcript is an entry", () => {
  expect(entries).toHaveLength(transcript.match(/^\$ /gm)!.length);
});

test.each(entries)("fuse %s", async (args, text) => {
  expect(await written(args.split(" "))).toBe(text);
});

test("weights truncated anywhere", async () => {
  for (const length of [0, 1, 7, 8, 9, 40, weights.length - 37, weights.length - 36, weights.length - 1]) {
    writeFileSync(join(folder, "cut.safetensors"), weights.subarray(0, length));
    const message = await written(["weights", "box.fuse", "--check", "cut.safetensors"]);
    expect(message, `${length} bytes`).toMatch(/^error\[bad-data\]: cut\.safetensors: .*\n\[1\]\n$/);
  }
});
