/** @file Where the files of a SavedModel lie in its folder, and by what Fuse knows its own. */
import { unsealed } from "../seal.ts";

export const paths = {
  model: "saved_model.pb",
  /** Weights that are too large for the model; only then is it there. */
  weights: "weights.safetensors",
  /** TensorFlow leaves this folder alone. */
  notes: "assets.extra/fuse.json",
};

/** In the model's metadata, which stand in front. */
export const markOf = (version: string): string => `fuse ${version}`;

/** Whether a `saved_model.pb` begins as those of Fuse do. */
export function isSavedModelOfFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(0, 40)).includes("fuse ");
}

/** The notes, to be sealed with the model and the weights: which Fuse, and the models as `printModelInfo` prints them. */
export function printNotes(version: string, models: readonly string[]): string {
  return `{"fuse":${JSON.stringify(version)},${unsealed},"models":[${models.join(",")}]}\n`;
}

export function isNotesOfFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(0, 40)).startsWith('{"fuse":"');
}
