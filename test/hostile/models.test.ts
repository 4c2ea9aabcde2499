/** @file Truncated, altered or forged models: `fuse run` reports the problem in one line, and runs nothing. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emitGraphModel } from "../../src/codegen/graph-model/emit.ts";
import { readGraphModel } from "../../src/codegen/graph-model/read.ts";
import { emitSavedModel } from "../../src/codegen/saved-model/emit.ts";
import { readSavedModel } from "../../src/codegen/saved-model/read.ts";
import { seal, unsealed } from "../../src/codegen/seal.ts";
import { readableTargets, type ReadableTarget } from "../../src/codegen/targets.ts";
import { decode, encode, type ValueOf } from "../../src/protobuf/message.ts";
import {
  dataTypes,
  SavedModel,
  type AttrValue,
  type NodeDef,
  type TensorShape,
} from "../../src/protobuf/tensorflow.ts";
import { DataError } from "../../src/weights/data-error.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { seeded } from "../support/arrays.ts";
import { backends } from "../support/backends.ts";
import { fuse } from "../support/command-line.ts";
import { filesOf, partsOf, source, weightedPlans } from "../support/targets.ts";

const native = backends().find(({ name }) => name === "tensorflow")!;

let folder: string;
const at = (name: string) => join(folder, name);

const text = `fuse 1

## Scales channels.
model Net(x: [n, c: 3, h: 2*i, w]) -> (y: [n, c: 3, h: 2*i, w]) {
  return x |> conv(c: 3, kernel: 3) @conv |> relu
}
`;
const files = {
  "saved-model": "net.saved-model",
  "graph-model": "net.graph-model/model.json",
  onnx: "net.onnx",
} as const satisfies Record<ReadableTarget, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fuse-hostile-"));
  writeFileSync(at("net.fuse"), text);
  writeFileSync(at("x.npy"), writeNpy({ dtype: "f32", shape: [1, 3, 4, 5], data: new Float32Array(60).fill(0.5) }));
  await fuse(folder, ["weights", "net.fuse", "--init", "net.safetensors"]);
  for (const target of readableTargets) {
    const { code } = await fuse(folder, ["build", "net.fuse", "--target", target, "--weights", "net.safetensors"]);
    expect(code).toBe(0);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Expects that a run ends with a one-line message. */
async function expectOneLine(target: ReadableTarget, what: string): Promise<void> {
  const { code, out, err } = await fuse(folder, ["run", files[target], "--in", "x=x.npy"]);
  expect([code, out], `${what}: ${err}`).toEqual([1, ""]);
  // Details may follow, one per line; a stack trace may not.
  expect(err, what).toMatch(/^error\[(bad-data|unreadable-file)\]: [^\p{C}]+\n( {2}[=h][^\p{C}]*\n)*$/u);
  expect(err, what).not.toMatch(/^\s+at /m);
}

describe.each(readableTargets)("%s", (target) => {
  const place = files[target].split("/")[0]!;
  const inPlace = (): string[] =>
    target === "onnx"
      ? [at(place)]
      : readdirSync(at(place), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name));

  /** Replaces the content of each file in turn, then restores it. */
  async function changed(change: (bytes: Buffer, random: () => number) => Iterable<[string, Uint8Array]>) {
    for (const path of inPlace()) {
      const bytes = readFileSync(path);
      try {
        for (const [what, content] of change(bytes, seeded(bytes.length))) {
          if (bytes.equals(content)) continue;
          writeFileSync(path, content);
          await expectOneLine(target, `${path} ${what}`);
        }
      } finally {
        writeFileSync(path, bytes);
      }
    }
    const { code, err } = await fuse(folder, ["run", files[target], "--in", "x=x.npy"]);
    // Without the native backend, the model is validated but cannot be run.
    if (target === "saved-model" && native.skipped) expect(err).toMatch(/^error\[(backend|engine)-unavailable\]/);
    else expect(code).toBe(0);
  }

  test("truncated anywhere", () =>
    changed(function* (bytes) {
      for (let i = 0; i < 40; i++) {
        const length = Math.floor((bytes.length * i) / 40);
        yield [`cut to ${length}`, bytes.subarray(0, length)];
      }
      yield ["without its last byte", bytes.subarray(0, -1)];
      yield ["with one byte more", Buffer.concat([bytes, Buffer.of(0)])];
    }));

  test("with any bit flipped", () =>
    changed(function* (bytes, random) {
      for (let i = 0; i < 150; i++) {
        const other = Buffer.from(bytes);
        const position = Math.floor(random() * bytes.length);
        other[position]! ^= 1 << Math.floor(random() * 8);
        yield [`byte ${position}`, other];
      }
    }));

  test("with other content", () =>
    changed(function* (bytes, random) {
      yield ["zeros", new Uint8Array(bytes.length)];
      yield ["random", Uint8Array.from(bytes, () => random() * 256)];
      yield ["ones", new Uint8Array(bytes.length).fill(255)];
      yield ["{}", Buffer.from("{}")];
      yield ["nested", Buffer.from("[".repeat(100_000))];
    }));
});

