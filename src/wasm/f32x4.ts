/** @file Instructions for vectors of four elements: floats, integers and masks. Some work on two doubles. */
import { unsigned, type Code } from "./bytes.ts";
import {
  bytesOf,
  instructions,
  operation,
  type Expression,
  type F32,
  type I32,
  type Statement,
  type V128,
} from "./code.ts";

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
const one = (opcode: number) => operation<"v128", ["v128"]>("v128", simd(opcode));
const two = (opcode: number) => operation<"v128", ["v128", "v128"]>("v128", simd(opcode));
const three = (opcode: number) => operation<"v128", ["v128", "v128", "v128"]>("v128", simd(opcode));
const shift = (opcode: number) => operation<"v128", ["v128", "i32"]>("v128", simd(opcode));
const constant = (bytes: Uint8Array): V128 => ({ type: "v128", code: [simd(12), bytes] });

/** Four floats. NaN never becomes a number in `min` and `max`; `pmin(a, b)` is b < a ? b : a, `pmax(a, b)` a < b ? b : a. */
export const f32x4 = {
  of: (x: number): V128 => constant(bytesOf(new Float32Array(4).fill(x))),
  ceil: one(0x67),
  floor: one(0x68),
  /** Halves go to the even integer. */
  nearest: one(0x6a),
  abs: one(0xe0),
  neg: one(0xe1),
  sqrt: one(0xe3),
  add: two(0xe4),
  sub: two(0xe5),
  mul: two(0xe6),
  div: two(0xe7),
  min: two(0xe8),
  max: two(0xe9),
  pmin: two(0xea),
  pmax: two(0xeb),
  eq: two(0x41),
  ne: two(0x42),
  lt: two(0x43),
  gt: two(0x44),
  le: two(0x45),
  ge: two(0x46),
  ofInts: one(0xfa),
  /** Demotes two doubles to the first two floats; the others are 0. */
  ofDoubles: one(0x5e),
};

/** Four integers of 32 bits. */
export const i32x4 = {
  of: (x: number): V128 => constant(bytesOf(new Int32Array(4).fill(x))),
  /** A constant with a number for each lane. */
  lanes: (numbers: readonly number[]): V128 => constant(bytesOf(Int32Array.from(numbers))),
  splat: operation<"v128", ["i32"]>("v128", simd(0x11)),
  eq: two(0x37),
  ne: two(0x38),
  lt: two(0x39),
  gt: two(0x3b),
  le: two(0x3d),
  ge: two(0x3f),
  abs: one(0xa0),
  neg: one(0xa1),
  shl: shift(0xab),
  shr: shift(0xac),
  shrUnsigned: shift(0xad),
  add: two(0xae),
  sub: two(0xb1),
  mul: two(0xb5),
  min: two(0xb6),
  max: two(0xb8),
  /** Drops fractions. NaN becomes 0, and what does not fit the nearest integer that does. */
  truncated: one(0xf8),
};

/** Two doubles. */
export const f64x2 = {
  of: (x: number): V128 => constant(bytesOf(new Float64Array(2).fill(x))),
  /** The first two floats. */
  ofFloats: one(0x5f),
  add: two(0xf0),
  mul: two(0xf2),
};

/** 128 bits. */
export const bits = {
  not: one(0x4d),
  and: two(0x4e),
  /** The bits of the first that the second lacks. */
  andNot: two(0x4f),
  or: two(0x50),
  xor: two(0x51),
  /** The bits of `a` where the mask has ones, else those of `b`. */
  select: three(0x52),
};

/** Whether any bit is 1. */
export const anyTrue = operation<"i32", ["v128"]>("i32", simd(0x53));

const access =
  (opcode: number) =>
  (address: I32, offset = 0): V128 => ({
    type: "v128",
    code: [address, simd(opcode), 2, unsigned(offset)],
  });

export const load = access(0x00);
/** Loads one element into all lanes. */
export const loadSplat = access(0x09);
/** Loads one element; the other lanes are 0. */
export const loadOne = access(0x5c);
/** Loads two elements; the other lanes are 0. */
export const loadTwo = access(0x5d);

/** Loads one element into a lane of a vector. */
export const loadLane = (address: I32, vector: V128, lane: number, offset = 0): V128 => ({
  type: "v128",
  code: [address, vector, simd(0x56), 2, unsigned(offset), lane],
});

export const store = (address: I32, vector: V128, offset = 0): Statement =>
  instructions(address, vector, simd(0x0b), 2, unsigned(offset));

/** Stores one lane. */
export const storeLane = (address: I32, vector: V128, lane: number, offset = 0): Statement =>
  instructions(address, vector, simd(0x5a), 2, unsigned(offset), lane);

/** Stores the first or the last two lanes. */
export const storeHalf = (address: I32, vector: V128, half: 0 | 1, offset = 0): Statement =>
  instructions(address, vector, simd(0x5b), 2, unsigned(offset), half);

/** Takes lanes of two vectors: 0 to 3 are those of `a`, 4 to 7 those of `b`. */
export const shuffle = (a: V128, b: V128, lanes: readonly [number, number, number, number]): V128 => ({
  type: "v128",
  code: [a, b, simd(0x0d), lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3])],
});

/** Returns the integer in a lane. */
export const intIn = (vector: V128, lane: number): I32 => ({ type: "i32", code: [vector, simd(0x1b), lane] });

/** Returns the float in a lane. */
export const floatIn = (vector: V128, lane: number): F32 => ({ type: "f32", code: [vector, simd(0x1f), lane] });

/** Replaces an element. */
export const withLane = (vector: V128, lane: number, value: Expression): V128 => ({
  type: "v128",
  code: [vector, value, simd(value.type === "i32" ? 0x1c : 0x20), lane],
});

/** a * b + c, rounded once, or twice on processors that have no such instruction. Needs relaxed SIMD. */
export const relaxedMadd = three(0x105);
