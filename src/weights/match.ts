/** @file Matches the tensors of a weight file with the weights that a model needs. */
import { dtypeOf, shapeOf, type WeightEntry } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, quote } from "./data-error.ts";
import { exactly } from "./exact.ts";
import { renamer } from "./rename.ts";
import type { StoredDType, StoredTensor, TensorSource } from "./tensors.ts";

/**
 * Whether a stored tensor can be used as this weight without reordering its values. It may merge adjacent axes of one group,
 * and may have or lack axes of size 1 anywhere (a 1x1 convolution is a linear map).
 */
export function fits(entry: WeightEntry, stored: readonly number[]): boolean {
  const dimensions = stored.filter((size) => size !== 1);
  let next = 0;
  for (const group of entry.groups) {
    let product = 1;
    for (const [, size] of group) {
      product *= size;
      // Every factor except 1 makes the product larger, so the first match is the only possible one.
      if (product !== 1 && product === dimensions[next]) {
        next++;
        product = 1;
      }
    }
    if (product !== 1) return false;
  }
  return next === dimensions.length;
}

export interface MatchOptions {
  /** Selects tensors whose names begin with it, and is removed from their names. Its final dot is optional. */
  readonly prefix?: string | undefined;
  /**
   * Maps full names in the file to paths. A `*` is any text and `{i}` a number, which may be part of a sum on the right:
   * `features.{i}.*` to `stages.{i + 1}.*`. If both sides end with a dot, everything below is renamed. Renamed tensors need no
   * prefix. An exact name takes precedence over other rules, and a rule with more text over one with less.
   */
  readonly rename?: Readonly<Record<string, string>> | undefined;
}

export interface WeightProblems {
  readonly missing: readonly WeightEntry[];
  readonly misshapen: readonly {
    readonly entry: WeightEntry;
    readonly name: string;
    readonly stored: readonly number[];
  }[];
  /** Weights that several tensors in the file would match. */
  readonly ambiguous: readonly { readonly path: string; readonly names: readonly string[] }[];
  /** The prefix, with its dot, if one is given and no tensor has it. */
  readonly unusedPrefix: string | undefined;
  /** Keys of the rename map that match no tensor. */
  readonly unusedRenames: readonly string[];
  /** Tensors that no weight needs. Not an error. */
  readonly extra: readonly ExtraTensor[];
}

/** A tensor that no weight needs. */
export interface ExtraTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** A weight that uses a tensor of the same layer, which then probably computes something else in the file's network. */
  readonly beside: WeightEntry | undefined;
}

export interface WeightMatch {
  /** Readers by path, for every entry without a problem. Each returns the tensor as a new array in the shape of its entry. */
  readonly tensors: ReadonlyMap<string, () => NdArray>;
  readonly problems: WeightProblems;
}

/** Matches the tensors of a file with the weights of a model, and collects all problems. */
export function matchWeights(
  manifest: readonly WeightEntry[],
  source: TensorSource,
  options: MatchOptions = {},
): WeightMatch {
  const { byPath, unusedPrefix, unusedRenames } = resolveNames(source, options);
  const tensors = new Map<string, () => NdArray>();
  const missing: WeightEntry[] = [];
  const misshapen: WeightProblems["misshapen"][number][] = [];
  const ambiguous: WeightProblems["ambiguous"][number][] = [];
  /** Weights by the layer and by the name of their tensors. */
  const used = new Map<string, WeightEntry>();
  for (const entry of manifest) {
    const names = byPath.get(entry.path) ?? [];
    byPath.delete(entry.path);
    const [name, ...others] = names;
    const stored = name === undefined ? undefined : source.get(name);
    if (stored === undefined) missing.push(entry);
    else if (others.length > 0) ambiguous.push({ path: entry.path, names });
    else if (!fits(entry, stored.shape)) misshapen.push({ entry, name: stored.name, stored: stored.shape });
    else {
      used.set(layerOf(stored.name), entry).set(stored.name, entry);
      tensors.set(entry.path, () => readWeight(entry, stored));
    }
  }
  const extra = [...byPath]
    .filter(([path]) => !/(^|\.)num_batches_tracked$/.test(path))
    .flatMap(([, names]) => names.map((name) => extraTensor(source.get(name)!, used)));
  return { tensors, problems: { missing, misshapen, ambiguous, unusedPrefix, unusedRenames, extra } };
}

/** Whole numbers are counts, positions and shapes, which layers have beside their parameters. */
const counts: ReadonlySet<StoredDType> = new Set<StoredDType>(["I32", "I64", "BOOL"]);

function extraTensor({ name, shape, dtype }: StoredTensor, used: ReadonlyMap<string, WeightEntry>): ExtraTensor {
  return { name, shape, beside: counts.has(dtype) ? undefined : used.get(layerOf(name)) };
}

/** Returns the name of a tensor without its last part, which most tools separate with a dot, and Keras with a slash. */
const layerOf = (name: string): string => name.replace(/[./]?[^./]*$/, "");

/** Integers in which only quantised weights are stored. Buffers, such as the indices of a table, are I32 or I64. */
const quantised: ReadonlySet<StoredDType> = new Set<StoredDType>(["I8", "U8", "I16", "U16"]);

/** Reads the tensor for a weight. @throws DataError */
function readWeight(entry: WeightEntry, stored: StoredTensor): NdArray {
  if (dtypeOf(entry) === "f32" && quantised.has(stored.dtype))
    throw new DataError(
      `tensor ${quote(stored.name)} holds quantised integers (${stored.dtype}) without their scale: ` +
        "save it as F32 or F16, with the scale applied",
    );
  const array = exactly(dtypeOf(entry), stored.read(), stored.name);
  return stored.unflatten?.(entry, array) ?? { ...array, shape: shapeOf(entry) };
}

/** Whether every weight was found and every rename used. Extra tensors are fine. */
export function areComplete(problems: WeightProblems): boolean {
  return [problems.missing, problems.misshapen, problems.ambiguous, problems.unusedRenames].every(
    (p) => p.length === 0,
  );
}

function resolveNames(source: TensorSource, { prefix = "", rename = {} }: MatchOptions) {
  const renamed = renamer(rename);
  const unused = new Set(Object.keys(rename));
  const start = prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`;
  const pathOf = (name: string): string | undefined => {
    const found = renamed(name);
    if (found === undefined) return name.startsWith(start) ? name.slice(start.length) : undefined;
    unused.delete(found.from);
    return found.to;
  };
  const byPath = new Map<string, string[]>();
  for (const name of source.keys()) {
    const path = pathOf(name);
    if (path === undefined) continue;
    const names = byPath.get(path);
    if (names === undefined) byPath.set(path, [name]);
    else names.push(name);
  }
  const used = start === "" || [...source.keys()].some((name) => name.startsWith(start));
  return { byPath, unusedPrefix: used ? undefined : start, unusedRenames: [...unused] };
}
