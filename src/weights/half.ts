/** @file Converts IEEE binary16 and bfloat16 bit patterns to and from float32, rounding to nearest, ties to even. */

/** Converts binary16 to float32, exactly. NaNs lose their payload. */
export function f16ToF32(bits: Uint16Array): Float32Array {
  // The value of the last of the 10 fraction bits, by exponent field. Subnormals (field 0) have the exponent of field 1.
  const ulp = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const exponent = (bits[i]! >>> 10) & 31;
    const fraction = bits[i]! & 0x3ff;
    let value: number;
    if (exponent === 31) value = fraction === 0 ? Infinity : NaN;
    else value = (exponent === 0 ? fraction : fraction + 1024) * ulp[exponent]!;
    values[i] = bits[i]! & 0x8000 ? -value : value;
  }
  return values;
}

/** Converts values to binary16, after rounding to float32. Magnitudes of 65520 and more become infinite. */
export function f32ToF16(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return fromBits(values, (magnitude) => {
    if (magnitude > 0x7f80_0000) return 0x7e00;
    if (magnitude >= 0x477f_f000) return 0x7c00;
    // Normal results: subtract the difference of the exponent biases (127 - 15) and drop 13 fraction bits.
    if (magnitude >= 0x3880_0000) return roundedShift(magnitude - (112 << 23), 13);
    // Subnormal results are multiples of 2^-24; values below half of that become zero.
    const exponent = magnitude >>> 23;
    return exponent < 102 ? 0 : roundedShift((magnitude & 0x7f_ffff) | 0x80_0000, 126 - exponent);
  });
}

/** Magnitudes that become infinite, and those that become zero: half a step from the largest and the smallest number. */
const limits = {
  F16: { infinite: 65520, zero: 2 ** -25 },
  BF16: { infinite: (2 - 2 ** -8) * 2 ** 127, zero: 2 ** -134 },
} as const;

/** Counts the finite values that would become infinite, and the others that would become zero. */
export function losses(values: ArrayLike<number>, dtype: keyof typeof limits): { infinite: number; zero: number } {
  const limit = limits[dtype];
  let [infinite, zero] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(Math.fround(values[i]!));
    if (magnitude >= limit.infinite && magnitude < Infinity) infinite++;
    else if (magnitude <= limit.zero && magnitude > 0) zero++;
  }
  return { infinite, zero };
}

/** Converts bfloat16 to float32, exactly. */
export function bf16ToF32(bits: Uint16Array): Float32Array {
  const values = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = bits[i]! << 16;
  return new Float32Array(values.buffer);
}

/** Converts values to bfloat16, after rounding to float32. */
export function f32ToBf16(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return fromBits(values, (magnitude) => (magnitude > 0x7f80_0000 ? 0x7fc0 : roundedShift(magnitude, 16)));
}

/** Converts the bits below the sign bit, which stays the highest bit. */
function fromBits(values: ArrayLike<number>, convert: (magnitude: number) => number): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(new Float32Array(values).buffer);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = ((bits[i]! >>> 16) & 0x8000) | convert(bits[i]! & 0x7fff_ffff);
  return halves;
}

/** Returns `n / 2^shift`, rounded to nearest, ties to even, for `n` below 2^31. */
function roundedShift(n: number, shift: number): number {
  const quotient = n >>> shift;
  const rest = n & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}
