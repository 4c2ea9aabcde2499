/** @file Opens weight files and single tensors by path. The content decides the format. */
import { dirname, join } from "node:path";
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, inPlace, printShape, quote } from "../weights/data-error.ts";
import { foreignFormat } from "../weights/foreign.ts";
import { parseJson, readText } from "../weights/json.ts";
import { isNpy, npyTensor } from "../weights/npy.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { StoredTensor, TensorSource } from "../weights/tensors.ts";
import { readTfjsModel, tfjsShardPaths } from "../weights/tfjs.ts";
import { readBytes, readStart } from "./files.ts";

/** The number of bytes that are enough to recognize a format. */
const sniffed = 100;
/** The largest total size of a model's shards. */
const maxShards = 4 * 2 ** 30;

/**
 * Opens a safetensors file, or a tfjs `model.json` with its shards, which must be in its folder or below.
 * @throws DataError `path: reason`
 */
export async function openWeights(path: string): Promise<TensorSource> {
  const bytes = await readBytes(path);
  if (isJson(bytes)) return openTfjsModel(path, bytes);
  return inPlace(path, () => {
    if (bytes.length === 0) throw new DataError("is empty");
    if (!isSafetensors(bytes) && !path.endsWith(".safetensors"))
      throw new DataError(foreignFormat(bytes) ?? "is neither a safetensors file nor a model.json of TensorFlow.js");
    return readSafetensors(bytes);
  });
}

/**
 * Reads one tensor: an `.npy`, or `FILE#NAME` for a file that `openWeights` can open. The name may be omitted if the
 * file has only one tensor.
 * @throws DataError
 */
export async function readTensor(path: string): Promise<NdArray> {
  const tensor = await openTensor(path);
  return inPlace(tensorFile(path), () => tensor.read());
}

/** Returns the file of `FILE#NAME`. */
export const tensorFile = (path: string): string => /^(.*?\.(?:safetensors|json))#.+$/s.exec(path)?.[1] ?? path;

/** Opens the tensor that `readTensor` reads. @throws DataError */
export async function openTensor(path: string): Promise<StoredTensor> {
  const file = tensorFile(path);
  const name = file === path ? undefined : path.slice(file.length + 1);
  if (name === undefined) {
    const bytes = await readBytes(path);
    if (isNpy(bytes) || /\.npy$/i.test(path)) return inPlace(path, () => npyTensor(bytes));
    if (bytes.length > 0 && !isJson(bytes) && !isSafetensors(bytes) && !path.endsWith(".safetensors"))
      throw new DataError(`${path}: ${foreignFormat(bytes) ?? "is no picture, .npy, safetensors file or model.json"}`);
  }
  const source = await openWeights(file);
  const [first, ...others] = source.values();
  const tensor = name === undefined && others.length === 0 ? first : source.get(name ?? "");
  if (tensor !== undefined) return tensor;
  const held = [...source.values()].map(
    (stored) => `${quote(stored.name)} ${stored.dtype} ${printShape(stored.shape)}`,
  );
  const message =
    name === undefined ? `has ${source.size} tensors; choose one: ${file}#NAME` : `has no tensor ${quote(name)}`;
  throw new DataError(`${file}: ${message}`, held);
}

/**
 * Returns the files that `openWeights` reads: the path, and for a `model.json` its shards.
 * @throws DataError `path: reason`
 */
export async function weightFiles(path: string): Promise<readonly string[]> {
  if (!isJson(await readStart(path, sniffed))) return [path];
  const bytes = await readBytes(path);
  const shards = inPlace(path, () => tfjsShardPaths(parseJson(readText(bytes))));
  return [path, ...shards.map((shard) => join(dirname(path), shard))];
}

async function openTfjsModel(path: string, bytes: Uint8Array): Promise<TensorSource> {
  const { model, paths } = inPlace(path, () => {
    const model = parseJson(readText(bytes));
    return { model, paths: tfjsShardPaths(model) };
  });
  const shards = new Map<string, Uint8Array>();
  let rest = maxShards;
  for (const shard of paths) {
    const content = await readBytes(join(dirname(path), shard), rest);
    rest -= content.length;
    shards.set(shard, content);
  }
  return inPlace(path, () => readTfjsModel(model, (shard) => shards.get(shard) ?? new Uint8Array()));
}

/** The first non-space byte is a brace, and no byte near it is zero, as one in a length would be. */
function isJson(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, sniffed));
  return /^(\xef\xbb\xbf)?\s*\{/.test(start) && !start.includes("\0");
}

/** A length below 2^40, then a brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0x7b;
}
