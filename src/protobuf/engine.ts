/**
 * @file The file that lies beside a generated module: each of its models as a graph of TensorFlow's nodes, without weights. The runtime
 * fills them in and runs the graph as one call of a session. The messages are Fuse's own.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytes, decode, encode, field, integer, map, message, repeated, text, type ValueOf } from "./message.ts";
import { GraphDef } from "./tensorflow.ts";

/** A tensor at the boundary: as the program calls it, and as the graph does. */
export const EnginePort = message({ name: field(1, text), tensor: field(2, text) });
export type EnginePort = ValueOf<typeof EnginePort>;

/** A placeholder of the graph that is given a tensor made of weights and constants when the model is loaded. */
export const EnginePrepared = message({
  /** The placeholder's name. */
  tensor: field(1, text),
  /** TensorFlow's number. */
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
});
export type EngineModel = ValueOf<typeof EngineModel>;

export const EngineFile = message({
  /** Of Fuse. */
  version: field(1, text),
  /** Of all that the module depends on, as the module's head line says it. */
  hash: field(2, text),
  models: map(3, EngineModel),
});
export type EngineFile = ValueOf<typeof EngineFile>;

/** Stands behind the message: the SHA-256 of all before it, as one more field. */
const Seal = message({ digest: field(4, bytes) });
const seal = (content: Uint8Array): Uint8Array => encode(Seal, { digest: sha256(content) });

/** The content of the file, sealed: to run a graph of which a bit has changed could end the process. */
export function encodeEngine(file: EngineFile): Uint8Array<ArrayBuffer> {
  const content = encode(EngineFile, file);
  const end = seal(content);
  const sealed = new Uint8Array(content.length + end.length);
  sealed.set(content);
  sealed.set(end, content.length);
  return sealed;
}

/** @throws RangeError or Error if a byte is not as `encodeEngine` wrote it */
export function decodeEngine(file: Uint8Array): EngineFile {
  const content = file.subarray(0, -seal(new Uint8Array()).length);
  const end = file.subarray(content.length);
  if (seal(content).some((byte, i) => byte !== end[i])) throw new RangeError("the file was changed or is truncated");
  return decode(EngineFile, content);
}
