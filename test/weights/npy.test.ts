/** @file The .npy format: NumPy's files, round trips, and rejected files. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { DataError } from "../../src/weights/data-error.ts";
import { isNpy, readNpy, writeNpy } from "../../src/weights/npy.ts";

function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length, header.length >> 8, 0, 0];
  const start = [0x93, ...Buffer.from("NUMPY"), version, 0, ...length.map((byte) => byte & 255)];
  return Uint8Array.from([...start, ...Buffer.from(header), ...data]);
}
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const floats = bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5));
const header = (descr: string, fortran: string, shape: string) =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

test.each<[string, ArrayBufferView, number[]]>([
  ["<f8", Float64Array.of(0.1, -2), [0.1, -2]],
  ["<f4", Float32Array.of(0.5, -2), [0.5, -2]],
  ["<f2", Uint16Array.of(0x3800, 0xc000), [0.5, -2]],
  ["<i8", BigInt64Array.of(5n, -2n), [5, -2]],
  ["<i4", Int32Array.of(5, -2), [5, -2]],
  ["|u1", Uint8Array.of(255, 2), [255, 2]],
  ["|b1", Uint8Array.of(1, 0), [1, 0]],
])("reads %s", (descr, data, values) => {
  expect([...readNpy(npy(header(descr, "False", "(2,)"), bytesOf(data))).data]).toEqual(values);
});

test("reads C and Fortran order, both versions, scalars and empty arrays", () => {
  expect(readNpy(npy(header("<f4", "False", "(2, 3)"), floats))).toMatchObject({ shape: [2, 3] });
  const fortran = readNpy(npy(header("<f4", "True", "(2, 3)"), floats, 2));
  expect([fortran.shape, [...fortran.data]]).toEqual([
    [2, 3],
    [0, 2, 4, 1, 3, 5],
  ]);
  expect(readNpy(npy(header("<f4", "False", "()"), floats.subarray(0, 4))).shape).toEqual([]);
  expect(readNpy(npy(header("<f4", "False", "(0, 3)"), new Uint8Array())).shape).toEqual([0, 3]);
  expect(readNpy(npy("{'shape':(6L,),'fortran_order':False,'descr':'<f4'}", floats)).shape).toEqual([6]);
});

test("writes what NumPy writes", () => {
  const written = writeNpy({ dtype: "i32", shape: [2], data: Int32Array.of(1, -1) });
  const text = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + "\n";
  expect(written).toEqual(npy(text, bytesOf(Int32Array.of(1, -1))));
  expect(written.length % 64).toBe(8);
});

test.each<NdArray>([
  { dtype: "f32", shape: [2, 1, 2], data: Float32Array.of(1.5, NaN, -0, Infinity) },
  { dtype: "i32", shape: [], data: Int32Array.of(-7) },
  { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
])("$dtype comes back", (array) => {
  const bytes = writeNpy(array);
  expect(isNpy(bytes)).toBe(true);
  expect(readNpy(bytes)).toEqual(array);
});

describe("refuses", () => {
  const good = header("<f4", "False", "(6,)");
  test.each<[string, Uint8Array, RegExp]>([
    ["another file", Buffer.from("hello, world, hello"), /not a .npy file/],
    ["only the first bytes", npy("", new Uint8Array()), /not a .npy file/],
    ["version 3", npy(good, floats).with(6, 3), /version 3/],
    ["a header of 4 GB", npy(good, floats, 2).fill(255, 8, 12), /would have 4294967295 bytes/],
    ["a cut header", npy(good, floats).subarray(0, 40), /ends inside its header/],
    ["cut data", npy(good, floats.subarray(1)), /23 bytes of data do not match <f4 \[6\]: is the file truncated/],
    ["data beyond the end", npy(good, Uint8Array.of(...floats, 0)), /25 bytes/],
    ["big-endian numbers", npy(header(">f4", "False", "(6,)"), floats), /dtype ">f4" is not supported/],
    ["objects", npy(header("|O", "False", "(6,)"), floats), /dtype "\|O" is not supported/],
    [
      "records",
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}", floats),
      /not one that NumPy writes/,
    ],
    ["code", npy("{'descr': '<f4', 'fortran_order': exit(), 'shape': (6,)}", floats), /not one that NumPy writes/],
    [
      "a key twice",
      npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", floats),
      /not one that/,
    ],
    ["a fourth key", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': True}", floats), /not one that/],
    ["a missing key", npy("{'descr': '<f4', 'fortran_order': False}", floats), /not one that/],
    ["no dictionary", npy("(6,)", floats), /not one that/],
    ["a negative size", npy(header("<f4", "False", "(-6,)"), floats), /not one that/],
    ["an empty size", npy(header("<f4", "False", "(6,,1)"), floats), /invalid shape/],
    ["a huge size", npy(header("<f4", "False", "(99999999999999999999,)"), floats), /invalid shape/],
    ["sizes that overflow", npy(header("<f4", "False", "(4294967296, 4294967296)"), floats), /do not match/],
  ])("%s", (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(DataError);
    expect(() => readNpy(bytes)).toThrow(message);
  });
});
