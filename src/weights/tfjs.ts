/** @file Reads the weights of TensorFlow.js models: `model.json` and its shards, quantised or not, in PyTorch's layouts. */
import { transpose, type NdArray } from "../contract/ndarray.ts";
import { DataError, quote } from "./data-error.ts";
import { field, items } from "./json.ts";
import { byteLength, checkShape, storedTensor, type StoredTensor, type TensorSource } from "./tensors.ts";
import { unflatten } from "./flatten.ts";
import { flattenedRows } from "./tfjs-flatten.ts";
import { layoutsOf, type Layout } from "./tfjs-layout.ts";

/** Bytes per value in shards, by dtype, as in tfjs (tfjs-core `io/types.ts`). Strings vary. */
const width = { float32: 4, int32: 4, bool: 1, complex64: 8, float16: 2, uint16: 2, uint8: 1 } as const;
const dtypes = { float32: "F32", int32: "I32", bool: "BOOL", complex64: "C64", string: "STRING" } as const;

/** Returns the distinct paths of the shards that a `model.json` names, all inside its folder. @throws DataError */
export function tfjsShardPaths(model: unknown): readonly string[] {
  return [...new Set(groupsOf(model).flatMap((group) => group.paths))].map(checkShardPath);
}

/** A file that comes from elsewhere must not make us read what is not part of it. */
function checkShardPath(path: string): string {
  const parts = path.split("/");
  if (path.startsWith("/") || /[\p{C}\\:]/u.test(path) || parts.includes("..") || path === "") {
    throw new DataError(`shard ${quote(path)} is not in the model's folder`);
  }
  return path;
}

/**
 * Reads the weights of a graph model or layers model, given the parsed `model.json` and its shards. Names are those in the
 * file. Kernels and matrices are converted to PyTorch's layout: (out, in/groups, spatial), transposed convolutions
 * (in, out, spatial), linear maps (out, in). The consuming operator or layer determines the layout, because the shape
 * cannot. Everything else is as stored.
 * @throws DataError
 */
export function readTfjsModel(model: unknown, shards: (path: string) => Uint8Array): TensorSource {
  const groups = groupsOf(model);
  const topology = field(model, "modelTopology");
  const layouts = layoutsOf(topology);
  const source = new Map<string, StoredTensor>();
  for (const { paths, weights } of groups) {
    const bytes = concatenate(paths.map(shards));
    let position = 0;
    for (const weight of weights) {
      const rest = bytes.subarray(position);
      const { tensor, length } = readWeight(weight, rest);
      if (length > rest.length) {
        throw new DataError(`the shards end inside tensor ${quote(tensor.name)}: is one truncated or missing?`);
      }
      if (source.has(tensor.name)) throw new DataError(`the manifest lists tensor ${quote(tensor.name)} twice`);
      source.set(tensor.name, tensor);
      position += length;
    }
    if (position < bytes.length) {
      throw new DataError(
        `${bytes.length - position} bytes at the end of the shards ${paths.map(quote).join(", ")} belong to no tensor`,
      );
    }
  }
  const flattened = flattenedRows(topology, (name) => source.get(name)?.shape);
  return new Map(
    [...source].map(([name, tensor]) => {
      const how = endingIn(flattened, name);
      const arrange: StoredTensor["unflatten"] = how && ((entry, array) => unflatten(entry, name, array, how));
      return [name, { ...relay(tensor, layouts(name)), unflatten: arrange }];
    }),
  );
}

/** Names of nested models may precede a layer's name. */
function endingIn<T>(byName: ReadonlyMap<string, T>, name: string): T | undefined {
  return byName.get(name) ?? byName.get(name.split("/").slice(-2).join("/"));
}

