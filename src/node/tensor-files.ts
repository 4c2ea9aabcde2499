/** @file Opens weight files and single tensors by path. The content decides the format. */
import { dirname, join } from "node:path";
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, inPlace, printShape, quote } from "../weights/data-error.ts";
import { parseJson, readText } from "../weights/json.ts";
import { isNpy, readNpy } from "../weights/npy.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { TensorSource } from "../weights/tensors.ts";
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
    if (!isSafetensors(bytes) && !path.endsWith(".safetensors")) throw new DataError(whatElse(bytes));
    return readSafetensors(bytes);
  });
}

/**
 * Reads one tensor: an `.npy`, or `FILE#NAME` for a file that `openWeights` can open. The name may be omitted if the
 * file has only one tensor.
 * @throws DataError
 */
export async function readTensor(path: string): Promise<NdArray> {
  const [, file = path, name] = /^(.*?\.(?:safetensors|json))#(.+)$/s.exec(path) ?? [];
  if (name === undefined) {
    const bytes = await readBytes(path);
    if (isNpy(bytes)) return inPlace(path, () => readNpy(bytes));
  }
  const source = await openWeights(file);
  const [first, ...others] = source.values();
  const tensor = name === undefined && others.length === 0 ? first : source.get(name ?? "");
  if (tensor !== undefined) return inPlace(file, () => tensor.read());
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

function whatElse(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  const known: readonly (readonly [string, string])[] = [
    ["PK", "is a zip archive, as PyTorch's .pt and Keras's .keras are; save its tensors as .safetensors"],
    ["\x80", "is a Python pickle, which Fuse does not execute; save its tensors as .safetensors"],
    ["\x89HDF", "is an HDF5 file, as Keras's .h5 is; save its tensors as .safetensors or convert it to a model.json"],
    ["\x93NUMPY", "is a single unnamed array; weights need names, as in .safetensors"],
    ["", bytes.length === 0 ? "is empty" : "is neither a safetensors file nor a model.json of TensorFlow.js"],
  ];
  return known.find(([magic]) => start.startsWith(magic))![1];
}
