/** @file NumPy's .npy format: a single unnamed array (numpy.lib.format, versions 1.0 and 2.0). */
import { elements, transpose, type DType, type NdArray } from "../contract/ndarray.ts";
import { invariant } from "../source/internal-error.ts";
import { DataError, quote } from "./data-error.ts";
import { foreignFormat } from "./foreign.ts";
import { byteLength, checkShape, dtypeBits, storedTensor, type StoredTensor } from "./tensors.ts";

const magic = "\x93NUMPY";
/** The maximum header length in bytes. This is NumPy's own limit. */
const maxHeader = 10_000;

const dtypes = new Map(
  Object.entries({
    "<f8": "F64",
    "<f4": "F32",
    "<f2": "F16",
    "<i8": "I64",
    "<i4": "I32",
    "<i2": "I16",
    "|i1": "I8",
    "<u4": "U32",
    "<u2": "U16",
    "|u1": "U8",
    "|b1": "BOOL",
  } as const),
);

/** Whether the bytes begin like a .npy file. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic === String.fromCharCode(...bytes.subarray(0, magic.length));
}

/** Reads an array of numbers, in C or Fortran order. @throws DataError */
export function readNpy(bytes: Uint8Array): NdArray {
  return npyTensor(bytes).read();
}

/** Opens an array of numbers, in C or Fortran order. @throws DataError */
export function npyTensor(bytes: Uint8Array): StoredTensor {
  if (bytes.length === 0) throw new DataError("is empty");
  if (!isNpy(bytes)) throw new DataError(foreignFormat(bytes) ?? "this is not a .npy file");
  if (bytes.length < 12) throw new DataError("this is not a .npy file, or it ends inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const version = bytes[6]!;
  if (version !== 1 && version !== 2) throw new DataError(`version ${version} of .npy is not supported`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeader) throw new DataError(`the header would have ${length} bytes, more than ${maxHeader}`);
  if (start + length > bytes.length) throw new DataError("the file ends inside its header: is it truncated?");
  const header = parseHeader(String.fromCharCode(...bytes.subarray(start, start + length)));
  const dtype = dtypes.get(header.descr);
  if (dtype === undefined)
    throw new DataError(`dtype ${quote(header.descr)} is not supported (Fuse reads ${[...dtypes.keys()].join(", ")})`);
  const data = bytes.subarray(start + length);
  const needed = byteLength(header.shape, dtypeBits[dtype]);
  if (needed !== data.length) {
    const shape = `[${header.shape.join(", ")}]`;
    throw new DataError(`${data.length} bytes of data do not match ${header.descr} ${shape}: is the file truncated?`);
  }
  const stored = storedTensor("array", dtype, header.shape, data);
  if (!header.fortran) return stored;
  const reversed = storedTensor("array", dtype, header.shape.toReversed(), data);
  return { ...stored, read: () => transpose(reversed.read(), [...header.shape.keys()].reverse()) };
}

/** Parses the header: a Python dictionary literal with exactly three keys. Anything else is refused. */
function parseHeader(text: string) {
  const wrong = new DataError("the header is not one that NumPy writes for a numeric array");
  const literal = text.trim();
  if (!literal.startsWith("{") || !literal.endsWith("}")) throw wrong;
  const body = literal.slice(1, -1);
  const values = new Map<string, string>();
  const pair = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\dL,\s]*\))\s*(,|$)\s*/y;
  while (pair.lastIndex < body.length) {
    const [, key, value] = pair.exec(body) ?? [];
    if (key === undefined || value === undefined || values.has(key)) throw wrong;
    values.set(key, value);
  }
  const [descr, fortran, tuple] = ["descr", "fortran_order", "shape"].map((key) => values.get(key) ?? "");
  const sizes = (tuple ?? "").slice(1, -1).split(",");
  // `(3,)` and `(3, 4, )` end with a comma; `()` has no sizes.
  if (sizes.at(-1)?.trim() === "") sizes.pop();
  const shape = sizes.map((size) => (/^\s*\d+L?\s*$/.test(size) ? parseInt(size, 10) : NaN));
  if (values.size !== 3 || !descr?.startsWith("'") || (fortran !== "True" && fortran !== "False")) throw wrong;
  return { descr: descr.slice(1, -1), fortran: fortran === "True", shape: checkShape("array", shape) };
}

const written: Readonly<
  Record<DType, { readonly descr: string; readonly bytes: (data: ArrayLike<number>) => ArrayBufferView }>
> = {
  f32: { descr: "<f4", bytes: (data) => new Float32Array(data) },
  i32: { descr: "<i4", bytes: (data) => new Int32Array(data) },
  bool: { descr: "|b1", bytes: (data) => new Uint8Array(data).map((value) => Math.min(value, 1)) },
};

/** Returns the bytes of a .npy file, version 1.0, in C order: `f32` as `<f4`, `i32` as `<i4`, `bool` as `|b1`. */
export function writeNpy({ dtype, shape, data }: NdArray): Uint8Array {
  invariant(data.length === elements(shape), "the data do not match the shape");
  const { descr, bytes } = written[dtype];
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const text = `${magic}\x01\x00${String.fromCharCode(length & 255, length >> 8)}${header.padEnd(length - 1)}\n`;
  const values = bytes(data);
  const file = new Uint8Array(text.length + values.byteLength);
  for (let i = 0; i < text.length; i++) file[i] = text.charCodeAt(i);
  file.set(new Uint8Array(values.buffer), text.length);
  return file;
}
