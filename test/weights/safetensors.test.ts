/** @file The safetensors format: round trips, and hostile files. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { DataError } from "../../src/weights/data-error.ts";
import { readSafetensors, writeSafetensors } from "../../src/weights/safetensors.ts";

/** Returns a file with this header and `data` bytes of data. `length` is the claimed header length. */
function file(header: string, data = 0, length = BigInt(new TextEncoder().encode(header).length)): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  bytes.set(text, 8);
  return bytes;
}
const one = (fields: string, data = 8) => file(`{"a":{${fields}}}`, data);
const f32 = (shape: string, offsets: string) => `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;

describe("refuses", () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(), /starts with an 8-byte length, but this file has only 0 bytes/],
    ["a header of 10 GB", file("{}", 0, 10_000_000_000n), /would have 10000000000 bytes, more than 100000000/],
    ["the largest length", file("{}", 0, 2n ** 64n - 1n), /18446744073709551615 bytes, more than/],
    ["a header beyond the end", file("{}", 0, 3n), /only 2 follow: is the file truncated/],
    ["a header that is no JSON", file("{'a': 1}"), /not JSON/],
    ["a header in no UTF-8", file("{}").with(9, 0xff), /not JSON/],
    ["a header with a byte order mark", file("\ufeff{}"), /not JSON/],
    ["an array", file("[]"), /not a JSON object/],
    ["white space before the object", file(" {}"), /not a JSON object/],
    ["nesting without end", file(`{"a":${deep}}`), /unknown dtype/],
    ["a name twice", file(`{"a":${f32("[1]", "[0,4]")},"a":${f32("[1]", "[0,4]")}}`, 4), /lists "a" twice/],
    [
      "a name twice, escaped",
      file(`{"a":${f32("[1]", "[0,4]")},"\\u0061":${f32("[1]", "[0,4]")}}`, 4),
      /lists "a" twice/,
    ],
    ["a field twice", one(`"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]`), /lists "dtype" twice/],
    ["metadata that are not texts", file(`{"__metadata__":{"a":1}}`), /not an object of strings/],
    ["metadata that are a text", file(`{"__metadata__":"a"}`), /not an object of strings/],
    ["a tensor that is a number", file(`{"a":1}`), /"a" has an unknown dtype/],
    ["a dtype that is not there", one(`"shape":[2],"data_offsets":[0,8]`), /unknown dtype/],
    ["an unknown dtype", one(`"dtype":"F31","shape":[2],"data_offsets":[0,8]`), /unknown dtype/],
    ["a dtype off the prototype", one(`"dtype":"toString","shape":[2],"data_offsets":[0,8]`), /unknown dtype/],
    ["a negative size", one(`"dtype":"F32","shape":[-2],"data_offsets":[0,8]`), /invalid shape/],
    ["a fractional size", one(`"dtype":"F32","shape":[0.5,4],"data_offsets":[0,8]`), /invalid shape/],
    ["a size that is a text", one(`"dtype":"F32","shape":["2"],"data_offsets":[0,8]`), /invalid shape/],
    ["a shape that is a number", one(`"dtype":"F32","shape":2,"data_offsets":[0,8]`), /invalid shape/],
    ["a thousand axes", one(`"dtype":"F32","shape":[${"1,".repeat(999)}2],"data_offsets":[0,8]`), /invalid shape/],
    [
      "sizes that overflow",
      one(`"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]`),
      /does not match/,
    ],
    ["overflow beside a zero", one(`"dtype":"F32","shape":[0,1e15,1e15],"data_offsets":[0,0]`, 0), /does not match/],
    ["no offsets", one(`"dtype":"F32","shape":[2]`), /invalid offsets/],
    ["three offsets", one(`"dtype":"F32","shape":[2],"data_offsets":[0,8,8]`), /invalid offsets/],
    ["negative offsets", one(`"dtype":"F32","shape":[2],"data_offsets":[-8,0]`), /invalid offsets/],
    ["fractional offsets", one(`"dtype":"F32","shape":[2],"data_offsets":[0.5,8.5]`), /invalid offsets/],
    ["offsets in the wrong order", one(`"dtype":"F32","shape":[2],"data_offsets":[8,0]`), /invalid offsets/],
    ["huge offsets", one(`"dtype":"F32","shape":[2],"data_offsets":[0,1e300]`), /invalid offsets/],
    [
      "offsets beyond the end",
      one(`"dtype":"F32","shape":[4],"data_offsets":[0,16]`),
      /ends at byte 16 of 8: is the file truncated/,
    ],
    [
      "too few bytes for the dtype",
      one(`"dtype":"F64","shape":[2],"data_offsets":[0,8]`),
      /8 bytes, which does not match F64 \[2\]/,
    ],
    ["too many bytes for the dtype", one(`"dtype":"F16","shape":[2],"data_offsets":[0,8]`), /does not match F16 \[2\]/],
    ["bits that fill no bytes", one(`"dtype":"F4","shape":[3],"data_offsets":[0,1]`, 1), /does not match F4 \[3\]/],
    ["an overlap", file(`{"a":${f32("[2]", "[0,8]")},"b":${f32("[2]", "[4,12]")}}`, 12), /"b" overlaps/],
    ["the same bytes twice", file(`{"a":${f32("[2]", "[0,8]")},"b":${f32("[2]", "[0,8]")}}`, 8), /"b" overlaps/],
    ["a gap", file(`{"a":${f32("[1]", "[0,4]")},"b":${f32("[1]", "[8,12]")}}`, 12), /gap of 4 bytes before tensor "b"/],
    ["a gap at the start", file(`{"a":${f32("[1]", "[4,8]")}}`, 8), /gap of 4 bytes before tensor "a"/],
    ["bytes at the end", file(`{"a":${f32("[1]", "[0,4]")}}`, 5), /1 bytes at the end/],
    [
      "a name that acts on terminals",
      file(`{"\\u001b[2J\\u009b\\u202e":1}`),
      /"\\u\{1b\}\[2J\\u\{9b\}\\u\{202e\}" has/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(DataError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  test("claims beyond the file's size, before allocating memory", () => {
    const claims = [
      file("{}", 0, 10_000_000_000n),
      one(`"dtype":"F32","shape":[2500000000],"data_offsets":[0,10000000000]`),
      one(`"dtype":"F32","shape":[2500000000],"data_offsets":[0,8]`),
      one(`"dtype":"F32","shape":[2],"data_offsets":[9999999992,10000000000]`),
      one(`"dtype":"F64","shape":[9007199254740991],"data_offsets":[0,72057594037927928]`),
    ];
    for (const claim of claims) {
      const before = process.memoryUsage().arrayBuffers;
      expect(() => readSafetensors(claim)).toThrow(DataError);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    }
  });

  test("every truncation", () => {
    const bytes = writeSafetensors(new Map([["a", { dtype: "f32", shape: [3], data: Float32Array.of(1, 2, 3) }]]));
    for (let end = 0; end < bytes.length; end++)
      expect(() => readSafetensors(bytes.subarray(0, end))).toThrow(DataError);
  });
});

