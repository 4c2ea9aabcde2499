/** @file What a target is: a format that models are written in. Each has one record, in its folder; `targets.ts` lists them. */
import type { Backend } from "../contract/backends.ts";
import type { NdArray } from "../contract/ndarray.ts";
import type { Plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import type { ModelInfo } from "./model-info.ts";
import type { Unsupported } from "./steps.ts";

export interface Target<Model extends StoredModel = StoredModel> {
  /** For help: what is written, as in `writes a program as …`. */
  readonly doc: string;
  /** What the format can do. */
  readonly profile: Profile;
  /** What it can do on one backend only. Left out where the same files run on every backend. */
  readonly profileFor?: (backend: Backend) => Profile;
  /** Whether the weights become part of what `emit` writes. Otherwise they stay in a file of their own. */
  readonly holdsWeights: boolean;
  /** Writes models that were planned for the profile. The same models give the same bytes. */
  readonly emit: (models: readonly WeightedPlan[], info: SourceInfo) => Emission;
  /**
   * Whether Fuse wrote the file at a path, which begins with these bytes, and so may replace it. `beside` gives the beginning
   * of another file in its folder, which is empty if there is none.
   */
  readonly isOurs: (
    path: string,
    start: Uint8Array,
    beside: (name: string) => Promise<Uint8Array>,
  ) => boolean | Promise<boolean>;
  /** How its files are read again, to be run. Left out where other tools run them. */
  readonly reader?: Reader<Model>;
}

/** Reads models from the files of a target. */
export interface Reader<Model extends StoredModel> {
  /** How the name of the file that is run ends; without it, a folder is run. */
  readonly suffix?: string;
  /** Reads what `emit` wrote. @throws DataError in one line, if it is anything else */
  readonly read: (part: ReadPart) => Promise<readonly Model[]>;
}

/**
 * The content of a file by its path from the folder that is run, or from the folder of the file that is run; that file itself is
 * the part "". Undefined if it is not there.
 */
export type ReadPart = (path: string) => Promise<Uint8Array | undefined>;

/** What a reader says of files that look like those of its target but were written by somebody else. */
export const madeByOthers = "was not built by Fuse: `fuse run` takes programs and models built by `fuse build`";

/** A model as its file holds it. */
export interface StoredModel {
  readonly info: ModelInfo;
}

export interface WeightedPlan {
  readonly plan: Plan;
  /** Gives a weight in the shape of its manifest entry. */
  readonly load: (path: string) => NdArray;
}

/** What is said where a target needs the weights of a model and has none. */
export const needsWeights = ({ graph }: Plan): string =>
  `\`${graph.name}\` needs its weights, which become part of the files`;

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
export interface SourceInfo extends Pick<ModelInfo, "version" | "source" | "hash"> {
  /**
   * The place of a program as seen from the folder that is built into, with `/` between names; undefined if there is no way.
   * Without it the files are beside their program.
   */
  readonly locate?: (path: string) => string | undefined;
}

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
