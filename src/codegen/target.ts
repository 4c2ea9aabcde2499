/** @file The definition of a target: a format for models. Each has a record in its folder; `targets.ts` lists them. */
import type { Backend } from "../contract/backends.ts";
import type { NdArray } from "../contract/ndarray.ts";
import type { GivenSizes } from "../plan/given-sizes.ts";
import type { Plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import type { ModelInfo } from "./model-info.ts";
import type { Unsupported } from "./steps.ts";

export interface Target<Model extends StoredModel = StoredModel> {
  /** For help: completes `writes a program as …`. */
  readonly doc: string;
  /** What the format can do. */
  readonly profile: Profile;
  /** What the format can do on one backend. Omitted if the same files run on every backend. */
  readonly profileFor?: (backend: Backend) => Profile;
  /** Whether the weights become part of the files. Otherwise they stay in a file of their own. */
  readonly holdsWeights: boolean;
  /** Whether the files are for the given sizes only. Otherwise those are only what to optimize for. */
  readonly fixesSizes?: true;
  /** Writes models that were planned for the profile. The same models give the same bytes. */
  readonly emit: (models: readonly WeightedPlan[], info: SourceInfo) => Emission;
  /**
   * Whether Fuse wrote the file at a path, which begins with these bytes, and may therefore replace it. `beside`
   * returns the beginning of another file in its folder, empty if it does not exist.
   */
  readonly isOurs: (
    path: string,
    start: Uint8Array,
    beside: (name: string) => Promise<Uint8Array>,
  ) => boolean | Promise<boolean>;
  /** Reads the files back in order to run them. Omitted if only other tools run them. */
  readonly reader?: Reader<Model>;
}

/** Reads models from the files of a target. */
export interface Reader<Model extends StoredModel> {
  /** The ending of the name of the file to run. Without it, a folder is run. */
  readonly suffix?: string;
  /** Reads what `emit` wrote. @throws DataError in one line, if it is anything else */
  readonly read: (part: ReadPart) => Promise<readonly Model[]>;
}

/**
 * Returns the content of a file by its path, relative to the folder that is run or the folder of the file that is run.
 * The path of that file itself is "". Undefined if it does not exist.
 */
export type ReadPart = (path: string) => Promise<Uint8Array | undefined>;

/** A reader's message about files that look like those of its target but were written by another tool. */
export const madeByOthers = "was not built by Fuse: `fuse run` takes programs and models built by `fuse build`";

/** A model as stored in its file. */
export interface StoredModel {
  readonly info: ModelInfo;
}

export interface WeightedPlan {
  readonly plan: Plan;
  /** The sizes of all inputs, if the target fixes them. */
  readonly at?: GivenSizes;
  /** Returns a weight in the shape of its manifest entry. */
  readonly load: (path: string) => NdArray;
}

/** Returns the message for a target that needs the weights of a model and has none. */
export const needsWeights = ({ graph }: Plan): string =>
  `\`${graph.name}\` needs its weights, which become part of the files`;

/** The path is relative to the output folder, with `/` between names. */
export interface BinaryFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The outcome of writing models in a format. */
export type Emission =
  | { readonly files: readonly BinaryFile[] }
  /** What the format cannot express. */
  | { readonly unsupported: readonly Unsupported[] }
  /** The size of a file that would exceed the format's limit, in bytes. Nothing of that size was allocated. */
  | { readonly tooLarge: number };

/** Where the models of a build come from. */
export interface SourceInfo extends Pick<ModelInfo, "version" | "source" | "hash"> {
  /**
   * Returns the place of a program relative to the output folder, with `/` between names; undefined if it has none. By
   * default, files are next to their program.
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

/** Returns `net` for `models/net.fuse`. */
export function programName(path: string): string {
  return path
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.fuse$/, "");
}
