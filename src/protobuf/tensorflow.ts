/**
 * @file The TensorFlow messages that Fuse writes. Numbers and names are those of tensorflow/core/framework/*.proto and
 * tensorflow/core/protobuf/{saved_model,meta_graph}.proto. Enumerations are integers.
 */
import { bool, bytes, field, float, integer, map, message, repeated, text, type ValueOf } from "./message.ts";

/** DataType. */
export const dataTypes = { f32: 1, i32: 3, bool: 10 } as const;

/** The DataType of int64, in which sessions compute sizes. */
export const int64 = 9;

export const TensorShape = message({
  dim: repeated(2, message({ size: field(1, integer), name: field(2, text) })),
  unknownRank: field(3, bool),
});

export const TensorProto = message({
  dtype: field(1, integer),
  tensorShape: field(2, TensorShape),
  tensorContent: field(4, bytes),
});

/** A value has exactly one of these fields. */
export const AttrValue = message({
  list: field(
    1,
    message({
      s: repeated(2, bytes),
      i: repeated(3, integer),
      f: repeated(4, float),
      b: repeated(5, bool),
      type: repeated(6, integer),
      shape: repeated(7, TensorShape),
    }),
  ),
  s: field(2, bytes),
  i: field(3, integer),
  f: field(4, float),
  b: field(5, bool),
  type: field(6, integer),
  shape: field(7, TensorShape),
  tensor: field(8, TensorProto),
  func: field(10, message({ name: field(1, text) })),
});
export type AttrValue = ValueOf<typeof AttrValue>;

export const NodeDef = message({
  name: field(1, text),
  op: field(2, text),
  input: repeated(3, text),
  attr: map(5, AttrValue),
});
export type NodeDef = ValueOf<typeof NodeDef>;

const ArgDef = message({ name: field(1, text), type: field(3, integer) });

/** A function that nodes call. Its nodes read its inputs by their names, and outputs of nodes as `node:output:0`. */
export const FunctionDef = message({
  signature: field(1, message({ name: field(1, text), inputArg: repeated(2, ArgDef), outputArg: repeated(3, ArgDef) })),
  nodeDef: repeated(3, NodeDef),
  /** What each output is. */
  ret: map(4, text),
  attr: map(5, AttrValue),
});
export type FunctionDef = ValueOf<typeof FunctionDef>;

export const GraphDef = message({
  node: repeated(1, NodeDef),
  library: field(2, message({ function: repeated(1, FunctionDef) })),
  versions: field(4, message({ producer: field(1, integer), minConsumer: field(2, integer) })),
});
export type GraphDef = ValueOf<typeof GraphDef>;

export const TensorInfo = message({
  name: field(1, text),
  dtype: field(2, integer),
  tensorShape: field(3, TensorShape),
});

export const SignatureDef = message({
  inputs: map(1, TensorInfo),
  outputs: map(2, TensorInfo),
  methodName: field(3, text),
});
export type SignatureDef = ValueOf<typeof SignatureDef>;

export const SavedModel = message({
  schemaVersion: field(1, integer),
  metaGraphs: repeated(
    2,
    message({
      metaInfoDef: field(1, message({ metaGraphVersion: field(1, text), tags: repeated(4, text) })),
      graphDef: field(2, GraphDef),
      signatureDef: map(5, SignatureDef),
    }),
  ),
});
export type SavedModel = ValueOf<typeof SavedModel>;