describe("reads", () => {
  test("names of built-in object properties", () => {
    const names = ["__proto__", "constructor", "toString", "7"];
    const tensors = new Map(
      names.map((name, i) => [name, { dtype: "i32", shape: [], data: Int32Array.of(i) } as const]),
    );
    const source = readSafetensors(writeSafetensors(tensors));
    expect([...source.keys()].toSorted()).toEqual(names.toSorted());
    expect(names.map((name) => source.get(name)?.read().data[0])).toEqual([0, 1, 2, 3]);
  });

  test("every supported dtype, and lists the others", () => {
    const sections = [
      ["I64", new BigInt64Array([-5n, 7n])],
      ["U64", new BigUint64Array([0n, 2n ** 40n])],
      ["F64", Float64Array.of(0.1, -2)],
      ["C64", Float32Array.of(1, 2, 3, 4)],
      ["U32", Uint32Array.of(1, 2 ** 31)],
      ["I16", Int16Array.of(-3, 4)],
      ["U16", Uint16Array.of(3, 65535)],
      ["BF16", Uint16Array.of(0x3f80, 0xc000)],
      ["I8", Int8Array.of(-1, 1)],
      ["U8", Uint8Array.of(255, 1)],
      ["BOOL", Uint8Array.of(0, 9)],
      ["F8_E4M3", Uint8Array.of(0, 9)],
    ] as const;
    let position = 0;
    const header = sections.map(([dtype, { byteLength }]) => {
      position += byteLength;
      return `"${dtype}":{"dtype":"${dtype}","shape":[2],"data_offsets":[${position - byteLength},${position}]}`;
    });
    const bytes = file(`{${header.join()}}`, position);
    let end = bytes.length - position;
    for (const [, { buffer }] of sections) {
      bytes.set(new Uint8Array(buffer), end);
      end += buffer.byteLength;
    }
    const source = readSafetensors(bytes);
    const read = (name: string) => {
      const { dtype, data } = source.get(name)!.read();
      return [dtype, ...data];
    };
    expect(source.get("C64")).toMatchObject({ dtype: "C64", shape: [2] });
    expect(read("I64")).toEqual(["i32", -5, 7]);
    expect(() => read("U64")).toThrow(/"U64" contains 1099511627776 at \[1\], which does not fit in 32 bits/);
    expect(read("F64")).toEqual(["f32", 0.1, -2]);
    expect(() => read("C64")).toThrow(/has dtype C64, which Fuse does not support/);
    expect(() => read("F8_E4M3")).toThrow(DataError);
    expect(() => read("U32")).toThrow(/2147483648/);
    expect(read("I16")).toEqual(["i32", -3, 4]);
    expect(read("U16")).toEqual(["i32", 3, 65535]);
    expect(read("BF16")).toEqual(["f32", 1, -2]);
    expect(read("I8")).toEqual(["i32", -1, 1]);
    expect(read("U8")).toEqual(["i32", 255, 1]);
    expect(read("BOOL")).toEqual(["bool", 0, 1]);
  });

  test("a file that PyTorch wrote", () => {
    const source = readSafetensors(readFileSync(new URL("../golden/se.safetensors", import.meta.url)));
    expect([...source.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual(
      expect.arrayContaining([["in.x", "F32", [2, 32, 8, 10]]]),
    );
    expect(source.get("out.y")?.read().data.every(Number.isFinite)).toBe(true);
  });

  test("from any offset in memory, into new arrays", () => {
    const written = writeSafetensors(new Map([["a", { dtype: "f32", shape: [1], data: Float32Array.of(1.5) }]]));
    const shifted = new Uint8Array(written.length + 1);
    shifted.set(written, 1);
    const tensor = readSafetensors(shifted.subarray(1)).get("a")!;
    const first = tensor.read();
    first.data[0] = 9;
    expect(tensor.read().data[0]).toBe(1.5);
  });
});

describe("writes", () => {
  test("wider dtypes first, the header padded, the same bytes each time", () => {
    const tensors = new Map<string, NdArray>([
      ["mask", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }],
      ["half", { dtype: "f32", shape: [1], data: Float32Array.of(0.1) }],
      ["full", { dtype: "f32", shape: [1], data: Float32Array.of(0.1) }],
    ]);
    const dtype = (name: string, tensor: NdArray) =>
      name === "half" ? "F16" : tensor.dtype === "bool" ? "BOOL" : "F32";
    const bytes = writeSafetensors(tensors, { dtype, metadata: { format: "pt" } });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toMatch(
      /^\{"__metadata__":\{"format":"pt"\},"full":.*"half":.*"mask":\{"dtype":"BOOL","shape":\[3\],"data_offsets":\[6,9\]\}\} *$/,
    );
    expect(length % 8).toBe(0);
    expect(writeSafetensors(tensors, { dtype, metadata: { format: "pt" } })).toEqual(bytes);
    expect(readSafetensors(bytes).get("half")?.read().data[0]).toBeCloseTo(0.1, 4);
  });

  test("files that it reads back exactly", () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 });
    const tensor = shape.chain((sizes) => {
      const length = sizes.reduce((a, b) => a * b, 1);
      return fc.oneof(
        fc
          .float32Array({ minLength: length, maxLength: length })
          .map((data): NdArray => ({ dtype: "f32", shape: sizes, data })),
        fc
          .int32Array({ minLength: length, maxLength: length })
          .map((data): NdArray => ({ dtype: "i32", shape: sizes, data })),
      );
    });
    const files = fc.dictionary(
      fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__"),
      tensor,
    );
    fc.assert(
      fc.property(files, (tensors) => {
        const source = readSafetensors(writeSafetensors(new Map(Object.entries(tensors))));
        const read = [...source].map(([name, stored]) => [name, stored.read()]);
        expect(Object.fromEntries(read)).toEqual(tensors);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("and any changed byte is read or rejected, without a crash", () => {
    const bytes = writeSafetensors(new Map([["a", { dtype: "f32", shape: [2, 3], data: new Float32Array(6) }]]));
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = changes.reduce((file, { at, to }) => file.with(at, to), bytes);
        try {
          for (const tensor of readSafetensors(changed).values()) tensor.read();
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
