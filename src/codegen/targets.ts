/** @file All targets, one line each. What lists them, such as `--target`, derives from this table. */
import { esm } from "./esm/target.ts";
import { graphModel } from "./graph-model/target.ts";
import { onnx } from "./onnx/target.ts";
import { savedModel } from "./saved-model/target.ts";
import type { Reader, Target } from "./target.ts";

const records = {
  esm,
  "saved-model": savedModel,
  "graph-model": graphModel,
  onnx,
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof records;

export const targets: Readonly<Record<TargetName, Target>> = records;

export const targetNames = Object.keys(targets) as readonly TargetName[];

/** What is built unless a target is chosen. */
export const defaultTarget = "esm" satisfies TargetName;

/** The targets whose files Fuse can read again. */
export type ReadableTarget = {
  [T in TargetName]: (typeof records)[T] extends { reader: object } ? T : never;
}[TargetName];

/** What the reader of each target gives. */
export type StoredModels = {
  readonly [T in ReadableTarget]: (typeof records)[T] extends { reader: Reader<infer Model> } ? Model : never;
};

/** What `fuse run` can run a program as: the module, or a target whose files are read again. */
export type EngineName = typeof defaultTarget | ReadableTarget;

export const readableTargets = targetNames.filter((name): name is ReadableTarget => targets[name].reader !== undefined);

/** The same records, each with the type of the models that its reader gives. */
export const readable: { readonly [T in ReadableTarget]: { readonly reader: Reader<StoredModels[T]> } } = records;
