/** @file What Fuse's ONNX files say of themselves. */

/**
 * The newest operator set from which a plan gains: reductions of bools came with 20. Later ones bring types that Fuse does not
 * have, attention as one operator and running products; 20 runs wherever there is a runtime of 2024 or later.
 */
export const operatorSet = 20;

/** The version of the format that belongs to it. */
export const irVersion = 9;

export const producerName = "fuse";

/** Entries of `metadata_props`: a `ModelInfo`, and the SHA-256 of all the file but this last entry, by which an altered one is known. */
export const metadataKeys = { model: "fuse", content: "fuse.content" } as const;
