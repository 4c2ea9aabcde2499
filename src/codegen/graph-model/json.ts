/** @file TensorFlow nodes as the JSON of a TensorFlow.js graph model, in protobuf's own JSON mapping. */
import { dataTypes, type AttrValue, type NodeDef } from "../../protobuf/tensorflow.ts";
import { InternalError } from "../../source/internal-error.ts";

/** The constants stored in shards rather than nodes, by node name. */
export interface StoredConstant {
  readonly name: string;
  readonly dtype: "float32" | "int32" | "bool";
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly content: Uint8Array;
}

export interface JsonGraph {
  /** The nodes of `modelTopology`. */
  readonly node: readonly object[];
  readonly constants: readonly StoredConstant[];
}

const typeNames = new Map<number, string>([
  [dataTypes.f32, "DT_FLOAT"],
  [dataTypes.i32, "DT_INT32"],
  [dataTypes.bool, "DT_BOOL"],
]);

const storedTypes = new Map<number, StoredConstant["dtype"]>([
  [dataTypes.f32, "float32"],
  [dataTypes.i32, "int32"],
  [dataTypes.bool, "bool"],
]);

export function nodesToJson(nodes: readonly NodeDef[]): JsonGraph {
  const constants: StoredConstant[] = [];
  const node = nodes.map(({ name = "", op = "", input = [], attr = new Map<string, AttrValue>() }) => {
    const { tensor } = attr.get("value") ?? {};
    if (op === "Const" && tensor !== undefined)
      constants.push({
        name,
        dtype: lookUp(storedTypes, tensor.dtype),
        shape: sizesOf(tensor.tensorShape),
        content: tensor.tensorContent ?? new Uint8Array(),
      });
    const attributes = [...attr].map(([key, value]) => [key, attribute(value)] as const);
    return { name, op, input, attr: Object.fromEntries(attributes) };
  });
  return { node, constants };
}

export const typeName = (type: number | undefined): string => lookUp(typeNames, type);

export function shapeJson(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}

function attribute({ list, s, i, f, b, type, shape, tensor }: AttrValue): object {
  if (s !== undefined) return { s: base64(s) };
  if (i !== undefined) return { i: String(i) };
  if (f !== undefined) return { f: finite(f) };
  if (b !== undefined) return { b };
  if (type !== undefined) return { type: typeName(type) };
  if (shape !== undefined) return { shape: shapeJson(sizesOf(shape)) };
  // The content is in the shards.
  if (tensor !== undefined)
    return { tensor: { dtype: typeName(tensor.dtype), tensorShape: shapeJson(sizesOf(tensor.tensorShape)) } };
  if (list?.s !== undefined) return { list: { s: list.s.map(base64) } };
  if (list?.i !== undefined) return { list: { i: list.i.map(String) } };
  throw new InternalError("an attribute that the graph model has no form for");
}

function sizesOf(shape: AttrValue["shape"]): readonly number[] {
  return (shape?.dim ?? []).map(({ size = 0 }) => size);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Returns a finite number; JSON has no others. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new InternalError(`an attribute of a graph model is ${value}`);
  return value;
}

function lookUp<T>(table: ReadonlyMap<number, T>, type: number | undefined): T {
  const found = table.get(type ?? 0);
  if (found === undefined) throw new InternalError(`TensorFlow's data type ${type} is not supported by Fuse`);
  return found;
}
