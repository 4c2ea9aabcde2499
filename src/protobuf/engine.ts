/**
 * @file The engine file next to a generated module: each of its models as a graph of TensorFlow nodes, without weights. The runtime
 * fills in the weights and runs the graph as one session call. The messages are Fuse's own.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytes, decode, encode, field, integer, map, message, repeated, text, type ValueOf } from "./message.ts";
import { GraphDef } from "./tensorflow.ts";

/** An input or result: its name in the program and its tensor in the graph. */
export const EnginePort = message({ name: field(1, text), tensor: field(2, text) });
export type EnginePort = ValueOf<typeof EnginePort>;

/** A placeholder in the graph. Its tensor is prepared from weights and constants when the model is loaded. */
export const EnginePrepared = message({
  /** The placeholder's name. */
  tensor: field(1, text),
  /** TensorFlow's number for the dtype. */
  dtype: field(2, integer),
  shape: repeated(3, integer),
  /** Which of the model's steps makes it. */
  step: field(4, integer),
});
export type EnginePrepared = ValueOf<typeof EnginePrepared>;

export const EngineModel = message({
  graph: field(1, GraphDef),
  inputs: repeated(2, EnginePort),
  results: repeated(3, EnginePort),
  prepared: repeated(4, EnginePrepared),
  /** What is done with weights and constants when the model is loaded, as `printSteps` prints it. */
  steps: field(5, text),
  /** The names of the outputs of each operation in the graph, with commas between them. */
  outputs: map(6, text),
  /** How long a run takes with one thread at nominal sizes, in nanoseconds, as predicted. */
  cost: field(7, integer),
  /** How many elements the inputs have there. */
  elements: field(8, integer),
});
export type EngineModel = ValueOf<typeof EngineModel>;

export const EngineFile = message({
  /** The version of Fuse. */
  version: field(1, text),
  /** The hash of everything that the module depends on, as in the module's first line. */
  hash: field(2, text),
  models: map(3, EngineModel),
});
export type EngineFile = ValueOf<typeof EngineFile>;

/** The last field of the file: the SHA-256 of everything before it. */
const Seal = message({ digest: field(4, bytes) });
const seal = (content: Uint8Array): Uint8Array => encode(Seal, { digest: sha256(content) });

/** Returns the content of the file, sealed: running a graph with a flipped bit could crash the process. */
export function encodeEngine(file: EngineFile): Uint8Array<ArrayBuffer> {
  const content = encode(EngineFile, file);
  const end = seal(content);
  const sealed = new Uint8Array(content.length + end.length);
  sealed.set(content);
  sealed.set(end, content.length);
  return sealed;
}

/** @throws RangeError or Error unless every byte is as `encodeEngine` wrote it */
export function decodeEngine(file: Uint8Array): EngineFile {
  const content = file.subarray(0, -seal(new Uint8Array()).length);
  const end = file.subarray(content.length);
  if (seal(content).some((byte, i) => byte !== end[i]))
    throw new RangeError("the file has been modified or is truncated");
  return decode(EngineFile, content);
}
