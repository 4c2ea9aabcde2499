/** @file All targets, one line each. Lists of targets, such as `--target`, derive from this table. */
import { esm } from "./esm/target.ts";
import { graphModel } from "./graph-model/target.ts";
import { onnx } from "./onnx/target.ts";
import { savedModel } from "./saved-model/target.ts";
import { standalone } from "./standalone/target.ts";
import type { Reader, Target } from "./target.ts";

const records = {
  esm,
  "saved-model": savedModel,
  "graph-model": graphModel,
  onnx,
  standalone,
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof records;

export const targets: Readonly<Record<TargetName, Target>> = records;

export const targetNames = Object.keys(targets) as readonly TargetName[];

/** The default target of a build. */
export const defaultTarget = "esm" satisfies TargetName;

/** The targets whose files Fuse can read again. */
export type ReadableTarget = {
  [T in TargetName]: (typeof records)[T] extends { reader: object } ? T : never;
}[TargetName];

/** What the reader of each target returns. */
export type StoredModels = {
  readonly [T in ReadableTarget]: (typeof records)[T] extends { reader: Reader<infer Model> } ? Model : never;
};

/** What `fuse run` can run a program as: the module, or a target whose files are read again. */
export type EngineName = typeof defaultTarget | ReadableTarget;

export const readableTargets = targetNames.filter((name): name is ReadableTarget => targets[name].reader !== undefined);

/** The same records, each with the type of model that its reader returns. */
export const readable: { readonly [T in ReadableTarget]: { readonly reader: Reader<StoredModels[T]> } } = records;
