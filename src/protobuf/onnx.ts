/** @file The ONNX messages that Fuse writes. Numbers and names are those of onnx/onnx.proto3. Enumerations are integers. */
import { bytes, field, float, integer, message, repeated, text, type ValueOf } from "./message.ts";

/** TensorProto.DataType. */
export const dataTypes = { f32: 1, i32: 6, i64: 7, bool: 9 } as const;

/** AttributeProto.AttributeType. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

export const TensorProto = message({
  dims: repeated(1, integer),
  dataType: field(2, integer),
  name: field(8, text),
  rawData: field(9, bytes),
});
export type TensorProto = ValueOf<typeof TensorProto>;

export const AttributeProto = message({
  name: field(1, text),
  f: field(2, float),
  i: field(3, integer),
  s: field(4, bytes),
  t: field(5, TensorProto),
  /** A GraphProto, as bytes because its nodes have attributes themselves. */
  g: field(6, bytes),
  floats: repeated(7, float),
  ints: repeated(8, integer),
  strings: repeated(9, bytes),
  type: field(20, integer),
});
export type AttributeProto = ValueOf<typeof AttributeProto>;

export const NodeProto = message({
  input: repeated(1, text),
  output: repeated(2, text),
  name: field(3, text),
  opType: field(4, text),
  attribute: repeated(5, AttributeProto),
  docString: field(6, text),
  domain: field(7, text),
});
export type NodeProto = ValueOf<typeof NodeProto>;

const TypeProto = message({
  tensorType: field(
    1,
    message({
      elemType: field(1, integer),
      shape: field(
        2,
        message({ dim: repeated(1, message({ dimValue: field(1, integer), dimParam: field(2, text) })) }),
      ),
    }),
  ),
});

export const ValueInfo = message({ name: field(1, text), type: field(2, TypeProto), docString: field(3, text) });
export type ValueInfo = ValueOf<typeof ValueInfo>;

export const GraphProto = message({
  node: repeated(1, NodeProto),
  name: field(2, text),
  initializer: repeated(5, TensorProto),
  docString: field(10, text),
  input: repeated(11, ValueInfo),
  output: repeated(12, ValueInfo),
});
export type GraphProto = ValueOf<typeof GraphProto>;

export const ModelProto = message({
  irVersion: field(1, integer),
  producerName: field(2, text),
  producerVersion: field(3, text),
  /** A GraphProto, as bytes because readers first verify that they are unchanged. */
  graph: field(7, bytes),
  opsetImport: repeated(8, message({ domain: field(1, text), version: field(2, integer) })),
  metadataProps: repeated(14, message({ key: field(1, text), value: field(2, text) })),
});
export type ModelProto = ValueOf<typeof ModelProto>;
