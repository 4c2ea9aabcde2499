/** @file What targets with weights are made of, and what they make. */
import type { NdArray } from "../contract/ndarray.ts";
import type { Plan } from "../plan/plan.ts";
import type { ModelInfo } from "./model-info.ts";
import type { Unsupported } from "./steps.ts";

export interface WeightedPlan {
  readonly plan: Plan;
  /** Gives a weight in the shape of its manifest entry. */
  readonly load: (path: string) => NdArray;
}

/** The path is relative to the folder that is built into, with `/` between names. */
export interface BinaryFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What becomes of models in a format. */
export type Emission =
  | { readonly files: readonly BinaryFile[] }
  /** What the format cannot express. */
  | { readonly unsupported: readonly Unsupported[] }
  /** A file would have so many bytes, more than the format can hold. Nothing of that size was allocated. */
  | { readonly tooLarge: number };

/** Where the models of a build come from. */
export type SourceInfo = Pick<ModelInfo, "version" | "source" | "hash">;

export function modelInfo({ graph, results }: Plan, { version, source, hash }: SourceInfo): ModelInfo {
  return {
    version,
    source,
    hash,
    model: graph.name,
    guard: graph.guard,
    results: results.map(({ name, value: { dtype }, axes }) => ({ name, dtype, axes })),
  };
}

/** `net` for `models/net.fuse` */
export function programName(path: string): string {
  return path
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.fuse$/, "");
}
