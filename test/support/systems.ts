/** @file The systems of examples/systems, with the settings that PyTorch ran them with, and its results. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { MatchOptions } from "../../src/weights/match.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { difference } from "./arrays.ts";
import { modelOf } from "./run.ts";
import { download, upload } from "./tensors.ts";

export interface System {
  /** The program and the golden tensors, without the ending. */
  readonly file: string;
  /** The model's name. */
  readonly name: string;
  /** The settings, in the form of `--set`. */
  readonly settings: Readonly<Record<string, string>>;
}

export const systems: readonly System[] = [
  { file: "conv-reduce", name: "ConvReduce", settings: { c: "32", width: "12" } },
  { file: "flatten-linear-reduce", name: "FlattenLinearReduce", settings: { c: "6", h: "5", w: "4", width: "3" } },
  { file: "attention-reduce", name: "AttentionReduce", settings: { c: "32", width: "10" } },
  { file: "autoencoder", name: "Autoencoder", settings: { c: "32", mid: "16", bottleneck: "6" } },
  { file: "concat-conv-fuse", name: "ConcatConvFuse", settings: { c: "32" } },
  { file: "concat-linear-fuse", name: "ConcatLinearFuse", settings: { c: "32" } },
  { file: "add-fuse", name: "AddFuse", settings: {} },
  { file: "mul-fuse", name: "MulFuse", settings: {} },
  { file: "se", name: "SE", settings: { c: "32", r: "4" } },
  { file: "cbam", name: "CBAM", settings: { c: "32", r: "4" } },
  { file: "bam", name: "BAM", settings: { c: "32", r: "4" } },
  { file: "gap-head", name: "GapHead", settings: { c: "32", classes: "10" } },
  { file: "global-pools", name: "GlobalPools", settings: {} },
];

export const systemPath = (file: string): string => `examples/systems/${file}.fuse`;
export const systemText = (file: string): string => readFileSync(systemPath(file), "utf8");
export const goldenBytes = (file: string): Uint8Array => readFileSync(`test/golden/${file}.safetensors`);

/** Returns the tensors whose names begin with `group.`, by the rest of their names. */
export function goldenTensors(file: string, group: Group): Record<string, NdArray> {
  return tensorsIn(goldenBytes(file), group);
}

type Group = "in" | "param" | "out";

/** Returns the tensors of a safetensors file whose names begin with `group.`, by the rest of their names. */
export function tensorsIn(bytes: Uint8Array, group: Group): Record<string, NdArray> {
  const stored = [...readSafetensors(bytes)].filter(([name]) => name.startsWith(`${group}.`));
  return Object.fromEntries(stored.map(([name, tensor]) => [name.slice(group.length + 1), tensor.read()]));
}

/** Runs a plan on the current backend with the weights and inputs of a golden file, and expects PyTorch's outputs. */
export async function expectGolden(
  file: string,
  plan: Plan,
  options: MatchOptions = { prefix: "param" },
): Promise<void> {
  const model = await (await modelOf(plan)).load(goldenBytes(file), options);
  const inputs = Object.entries(goldenTensors(file, "in")).map(([name, array]) => [name, upload(array)] as const);
  const results = model.run(Object.fromEntries(inputs));
  const wanted = goldenTensors(file, "out");
  expect(Object.keys(results).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [name, want] of Object.entries(wanted))
    expect(difference(download(results[name]!), want, 1e-4), name).toBe(undefined);
  tf.dispose([inputs.map(([, tensor]) => tensor), results]);
  model.dispose();
}
