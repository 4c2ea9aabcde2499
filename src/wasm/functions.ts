/**
 * @file Functions of four floats at a time. Each keeps NaN, and infinities become what they become in float64. Relative errors
 * are a few units in the last place.
 */
import { after, set, type V128 } from "./code.ts";
import { bits, f32x4, i32x4 } from "./f32x4.ts";
import { int } from "./i32.ts";
import type { FunctionBody } from "./module.ts";

const { of } = f32x4;

/** Names a vector that is used more than once. */
export function named(f: FunctionBody, x: V128, use: (x: V128) => V128): V128 {
  const local = f.vector();
  return after(set(local, x), use(local));
}

/** Evaluates a polynomial by Horner's scheme, the coefficient of the highest power first. `x` is read once for each. */
function polynomial(f: FunctionBody, x: V128, [highest, ...others]: readonly number[]): V128 {
  return others.reduce((sum, coefficient) => f.madd(sum, x, of(coefficient)), of(highest!));
}

/** Between two numbers; NaN stays. */
export const clamped = (x: V128, low: number, high: number): V128 => f32x4.pmin(f32x4.pmax(x, of(low)), of(high));

/** The number where the condition is true, else the other. */
export const choose = (condition: V128, a: V128, b: V128): V128 => bits.select(a, b, condition);

/** Natural logarithm of 2 in two parts, the first short enough for exact products. */
const ln2 = [0.693359375, -2.1219444e-4] as const;

/**
 * 1.5 * 2^23, around which floats are integers, and 127 more: the lowest nine bits of the sum with an integer are then the
 * exponent of a float, and all above them vanish when it is shifted there.
 */
const rounding = 12582912 + 127;

/**
 * e^x as p * 2^n, with x between about -104 and 90. `scale` gets a vector of integers whose lowest nine bits are n + 127. The
 * polynomial is that of Cephes' expf.
 */
