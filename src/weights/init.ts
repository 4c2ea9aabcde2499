/** @file Initialises weights from PyTorch's distributions. Each tensor has its own random generator. */
import { dtypeOf, shapeOf, type ManifestEntry } from "../contract/manifest.ts";
import { elements, typedArrays, type NdArray } from "../contract/ndarray.ts";
import { unreachable } from "../source/internal-error.ts";

/**
 * Returns the initial value of a weight. It depends only on the seed, the path and the entry, so adding a layer changes no
 * other weight. `kaiming` is PyTorch's default for layers, kaiming-uniform with a = √5: U(−b, b) with b = 1/√fan_in, which
 * is also its bound for biases. `glorot` has b = √(6/(fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16).
 */
export function initialise(entry: ManifestEntry, seed: number): NdArray {
  const [shape, dtype] = [shapeOf(entry), dtypeOf(entry)];
  const data = new Float32Array(elements(shape));
  const random = xoshiro128(seed, entry.path);
  const uniform = (bound: number) => data.map(() => (2 * random() - 1) * bound);
  const { init, fan } = entry;
  switch (init.kind) {
    case "kaiming":
      return { dtype: "f32", shape, data: uniform(1 / Math.sqrt(fan.in)) };
    case "glorot":
      return { dtype: "f32", shape, data: uniform(Math.sqrt(6 / (fan.in + fan.out))) };
    case "uniform":
      return { dtype: "f32", shape, data: uniform(init.value) };
    case "normal":
      return { dtype: "f32", shape, data: data.map(() => normal(random) * init.value) };
    case "constant":
      return { dtype, shape, data: new typedArrays[dtype](data.length).fill(init.value) };
    default:
      return unreachable(init);
  }
}

/** Draws a standard normal number from two uniform ones (Box–Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * xoshiro128** 1.1 by Blackman and Vigna (public domain, prng.di.unimi.it). Returns the upper 24 bits of each output, as many
 * as float32 can hold, as a number in [0, 1). Its state is four hashes of the path's UTF-16 code units (FNV-1a with
 * MurmurHash3's finaliser), each starting from a different value derived from the seed.
 */
function xoshiro128(seed: number, path: string): () => number {
  const hash = (salt: number) => {
    let h = mix(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85eb_ca6b) ^ salt) ^ 0x811c_9dc5;
    for (let i = 0; i < path.length; i++) h = Math.imul(h ^ path.charCodeAt(i), 0x0100_0193);
    return mix(h);
  };
  let [a, b, c, d] = [hash(1), hash(2), hash(3), hash(4)];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return (result >>> 8) / 2 ** 24;
  };
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** The finaliser of MurmurHash3 (Appleby, public domain): each input bit affects half the bits of the result. */
function mix(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return x ^ (x >>> 16);
}
