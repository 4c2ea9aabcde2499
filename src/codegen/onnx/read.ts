/** @file Reads ONNX files that Fuse wrote, and rejects others. Their content is untrusted until checked here. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { isWritten } from "../../primitives/onnx/operators.ts";
import { decode, encode, type Message, type ValueOf } from "../../protobuf/message.ts";
import { GraphProto, ModelProto } from "../../protobuf/onnx.ts";
import { DataError, quote } from "../../weights/data-error.ts";
import { parseModelInfo } from "../model-info.ts";
import type { StoredModel } from "../target.ts";
import { irVersion, metadataKeys, operatorSet, producerName } from "./format.ts";

export interface OnnxModel extends StoredModel {
  /** The content of the file. */
  readonly bytes: Uint8Array;
  /** The file's names for the results, in the order of `info.results`. */
  readonly outputs: readonly string[];
}

/** The nesting of attributes in nodes in attributes. Fuse nests one graph in another. */
const maxDepth = 2;

/**
 * Reads what a file says about itself, and validates it: complete, with only the operators that Fuse writes, and with a
 * guard.
 * @throws DataError in one line
 */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  const file = parsed(ModelProto, bytes);
  const { producerName: producer, irVersion: ir, graph, opsetImport = [], metadataProps = [] } = file;
  const metadata = new Map(metadataProps.map(({ key, value }) => [key, value]));
  const model = metadata.get(metadataKeys.model);
  if (producer !== producerName || model === undefined || graph === undefined)
    throw new DataError("it was not built by Fuse, which runs only its own ONNX files");
  if (ir !== irVersion || opsetImport.length !== 1 || opsetImport[0]!.version !== operatorSet || opsetImport[0]!.domain)
    throw new DataError("it was built by another version of Fuse, or modified");
  const rest = encode(ModelProto, { ...file, metadataProps: metadataProps.slice(0, -1) });
  if (metadataProps.at(-1)?.key !== metadataKeys.content || metadataProps.at(-1)?.value !== bytesToHex(sha256(rest)))
    throw new DataError("it has been modified since it was built");
  const { node = [], output = [] } = parsed(GraphProto, graph);
  checkNodes(node, 0);
  const info = parseModelInfo(model);
  const outputs = output.map(({ name = "" }) => name);
  if (outputs.length !== info.results.length)
    throw new DataError("it has been modified: its outputs are not its model's results");
  return { info, bytes, outputs };
}

/** Whether a file begins like one that Fuse wrote. */
export function isOnnxOfFuse(start: Uint8Array): boolean {
  const mark = [8, irVersion, 18, producerName.length, ...new TextEncoder().encode(producerName)];
  return mark.every((byte, i) => start[i] === byte);
}

/**
 * Parses a message, rejecting unchecked content: a reference to another file, a function, another domain's operators.
 */
function parsed<F>(message: Message<F>, bytes: Uint8Array): ValueOf<Message<F>> {
  let value;
  try {
    value = decode(message, bytes);
  } catch {
    throw new DataError("it is not an ONNX file, or is damaged");
  }
  const again = encode(message, value);
  if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i]))
    throw new DataError("it contains parts that Fuse does not write");
  return value;
}

function checkNodes(nodes: NonNullable<GraphProto["node"]>, depth: number): void {
  if (depth > maxDepth) throw new DataError("its graphs are nested too deep");
  for (const { opType = "", domain = "", attribute = [] } of nodes) {
    if (domain !== "" || !isWritten(opType))
      throw new DataError(`it uses the operator ${quote(opType)}, which Fuse does not write`);
    for (const { g } of attribute) if (g !== undefined) checkNodes(parsed(GraphProto, g).node ?? [], depth + 1);
  }
}
