/** @file binary16 and bfloat16: every bit pattern, and rounding against a search for the nearest value. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, losses } from "../../src/weights/half.ts";

const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const formats = [
  { name: "f16", widen: f16ToF32, narrow: f32ToF16, infinity: 0x7c00 },
  { name: "bf16", widen: bf16ToF32, narrow: f32ToBf16, infinity: 0x7f80 },
];

test.each([
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3c00, 1],
  [0x3555, 1365 / 4096],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
])("f16 %i is %d", (bits, value) => {
  expect(f16ToF32(Uint16Array.of(bits))[0]).toBe(value);
});

test.each(formats)("$name: every value comes back as the same bits", ({ widen, narrow, infinity }) => {
  const values = widen(all);
  const back = narrow(values);
  for (const bits of all) {
    if (Number.isNaN(values[bits])) expect(back[bits]! & 0x7fff).toBeGreaterThan(infinity);
    else if (back[bits] !== bits) expect.fail(`${bits} came back as ${back[bits]}`);
  }
});

test.each(formats)("$name: any number becomes the nearest, ties to even", ({ widen, narrow, infinity }) => {
  // Finite values in ascending order. The next one would be at infinity's position.
  const positive = widen(all.subarray(0, infinity));
  const overflow = 2 * positive.at(-1)! - positive.at(-2)!;
  const nearest = (x: number): number => {
    let low = 0;
    let high = positive.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (positive[middle]! <= x) low = middle;
      else high = middle;
    }
    const above = positive[high] ?? overflow;
    const [down, up] = [x - positive[low]!, above - x];
    return down < up || (down === up && low % 2 === 0) ? low : high;
  };
  const float = fc.float({ noNaN: true, noDefaultInfinity: true });
  const near = fc.tuple(fc.nat(infinity - 2), fc.constantFrom(0.25, 0.5, 0.75)).map(([bits, part]) => {
    return Math.fround(positive[bits]! + (positive[bits + 1]! - positive[bits]!) * part);
  });
  fc.assert(
    fc.property(fc.oneof(float, near), (x) => {
      const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
      expect(narrow([x])[0]).toBe(sign | nearest(Math.abs(x)));
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test("f16 overflows from the midpoint of 65504 and 65536", () => {
  expect([...f32ToF16([65519.99, 65520, -1e30, Infinity, NaN])]).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7e00]);
});

test.each([
  ["F16", f32ToF16, f16ToF32],
  ["BF16", f32ToBf16, bf16ToF32],
] as const)("%s: what would be lost is what the conversion loses", (dtype, narrow, widen) => {
  const edges = [
    65504,
    65519,
    65520,
    3.39e38,
    2 ** -25,
    2 ** -24,
    2 ** -134,
    2 ** -133,
    2 ** -149,
    (2 - 2 ** -8) * 2 ** 127,
  ];
  const beside = edges.flatMap((x) => [x * (1 - 2 ** -20), x, x * (1 + 2 ** -20), -x]);
  for (const x of [...beside, 0, Infinity, NaN, 1e6, 1e-9].map(Math.fround)) {
    const [stored] = widen(narrow([x]));
    const infinite = Number.isFinite(x) && !Number.isFinite(stored);
    expect(losses([x], dtype), `${x}`).toEqual({ infinite: Number(infinite), zero: Number(x !== 0 && stored === 0) });
  }
});
