/** @file Instructions for 32-bit integers, which are also addresses. */
import { signed, unsigned } from "./bytes.ts";
import { instructions, operation, set, type Expression, type I32, type Local, type Statement } from "./code.ts";

type Two = ["i32", "i32"];
const two = (opcode: number) => operation<"i32", Two>("i32", opcode);

export const int = (n: number): I32 => ({ type: "i32", code: [0x41, signed(n)] });

export const i32 = {
  eqz: operation<"i32", ["i32"]>("i32", 0x45),
  eq: two(0x46),
  ne: two(0x47),
  lt: two(0x48),
  ltUnsigned: two(0x49),
  gt: two(0x4a),
  ge: two(0x4e),
  add: two(0x6a),
  sub: two(0x6b),
  mul: two(0x6c),
  div: two(0x6d),
  divUnsigned: two(0x6e),
  rem: two(0x6f),
  remUnsigned: two(0x70),
  and: two(0x71),
  or: two(0x72),
  shl: two(0x74),
  shrUnsigned: two(0x76),
};

/** Reads 4 bytes. */
export const loadInt = (address: I32, offset = 0): I32 => ({
  type: "i32",
  code: [address, 0x28, 2, unsigned(offset)],
});

export const storeInt = (address: I32, value: I32, offset = 0): Statement =>
  instructions(address, value, 0x36, 2, unsigned(offset));

/** Copies bytes that do not overlap. */
export const copyBytes = (to: I32, from: I32, count: I32): Statement => instructions(to, from, count, 0xfc, 10, 0, 0);

/** Adds to a local variable. */
export const increase = (local: Local<"i32">, by: I32 | number): Statement =>
  by === 0 ? [] : set(local, i32.add(local, typeof by === "number" ? int(by) : by));

/** An address plus a number of bytes. */
export const plus = (address: I32, bytes: number): I32 => (bytes === 0 ? address : i32.add(address, int(bytes)));

/** An integer times a number. */
export const times = (n: I32, factor: number): I32 => (factor === 1 ? n : i32.mul(n, int(factor)));

/** The value of one expression if a condition holds, else of the other. Evaluates both. */
export const either = <T extends "i32">(a: Expression<T>, b: Expression<T>, condition: I32): Expression<T> => ({
  type: a.type,
  code: [a, b, condition, 0x1b],
});
