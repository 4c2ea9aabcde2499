/** @file Models from files that `fuse build` wrote: read with a size limit, validated, then run. */
import { statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { ModelInfo } from "../../codegen/model-info.ts";
import type { BinaryFile, ReadPart } from "../../codegen/target.ts";
import { readable, readableTargets, targets, type ReadableTarget } from "../../codegen/targets.ts";
import type { NodeBackend } from "../../contract/backends.ts";
import { readBytes } from "../../node/files.ts";
import { InternalError } from "../../source/internal-error.ts";
import { inPlace } from "../../weights/data-error.ts";
import { readOrFail } from "../terminal/failure.ts";
import type { Engine } from "./engines/engine.ts";
import { starters } from "./engines/table.ts";

/** A model from a file. */
export interface BuiltModel {
  readonly info: ModelInfo;
  /** Makes the model ready to run. The backend is already selected. */
  start(backend: NodeBackend | undefined, threads?: number): Promise<Engine>;
}

export interface BuiltFiles {
  readonly models: readonly BuiltModel[];
  /** All files that were read. */
  readonly files: readonly string[];
}

/** Reads the models of a target, from disk or as just built. @throws DataError */
async function readModels<T extends ReadableTarget>(target: T, part: ReadPart): Promise<readonly BuiltModel[]> {
  const models = await readable[target].reader.read(part);
  return models.map((model) => ({
    info: model.info,
    start: (backend, threads) => starters[target](model, backend, threads),
  }));
}

/** Returns the target of a path, by its ending or by being a folder. Undefined for programs and other files. */
export function builtKind(path: string): ReadableTarget | undefined {
  if (path.endsWith(".fuse")) return undefined;
  const named = readableTargets.find((name) => suffixOf(name) !== undefined && path.endsWith(suffixOf(name)!));
  if (named !== undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return named;
  return readableTargets.find((name) => suffixOf(name) === undefined);
}

const suffixOf = (target: ReadableTarget): string | undefined => targets[target].reader?.suffix;

/**
 * Reads a built model. Ends the command if it cannot be read. @throws DataError `path: reason`, if it is not as Fuse
 * wrote it
 */
export async function readBuilt(path: string, target: ReadableTarget): Promise<BuiltFiles> {
  const files: string[] = [];
  const isFolder = suffixOf(target) === undefined;
  const folder = isFolder ? path : dirname(path);
  const part: ReadPart = async (name) => {
    const file = name === "" ? path : join(folder, name);
    if (isFolder && statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    files.push(file);
    return readOrFail(file, () => readBytes(file, maxBytes));
  };
  try {
    return { models: await readModels(target, part), files };
  } catch (error) {
    return inPlace(path, () => {
      throw error;
    });
  }
}

/** The largest file, in bytes: the limit of a protobuf message, and of a shard. */
const maxBytes = 2 ** 31;

/** Returns the one model of files that were just built. */
export async function modelOf(target: ReadableTarget, files: readonly BinaryFile[]): Promise<BuiltModel> {
  const suffix = suffixOf(target);
  const opened = files.find(({ path }) => suffix === undefined || path.endsWith(suffix))?.path ?? "";
  const folder = suffix === undefined ? opened.slice(0, opened.indexOf("/")) : posix.dirname(opened);
  const [model] = await readModels(target, (name) => {
    const wanted = name === "" ? opened : posix.join(folder, name);
    return Promise.resolve(files.find(({ path }) => path === wanted)?.bytes);
  });
  if (model === undefined) throw new InternalError(`the target ${target} wrote no model`);
  return model;
}