test("a missing file is one line, too", async () => {
  cpSync(at("net.saved-model"), at("whole"), { recursive: true });
  for (const path of ["saved_model.pb", "assets.extra/fuse.json"]) {
    rmSync(at(`net.saved-model/${path}`));
    await expectOneLine("saved-model", path);
    cpSync(at("whole"), at("net.saved-model"), { recursive: true });
  }
  const shard = at("net.graph-model/group1-shard1of1.bin");
  const bytes = readFileSync(shard);
  rmSync(shard);
  await expectOneLine("graph-model", "shard");
  writeFileSync(shard, bytes);
});

/** A forgery by someone who knows how files are sealed. */
describe("sealed again", () => {
  type Model = ValueOf<typeof SavedModel>;
  const parts = partsOf(filesOf(emitSavedModel(weightedPlans(text, "saved-model"), source)));
  const notes = new TextDecoder().decode(parts.notes).replace(/"content":"\w+"/, unsealed);
  const sealedAgain = (model: Uint8Array, changedNotes = notes) =>
    readSavedModel({ model, notes: new TextEncoder().encode(seal(changedNotes, [model])), weights: undefined });
  const withNodes = (change: (nodes: readonly NodeDef[]) => readonly NodeDef[]) => {
    const model: Model = decode(SavedModel, parts.model);
    const graph = model.metaGraphs![0]!;
    const node = change(graph.graphDef!.node!);
    return encode(SavedModel, { ...model, metaGraphs: [{ ...graph, graphDef: { ...graph.graphDef, node } }] });
  };
  /** The inputs for a shape in its protobuf message. */
  const withInputs = (shape: ValueOf<typeof TensorShape>) =>
    withNodes((nodes) =>
      nodes.map((node) => {
        if (node.op !== "Placeholder") return node;
        const attr = new Map<string, AttrValue>([
          ["dtype", { type: dataTypes.f32 }],
          ["shape", { shape }],
        ]);
        return { ...node, attr };
      }),
    );

  test("as it was, a SavedModel is read", () => {
    expect(sealedAgain(parts.model).map(({ info }) => info.model)).toEqual(["Net"]);
  });

  test.each<[string, () => unknown, string]>([
    [
      "an operation that writes files",
      () => sealedAgain(withNodes((nodes) => [...nodes, { name: "evil", op: "WriteFile", input: ["x", "x"] }])),
      `uses the unknown operation "WriteFile"`,
    ],
    [
      "a field that Fuse does not know",
      () => sealedAgain(Uint8Array.of(...parts.model, 0x7a, 1, 65)),
      "it is encoded differently",
    ],
    [
      "a graph that appears twice",
      () => sealedAgain(Uint8Array.of(...parts.model, ...parts.model)),
      "it is encoded differently",
    ],
    [
      "an input of another rank",
      () => sealedAgain(withInputs({ dim: [{ size: -1 }] })),
      `its input "x" does not match its metadata`,
    ],
    [
      "an input of no rank",
      () => sealedAgain(withInputs({ unknownRank: true })),
      `its input "x" does not match its metadata`,
    ],
    [
      "another model in the notes",
      () => sealedAgain(parts.model, notes.replaceAll('"Net"', '"Nut"')),
      `no signature "Nut"`,
    ],
    ["no guard", () => sealedAgain(parts.model, notes.replace('"guard":', '"gourd":')), "guard"],
  ])("%s", (_, read, message) => {
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });

  test("a graph model with an operation that Fuse does not write", () => {
    const built = filesOf(emitGraphModel(weightedPlans(text, "graph-model"), source));
    const json = new TextDecoder().decode(built[0]!.bytes);
    const data = built[1]!.bytes;
    expect(readGraphModel(json, data).info.model).toBe("Net");
    const other = (from: string, to: string) =>
      seal(json.replace(from, to).replace(/"content":"\w+"/, unsealed), [data]);
    const read = (from: string, to: string) => () => readGraphModel(other(from, to), data);
    expect(read(`"op":"Transpose"`, `"op":"HashTableV2"`)).toThrow(`uses the unknown operation "HashTableV2"`);
    expect(read(`"dtype":"float32"`, `"dtype":"string"`)).toThrow("no known dtype");
    expect(read(`"shape":[`, `"shape":[1e9,1e9,`)).toThrow("its shards have");
  });
});
