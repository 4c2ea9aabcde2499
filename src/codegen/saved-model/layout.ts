/** @file The file layout of a SavedModel, and how Fuse recognizes its own. */
import { unsealed } from "../seal.ts";

export const paths = {
  model: "saved_model.pb",
  /** Weights that are too large for the model. The file exists only in that case. */
  weights: "weights.safetensors",
  /** TensorFlow ignores this folder. */
  notes: "assets.extra/fuse.json",
};

/** In the model's metadata, which comes first. */
export const markOf = (version: string): string => `fuse ${version}`;

/** Whether a `saved_model.pb` begins like one that Fuse wrote. */
export function isSavedModelOfFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(0, 40)).includes("fuse ");
}

/**
 * Returns the notes, to be sealed with the model and the weights: the Fuse version, and the models as `printModelInfo`
 * prints them.
 */
export function printNotes(version: string, models: readonly string[]): string {
  return `{"fuse":${JSON.stringify(version)},${unsealed},"models":[${models.join(",")}]}\n`;
}

export function isNotesOfFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(0, 40)).startsWith('{"fuse":"');
}