function groupsOf(
  model: unknown,
): readonly { readonly paths: readonly string[]; readonly weights: readonly unknown[] }[] {
  const manifest = field(model, "weightsManifest");
  if (!Array.isArray(manifest))
    throw new DataError("this is not a model.json of TensorFlow.js: it has no weightsManifest");
  return manifest.map((group: unknown) => {
    const paths = items(field(group, "paths"));
    if (!paths.every((path) => typeof path === "string"))
      throw new DataError("a path in the weightsManifest is not a string");
    return { paths, weights: items(field(group, "weights")) };
  });
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** Reads one entry of the manifest. `rest` begins with its values and may be too short; `length` is how many bytes they need. */
function readWeight(weight: unknown, rest: Uint8Array): { tensor: StoredTensor; length: number } {
  const name = field(weight, "name");
  if (typeof name !== "string") throw new DataError("a tensor in the weightsManifest has no name");
  const shape = checkShape(name, field(weight, "shape"));
  const dtype = field(weight, "dtype");
  if (typeof dtype !== "string" || !isKey(dtypes, dtype))
    throw new DataError(`tensor ${quote(name)} has an unknown dtype`);
  const quantization = field(weight, "quantization");
  const held = quantization === undefined ? dtype : field(quantization, "dtype");
  if (held === "string") {
    const length = stringsLength(name, shape, rest);
    return { tensor: storedTensor(name, "STRING", shape, rest.subarray(0, length)), length };
  }
  const unknownQuantization = new DataError(`tensor ${quote(name)} has an unknown quantization`);
  if (typeof held !== "string" || !isKey(width, held)) throw unknownQuantization;
  const length = byteLength(shape, width[held] * 8);
  if (length === undefined) throw new DataError(`tensor ${quote(name)} has an invalid shape`);
  const bytes = rest.subarray(0, length);
  if (quantization === undefined) return { tensor: storedTensor(name, dtypes[dtype], shape, bytes), length };
  if (held === "float16" && dtype === "float32") return { tensor: storedTensor(name, "F16", shape, bytes), length };
  const [scale, min] = [field(quantization, "scale"), field(quantization, "min")];
  const numbers = typeof scale === "number" && typeof min === "number";
  if ((held !== "uint8" && held !== "uint16") || (dtype !== "float32" && dtype !== "int32") || !numbers) {
    throw unknownQuantization;
  }
  const codes = storedTensor(name, held === "uint8" ? "U8" : "U16", shape, bytes);
  const read = () => dequantise(codes.read(), dtype, scale, min);
  return { tensor: { ...codes, dtype: dtypes[dtype], read }, length };
}

/** Dequantises as tfjs-core `io/io_utils.ts` does: `v * scale + min`, rounded for integers. */
function dequantise(codes: NdArray, dtype: "float32" | "int32", scale: number, min: number): NdArray {
  const float = dtype === "float32";
  const data = float ? new Float32Array(codes.data.length) : new Int32Array(codes.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = codes.data[i]! * scale + min;
    data[i] = float ? value : Math.round(value);
  }
  return { dtype: float ? "f32" : "i32", shape: codes.shape, data };
}

/** Returns the byte length of strings, each preceded by its length in 4 bytes. Exceeds `bytes` if the last string does. */
function stringsLength(name: string, shape: readonly number[], bytes: Uint8Array): number {
  const count = (byteLength(shape, 32) ?? Infinity) / 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  for (let i = 0; i < count; i++) {
    if (position + 4 > bytes.length) throw new DataError(`the shards end inside tensor ${quote(name)}`);
    position += 4 + view.getUint32(position, true);
  }
  return position;
}

/** Returns the tensor in PyTorch's layout. */
function relay(stored: StoredTensor, layouts: ReadonlySet<Layout>): StoredTensor {
  const rank = stored.shape.length;
  const [layout = "plain", ...others] = layouts;
  if (others.length > 0) {
    const read = () => {
      throw new DataError(`tensor ${quote(stored.name)} is used in different layouts, so its own is ambiguous`);
    };
    return { ...stored, read };
  }
  if (layout === "plain" || rank < 2 || (layout === "matrix" && rank > 2)) return stored;
  const spatial = stored.shape.slice(2).map((_, i) => i);
  const last = layout === "depthwise" ? [rank - 2, rank - 1] : [rank - 1, rank - 2];
  const permutation = [...last, ...spatial];
  const permuted = permutation.map((from) => stored.shape[from]!);
  const [outer, inner, ...window] = permuted;
  const shape = layout === "depthwise" ? [outer! * inner!, 1, ...window] : permuted;
  return { ...stored, shape, read: () => ({ ...transpose(stored.read(), permutation), shape }) };
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}
