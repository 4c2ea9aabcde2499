/** @file The version numbers and metadata keys in Fuse's ONNX files. */

/**
 * The newest operator set that benefits a plan: 20 added reductions of bools. Later ones add types that Fuse lacks,
 * attention as one operator, and running products. 20 works with any runtime from 2024 or later.
 */
export const operatorSet = 20;

/** The format version that belongs to the operator set. */
export const irVersion = 9;

export const producerName = "fuse";

/**
 * Entries of `metadata_props`: a `ModelInfo`, and the SHA-256 of the file without this last entry, which reveals
 * changes.
 */
export const metadataKeys = { model: "fuse", content: "fuse.content" } as const;
