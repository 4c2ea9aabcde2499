/** @file Reads the weights of a model from a file, and writes them to one. */
import { bytesOf, dtypeOf, shapeOf, type ManifestEntry } from "../../contract/manifest.ts";
import { elements, typedArrays, type NdArray, type NumberArray } from "../../contract/ndarray.ts";
import { readBytes } from "../../node/files.ts";
import { openWeights } from "../../node/tensor-files.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { version } from "../../version.ts";
import { DataError, inPlace, quote } from "../../weights/data-error.ts";
import { duplicateKey, field, isObject, parseJson, readText } from "../../weights/json.ts";
import { madeBy } from "../../weights/made-by.ts";
import { nonFinite, type NonFinite } from "../../weights/finite.ts";
import { losses } from "../../weights/half.ts";
import { areComplete, matchWeights, type MatchOptions, type WeightProblems } from "../../weights/match.ts";
import { formatProblems } from "../../weights/problems.ts";
import { plainDType, writeSafetensors, type WritableDType } from "../../weights/safetensors.ts";
import type { StoredDType, TensorSource } from "../../weights/tensors.ts";
import { fail, readOrFail } from "../terminal/failure.ts";
import { countText, plural } from "../terminal/numbers.ts";
import { isRenaming, pair, renaming, type MatchingOptions } from "../terminal/options.ts";
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

/** Reads all weights that fit, one after the other, and counts what is not finite in each. @throws DataError */
export async function nonFiniteWeights(
  weights: FittingWeights,
  path: string,
  terminal: Terminal,
): Promise<ReadonlyMap<string, NonFinite>> {
  const found = new Map<string, NonFinite>();
  await eachWithProgress(terminal, `reading ${path}`, [...weights.tensors], ([name, read]) => {
    const counted = nonFinite(inPlace(path, read));
    if (counted !== undefined) found.set(name, counted);
  });
  return found;
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

/** A weight file. */
export interface EncodedWeights {
  readonly bytes: Uint8Array;
  /** Which weights are F32 because of values that the chosen dtype does not hold: one line per weight. */
  readonly kept: readonly string[];
}

/**
 * Encodes a weight file with Fuse's paths and shapes. By default, f16 and bf16 stay what they are; `dtype` overrides
 * that, except for weights with values that would become infinite or zero. Integers and bools keep their dtype.
 */
export function encodeWeights(
  arrays: ReadonlyMap<string, NdArray>,
  dtype: WritableDType | ((data: NumberArray) => StoredDType),
): EncodedWeights {
  const kept: string[] = [];
  const bytes = writeSafetensors(arrays, {
    metadata: madeBy(version),
    dtype: (path, array) => {
      const { data } = array;
      if (array.dtype !== "f32") return plainDType[array.dtype];
      const wanted = typeof dtype === "string" ? dtype : dtype(data);
      if (wanted !== "F16" && wanted !== "BF16") return "F32";
      const { infinite, zero } = losses(data, wanted);
      if (infinite + zero === 0) return wanted;
      const become = [
        ...(infinite === 0 ? [] : [`${countText(infinite)} infinite`]),
        ...(zero === 0 ? [] : [`${countText(zero)} zero`]),
      ];
      kept.push(`${path}: ${become.join(" and ")} of ${plural(data.length, "value")}`);
      return "F32";
    },
  });
  return { bytes, kept };
}

/** Returns the number of parameters in all weights. */
export function parametersOf(manifest: readonly ManifestEntry[]): number {
  return manifest.reduce((sum, entry) => sum + elements(shapeOf(entry)), 0);
}

/** Ends the command if a model's weights would take more than `limit` bytes. */
export function limitWeights({ name, manifest }: Weighted, limit: number): void {
  const bytes = bytesOf(manifest);
  if (bytes <= limit) return;
  const largest = manifest.reduce((a, b) => (bytesOf([b]) > bytesOf([a]) ? b : a));
  const width = typedArrays[dtypeOf(largest)].BYTES_PER_ELEMENT;
  const formula = `\`${largest.path}\` alone is ${shapeOf(largest).join(" * ")} parameters of ${plural(width, "byte")}`;
  fail(
    "weight-too-large",
    { what: `the weights of \`${name}\``, bytes: bytesText(bytes), formula },
    { notes: [`the limit is ${bytesText(limit)}`] },
  );
}

async function matchOptions({ weightsPrefix, rename = [] }: MatchingOptions): Promise<MatchOptions> {
  const names: (readonly [string, string])[] = [];
  for (const text of rename) names.push(...(isRenaming(text) ? [pair(text, renaming)] : await readMap(text)));
  const seen = new Set<string>();
  for (const [from] of names) {
    if (seen.has(from)) fail("bad-input", { message: `\`--rename\` renames ${quote(from)} twice` });
    seen.add(from);
  }
  return { prefix: weightsPrefix, rename: Object.fromEntries(names) };
}

async function readMap(path: string): Promise<(readonly [string, string])[]> {
  const bytes = await readOrFail(path, () => readBytes(path, maxMap));
  const text = inPlace(path, () => readText(bytes));
  const map = inPlace(path, () => parseJson(text));
  if (!isObject(map)) throw new DataError(`${path}: is not a JSON object {"from": "to"}`);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new DataError(`${path}: renames ${quote(twice)} twice`);
  return Object.keys(map).map((from) => {
    const to = field(map, from);
    if (typeof to !== "string") throw new DataError(`${path}: the path for ${quote(from)} is not a string`);
    return [from, to] as const;
  });
}