function exponential(f: FunctionBody, x: V128, scale: (p: V128, n: V128) => V128): V128 {
  return named(f, x, (x) =>
    // Added to a number of moderate size, it rounds it to an integer.
    named(f, f.madd(x, of(Math.LOG2E), of(rounding)), (rounded) =>
      named(f, f32x4.sub(rounded, of(rounding)), (n) =>
        named(f, f.madd(n, of(-ln2[1]), f.madd(n, of(-ln2[0]), x)), (r) => {
          const tail = polynomial(
            f,
            r,
            [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
          );
          const p = f32x4.add(f.madd(tail, f32x4.mul(r, r), r), of(1));
          return scale(p, rounded);
        }),
      ),
    ),
  );
}

/** 2^n for integers n between -126 and 127, of n + 127. */
const power = (biased: V128): V128 => i32x4.shl(biased, int(23));

/** e^x */
export function exp(f: FunctionBody, x: V128): V128 {
  // 2^n in two factors, because n may exceed what an exponent can hold.
  return exponential(f, clamped(x, -104, 89.5), (p, biased) =>
    named(f, i32x4.sub(biased, of(rounding)), (n) =>
      named(f, i32x4.shr(n, int(1)), (half) => {
        const [first, second] = [half, i32x4.sub(n, half)].map((n) => power(i32x4.add(n, i32x4.of(127))));
        return f32x4.mul(f32x4.mul(p, first!), second!);
      }),
    ),
  );
}

/**
 * e^x for x <= 0; 0 below -87.33, where the result would be denormal, which makes processors slow. What is computed there is
 * anything.
 */
export function expOfNegative(f: FunctionBody, x: V128): V128 {
  return named(f, x, (x) =>
    bits.andNot(
      exponential(f, x, (p, biased) => f32x4.mul(p, power(biased))),
      f32x4.lt(x, of(-87.33)),
    ),
  );
}

/** e^x - 1, accurate around 0. */
export function expm1(f: FunctionBody, x: V128): V128 {
  return named(f, x, (x) => {
    const series = [1 / 362880, 1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2];
    const small = f.madd(polynomial(f, x, series), f32x4.mul(x, x), x);
    return choose(f32x4.lt(f32x4.abs(x), of(0.5)), small, f32x4.sub(exp(f, x), of(1)));
  });
}

/** The natural logarithm, as in Cephes' logf. */
export function log(f: FunctionBody, x: V128): V128 {
  const smallestNormal = 2 ** -126;
  return named(f, x, (x) =>
    named(f, f32x4.lt(x, of(smallestNormal)), (isTiny) =>
      named(f, choose(isTiny, f32x4.mul(x, of(2 ** 25)), x), (scaled) => {
        // scaled = m * 2^e with m from 1/sqrt(2) to sqrt(2)
        const half = Math.fround(Math.SQRT1_2);
        const exponent = i32x4.sub(i32x4.shrUnsigned(scaled, int(23)), i32x4.of(126));
        const mantissa = bits.or(bits.and(scaled, i32x4.of(0x007fffff)), i32x4.of(0x3f000000));
        return named(f, mantissa, (m) =>
          named(f, f32x4.lt(m, of(half)), (isLow) =>
            named(f, f32x4.sub(f32x4.add(m, bits.and(m, isLow)), of(1)), (y) => {
              const e = f32x4.sub(f32x4.sub(f32x4.ofInts(exponent), bits.and(of(1), isLow)), bits.and(of(25), isTiny));
              return named(f, e, (e) =>
                named(f, f32x4.mul(y, y), (square) => {
                  const series = polynomial(
                    f,
                    y,
                    [
                      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
                      -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
                    ],
                  );
                  const tail = f.madd(e, of(ln2[1]), f32x4.mul(f32x4.mul(series, y), square));
                  const finite = f.madd(e, of(ln2[0]), f32x4.add(y, f32x4.sub(tail, f32x4.mul(square, of(0.5)))));
                  // The logarithm of 0 is -Infinity, that of a negative number NaN; infinity and NaN stay.
                  const ordinary = choose(f32x4.eq(x, of(0)), of(-Infinity), finite);
                  const real = choose(f32x4.lt(x, of(0)), of(NaN), ordinary);
                  return choose(f32x4.lt(x, of(Infinity)), real, x);
                }),
              );
            }),
          ),
        );
      }),
    ),
  );
}

/** log(1 + x), accurate around 0: W. Kahan's correction of the rounded sum. */
export function log1p(f: FunctionBody, x: V128): V128 {
  return named(f, x, (x) =>
    named(f, f32x4.add(x, of(1)), (u) => {
      const corrected = f32x4.mul(log(f, u), f32x4.div(x, f32x4.sub(u, of(1))));
      return choose(bits.or(f32x4.eq(u, of(1)), f32x4.eq(u, of(Infinity))), x, corrected);
    }),
  );
}

/** 1 / (1 + e^-x) */
export const sigmoid = (f: FunctionBody, x: V128): V128 => f32x4.div(of(1), f32x4.add(of(1), exp(f, f32x4.neg(x))));

/** A rational function of x, odd in the numerator and even in the denominator, between two numbers. */
function rational(
  f: FunctionBody,
  x: V128,
  most: number,
  numerator: readonly number[],
  denominator: readonly number[],
): V128 {
  return named(f, clamped(x, -most, most), (x) =>
    named(f, f32x4.mul(x, x), (square) =>
      f32x4.div(f32x4.mul(x, polynomial(f, square, numerator)), polynomial(f, square, denominator)),
    ),
  );
}

/** The hyperbolic tangent: a minimax approximation over [-9, 9], as in Eigen (ptanh_float). */
export const tanh = (f: FunctionBody, x: V128): V128 =>
  rational(
    f,
    x,
    7.90531110763549805,
    [
      -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
      6.37261928875436e-4, 4.89352455891786e-3,
    ],
    [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3],
  );

/** The error function: a minimax approximation over [-4, 4], as in Eigen (perf_float). */
export const erf = (f: FunctionBody, x: V128): V128 =>
  rational(
    f,
    x,
    4,
    [
      -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
      -2.95459980854025e-3, -1.60960333262415e-2,
    ],
    [-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2],
  );
