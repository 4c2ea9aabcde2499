/** @file The safetensors format: 8 bytes of header length, a JSON header, then the bytes of the tensors. */
import type { NdArray } from "../contract/ndarray.ts";
import { elements } from "../contract/ndarray.ts";
import { invariant } from "../source/internal-error.ts";
import { DataError, quote } from "./data-error.ts";
import { foreignFormat } from "./foreign.ts";
import { f32ToBf16, f32ToF16 } from "./half.ts";
import { duplicateKey, field, isObject, items } from "./json.ts";
import {
  byteLength,
  checkShape,
  dtypeBits,
  isNatural,
  storedTensor,
  type StoredDType,
  type TensorSource,
} from "./tensors.ts";

/** The maximum header length in bytes. This is the reference implementation's limit. */
const maxHeader = 100_000_000;

/**
 * Reads the header and validates it as the reference implementation does (huggingface/safetensors, `tensor.rs`): tensors
 * must fill the data without gaps, overlaps or trailing bytes. Each tensor's `read` decodes its values.
 * @throws DataError
 */
export function readSafetensors(bytes: Uint8Array): TensorSource {
  const { header, data } = split(bytes);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, info]) => checkTensor(name, info, data.length));
  let filled = 0;
  for (const { name, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < filled) throw new DataError(`tensor ${quote(name)} overlaps another one`);
    if (begin > filled) throw new DataError(`there is a gap of ${begin - filled} bytes before tensor ${quote(name)}`);
    filled = end;
  }
  if (filled < data.length) throw new DataError(`${data.length - filled} bytes at the end belong to no tensor`);
  return new Map(
    tensors.map(({ name, dtype, shape, begin, end }) => [
      name,
      storedTensor(name, dtype, shape, data.subarray(begin, end)),
    ]),
  );
}

function split(bytes: Uint8Array): { header: object; data: Uint8Array } {
  // A header begins with a brace.
  const foreign = bytes[8] === 0x7b ? undefined : foreignFormat(bytes);
  if (foreign !== undefined) throw new DataError(foreign);
  if (bytes.length < 8)
    throw new DataError(
      `a safetensors file starts with an 8-byte length, but this file has only ${bytes.length} bytes`,
    );
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > maxHeader)
    throw new DataError(
      `is not a safetensors file, or is damaged: its header would have ${length} bytes, more than ${maxHeader}`,
    );
  const end = 8 + Number(length);
  if (end > bytes.length)
    throw new DataError(
      `the header would have ${length} bytes, but only ${bytes.length - 8} follow: is the file truncated?`,
    );
  const header = parseHeader(bytes.subarray(8, end));
  const metadata = field(header, "__metadata__") ?? {};
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new DataError("`__metadata__` in the header is not an object of strings");
  }
  return { header, data: bytes.subarray(end) };
}

function parseHeader(bytes: Uint8Array): object {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw new DataError("the header is not JSON: is this a safetensors file?");
  }
  if (!text.startsWith("{") || !isObject(header)) throw new DataError("the header is not a JSON object");
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new DataError(`the header lists ${quote(twice)} twice`);
  return header;
}

function checkTensor(name: string, info: unknown, available: number) {
  const dtype = field(info, "dtype");
  if (typeof dtype !== "string" || !isDType(dtype)) throw new DataError(`tensor ${quote(name)} has an unknown dtype`);
  const shape = checkShape(name, field(info, "shape"));
  const [begin, end, ...others] = items(field(info, "data_offsets"));
  if (!isNatural(begin) || !isNatural(end) || begin > end || others.length > 0)
    throw new DataError(`tensor ${quote(name)} has invalid offsets`);
  if (end > available) {
    throw new DataError(`tensor ${quote(name)} ends at byte ${end} of ${available}: is the file truncated?`);
  }
  const needed = byteLength(shape, dtypeBits[dtype]);
  if (needed !== end - begin) {
    throw new DataError(
      `tensor ${quote(name)} has ${end - begin} bytes, which does not match ${dtype} [${shape.join(", ")}]`,
    );
  }
  return { name, dtype, shape, begin, end };
}

const isDType = (name: string): name is keyof typeof dtypeBits => Object.hasOwn(dtypeBits, name);

export type WritableDType = Extract<StoredDType, "F32" | "F16" | "BF16" | "I32" | "BOOL">;

/** How each dtype is stored without loss. */
export const plainDType = { f32: "F32", i32: "I32", bool: "BOOL" } as const;

/**
 * Returns the bytes of a safetensors file; the same arguments give the same bytes. To align every tensor, the header is padded
 * with spaces to a multiple of 8, and wider dtypes come first. Tensors of equal width keep the map's order. `dtype` chooses
 * how a tensor is stored; by default, `f32` becomes F32, `i32` I32 and `bool` BOOL.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NdArray>,
  options: {
    readonly dtype?: (name: string, tensor: NdArray) => WritableDType;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): Uint8Array {
  const { dtype: dtypeOf = (_, tensor) => plainDType[tensor.dtype], metadata } = options;
  const chosen = [...tensors].map(([name, tensor]) => ({ name, tensor, dtype: dtypeOf(name, tensor) }));
  const parts: Uint8Array[] = [];
  const header: (readonly [string, object])[] = metadata === undefined ? [] : [["__metadata__", metadata]];
  let position = 0;
  for (const { name, tensor, dtype } of chosen.toSorted((a, b) => dtypeBits[b.dtype] - dtypeBits[a.dtype])) {
    invariant(tensor.data.length === elements(tensor.shape), `the data of tensor ${name} do not match its shape`);
    const part = encode(tensor, dtype);
    header.push([name, { dtype, shape: tensor.shape, data_offsets: [position, position + part.length] }]);
    parts.push(part);
    position += part.length;
  }
  // Built by hand, because an object would put integer-like names first and lose `__proto__`.
  const json = `{${header.map(([name, info]) => `${JSON.stringify(name)}:${JSON.stringify(info)}`).join(",")}}`;
  const encoded = new TextEncoder().encode(json);
  const length = Math.ceil(encoded.length / 8) * 8;
  const file = new Uint8Array(8 + length + position).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(encoded, 8);
  let offset = 8 + length;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}

function encode({ data }: NdArray, dtype: WritableDType): Uint8Array {
  const encoders = {
    F32: () => new Float32Array(data),
    F16: () => f32ToF16(data),
    BF16: () => f32ToBf16(data),
    I32: () => new Int32Array(data),
    BOOL: () => new Uint8Array(data).map((value) => Math.min(value, 1)),
  };
  return new Uint8Array(encoders[dtype]().buffer);
}
