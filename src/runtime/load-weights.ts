/** @file Finds the weights of a model in a source, and says what is wrong with it. */
import type { WeightEntry } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { DataError } from "../weights/data-error.ts";
import { areComplete, matchWeights, type MatchOptions } from "../weights/match.ts";
import { forgottenTensors, formatProblems } from "../weights/problems.ts";
import { openSource, type Read, type WeightSource } from "./weight-source.ts";

export interface WeightOptions extends MatchOptions {
  /**
   * Called with a warning if the source has tensors that the model does not use, in layers of which it uses others. By
   * default, `console.warn` writes it.
   */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Returns the weight at a path, in the shape of its manifest entry. */
export type LoadWeight = (path: string) => NdArray;

/** The model that the weights are for. */
interface Weightless {
  readonly name: string;
  readonly manifest: readonly WeightEntry[];
}

/**
 * Finds all weights. They are decoded on first use.
 * @throws DataError that lists all weights that are missing or have the wrong shape
 */
export async function findWeights(
  { name, manifest }: Weightless,
  source: WeightSource | undefined,
  options: WeightOptions,
  read: Read,
): Promise<LoadWeight> {
  if (source === undefined && manifest.length > 0)
    throw new DataError(`${name} needs weights: pass load() a path, a URL, bytes or named tensors`);
  const stored = source === undefined ? new Map() : await openSource(source, read);
  const { tensors, problems } = matchWeights(manifest, stored, options);
  if (!areComplete(problems)) throw new DataError(`weights do not match ${name}`, formatProblems(problems));
  const forgotten = forgottenTensors(problems.extra);
  if (forgotten !== undefined)
    (options.warn ?? console.warn)([`${name} does not use:`, ...forgotten.lines].join("\n  "));
  const copies = new Map<string, NdArray>();
  return (path) => {
    const copy = copies.get(path) ?? tensors.get(path)!();
    copies.set(path, copy);
    return copy;
  };
}
