/** @file Models that `fuse build` wrote, from their files: read bounded and looked at, then run. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { notesOf, readGraphModel } from "../../codegen/graph-model/read.ts";
import type { ModelInfo } from "../../codegen/model-info.ts";
import { readOnnx } from "../../codegen/onnx/read.ts";
import { paths } from "../../codegen/saved-model/layout.ts";
import { readSavedModel } from "../../codegen/saved-model/read.ts";
import { parseJson, readText } from "../../codegen/seal.ts";
import { readBytes } from "../../node/files.ts";
import { shardPaths } from "../../node/tensor-files.ts";
import type { BackendName } from "../../runtime/node/index.ts";
import { DataError, inPlace } from "../../weights/data-error.ts";
import { readOrFail } from "../terminal/failure.ts";
import type { Engine, EngineName } from "./engines/engine.ts";

/** A model of a file. */
export interface BuiltModel {
  readonly info: ModelInfo;
  /** Makes it ready to run; the backend is in use already. */
  start(backend: BackendName | undefined): Promise<Engine>;
}

export interface BuiltFiles {
  readonly engine: Exclude<EngineName, "esm">;
  readonly models: readonly BuiltModel[];
  /** All that was read. */
  readonly files: readonly string[];
}

/** The content of a file of a built model by its path in the folder; undefined if it is not there. */
export type ReadPart = (path: string) => Promise<Uint8Array | undefined>;

/** Reads one kind of files, from a disk or as they were just made. @throws DataError */
export const readers: Readonly<Record<BuiltFiles["engine"], (read: ReadPart) => Promise<readonly BuiltModel[]>>> = {
  "saved-model": async (read) => {
    const [model, notes] = [await read(paths.model), await read(paths.notes)];
    if (model === undefined) throw new DataError(`has no ${paths.model}: ${runs}`);
    if (notes === undefined) throw new DataError(`was not made by Fuse: ${runs}`);
    const sessions = readSavedModel({ model, notes, weights: await read(paths.weights) });
    return sessions.map((session) => ({
      info: session.info,
      start: async () => (await import("./engines/saved-model.ts")).savedModelEngine(session, model),
    }));
  },
  "graph-model": async (read) => {
    const text = readText((await read("model.json")) ?? new Uint8Array());
    const json = parseJson(text);
    if (notesOf(json) === undefined) throw new DataError(`was not made by Fuse: ${runs}`);
    const model = readGraphModel(text, await readShards(json, read));
    return [
      {
        info: model.info,
        start: async (backend) =>
          (await import("./engines/graph-model.ts")).graphModelEngine(model, backend ?? "TensorFlow.js"),
      },
    ];
  },
  onnx: async (read) => {
    const bytes = (await read("")) ?? new Uint8Array();
    const model = readOnnx(bytes);
    return [{ info: model.info, start: async () => (await import("./engines/onnx.ts")).onnxEngine(model, bytes) }];
  },
};

const runs =
  "`fuse run` takes programs, and the SavedModels, graph models and ONNX models that `fuse build` made of them";

async function readShards(json: unknown, read: ReadPart): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const path of shardPaths(json)) parts.push((await read(path)) ?? new Uint8Array());
  return new Uint8Array(Buffer.concat(parts));
}

/** What a path is by its name: `.json`, `.onnx`, or a folder. Undefined for programs, and for what is nothing of these. */
export function builtKind(path: string): BuiltFiles["engine"] | undefined {
  if (path.endsWith(".onnx")) return "onnx";
  if (path.endsWith(".json")) return "graph-model";
  if (path.endsWith(".fuse")) return undefined;
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? "saved-model" : undefined;
}

/** Reads a built model; ends the command if it cannot be read. @throws DataError `path: reason`, if it is not as Fuse wrote it */
export async function readBuilt(path: string, engine: BuiltFiles["engine"]): Promise<BuiltFiles> {
  const files: string[] = [];
  const folder = engine === "saved-model" ? path : dirname(path);
  const read: ReadPart = async (part) => {
    const file = part === "" || part === "model.json" ? path : join(folder, part);
    if (engine === "saved-model" && statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    files.push(file);
    return readOrFail(file, () => readBytes(file, maxBytes));
  };
  try {
    return { engine, models: await readers[engine](read), files };
  } catch (error) {
    return inPlace(path, () => {
      throw error;
    });
  }
}

/** Of a file, in bytes: what a message of protobuf, and a shard, may have. */
const maxBytes = 2 ** 31;
