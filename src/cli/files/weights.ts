/** @file Reads the weights of a model from a file, and writes them to one. */
import { shapeOf, type ManifestEntry } from "../../contract/manifest.ts";
import { elements, type NdArray, type NumberArray } from "../../contract/ndarray.ts";
import { readBytes } from "../../node/files.ts";
import { openWeights } from "../../node/tensor-files.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { version } from "../../version.ts";
import { DataError, inPlace, quote } from "../../weights/data-error.ts";
import { field, isObject, parseJson, readText } from "../../weights/json.ts";
import { madeBy } from "../../weights/made-by.ts";
import { areComplete, matchWeights, type MatchOptions, type WeightProblems } from "../../weights/match.ts";
import { formatProblems } from "../../weights/problems.ts";
import { writeSafetensors, type WritableDType } from "../../weights/safetensors.ts";
import type { StoredDType, TensorSource } from "../../weights/tensors.ts";
import { fail, readOrFail } from "../terminal/failure.ts";
import { plural } from "../terminal/numbers.ts";
import { pair, type MatchingOptions } from "../terminal/options.ts";
import { eachWithProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The part of a model that matching weights needs. */
export interface Weighted {
  readonly name: string;
  readonly manifest: readonly ManifestEntry[];
}

/** The largest rename map, in bytes. */
const maxMap = 10_000_000;

/** Weights that fit a model, ready to be read. */
export interface FittingWeights {
  /** Readers by path. */
  readonly tensors: ReadonlyMap<string, () => NdArray>;
  /** Tensors that the model does not need. */
  readonly extra: WeightProblems["extra"];
  /** Returns the dtype that an array had in the file. */
  readonly dtypeOf: (data: NumberArray) => StoredDType;
}

/** Opens a file and finds all weights of a model in it. Ends the command if any are missing or have the wrong shape. */
export async function fittingWeights(
  { name, manifest }: Weighted,
  path: string,
  options: MatchingOptions,
): Promise<FittingWeights> {
  const { source, dtypeOf } = noting(await readOrFail(path, () => openWeights(path)));
  const { tensors, problems } = matchWeights(manifest, source, await matchOptions(options));
  if (!areComplete(problems)) {
    const message = `\`${name}\` needs ${plural(manifest.length, "tensor")}, \`${path}\` has ${source.size}`;
    fail("weights-mismatch", { message }, { notes: formatProblems(problems) });
  }
  return { tensors, extra: problems.extra, dtypeOf };
}

/** Wraps a source to record the dtype of each array that is read. */
function noting(source: TensorSource): { source: TensorSource; dtypeOf: FittingWeights["dtypeOf"] } {
  const dtypes = new WeakMap<NumberArray, StoredDType>();
  const noted = [...source].map(([name, tensor]) => {
    const read = () => {
      const array = tensor.read();
      dtypes.set(array.data, tensor.dtype);
      return array;
    };
    return [name, { ...tensor, read }] as const;
  });
  return { source: new Map(noted), dtypeOf: (data) => dtypes.get(data) ?? "F32" };
}

/** Reads all weights that fit. @throws DataError */
export function readAll(weights: FittingWeights, path: string, terminal: Terminal): Promise<Map<string, NdArray>> {
  return arraysOf(weights.tensors, `reading ${path}`, (read) => inPlace(path, read), terminal);
}

/** Creates an array for each item, under the same keys. */
export async function arraysOf<T>(
  items: ReadonlyMap<string, T>,
  title: string,
  make: (item: T) => NdArray,
  terminal: Terminal,
): Promise<Map<string, NdArray>> {
  const made = new Map<string, NdArray>();
  await eachWithProgress(terminal, title, [...items], ([path, item]) => made.set(path, make(item)));
  return made;
}

/**
 * Encodes a weight file with Fuse's paths and shapes. By default, f16 and bf16 stay what they are; `dtype` overrides
 * that.
 */
export function encodeWeights(
  arrays: ReadonlyMap<string, NdArray>,
  dtype: WritableDType | ((data: NumberArray) => StoredDType),
): Uint8Array {
  return writeSafetensors(arrays, {
    metadata: madeBy(version),
    dtype: (_, { data }) => {
      const wanted = typeof dtype === "string" ? dtype : dtype(data);
      return wanted === "F16" || wanted === "BF16" ? wanted : "F32";
    },
  });
}

/** Returns the number of parameters in all weights. */
export function parametersOf(manifest: readonly ManifestEntry[]): number {
  return manifest.reduce((sum, entry) => sum + elements(shapeOf(entry)), 0);
}

/** Ends the command if a model's weights would take more than `limit` bytes as float32. */
export function limitWeights({ name, manifest }: Weighted, limit: number): void {
  const bytes = 4 * parametersOf(manifest);
  if (bytes <= limit) return;
  const size = (entry: ManifestEntry) => elements(shapeOf(entry));
  const largest = manifest.reduce((a, b) => (size(b) > size(a) ? b : a));
  const formula = `\`${largest.path}\` alone is ${shapeOf(largest).join(" * ")} parameters of 4 bytes`;
  fail(
    "weight-too-large",
    { what: `the weights of \`${name}\``, bytes: bytesText(bytes), formula },
    { notes: [`the limit is ${bytesText(limit)}`] },
  );
}

async function matchOptions({ weightsPrefix, rename = [] }: MatchingOptions): Promise<MatchOptions> {
  const names: (readonly [string, string])[] = [];
  for (const text of rename) names.push(...(text.includes("=") ? [pair(text, "FROM=TO")] : await readMap(text)));
  return { prefix: weightsPrefix, rename: Object.fromEntries(names) };
}

async function readMap(path: string): Promise<(readonly [string, string])[]> {
  const bytes = await readOrFail(path, () => readBytes(path, maxMap));
  const map = inPlace(path, () => parseJson(readText(bytes)));
  if (!isObject(map)) throw new DataError(`${path}: is not a JSON object {"from": "to"}`);
  return Object.keys(map).map((from) => {
    const to = field(map, from);
    if (typeof to !== "string") throw new DataError(`${path}: the path for ${quote(from)} is not a string`);
    return [from, to] as const;
  });
}
