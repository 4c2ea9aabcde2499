/** @file The programs that `fuse calibrate` runs: for each cost, some that do more or less of what it is for. */
import type { Costs } from "../../plan/costs.ts";

/** A program in two versions. What the long one does more takes the time that it takes longer. */
export interface Pair {
  readonly short: string;
  readonly long: string;
}

/** What every model is called. */
export const modelName = "Calibration";

/** What inputs and weights are filled with. Products and sums of it neither grow too large nor vanish. */
export const filling = 0.5;

/** A model of large tensors. Its input and weights are small, because engines copy inputs and take long to load weights. */
function program(side: number, channels: number, body: readonly string[], result: string): string {
  return `fuse 1
model ${modelName}(x: [n: 1, h: ${side}, w: ${side}, c: 1]) -> (y: [n: 1]) {
  y0 = conv(x, c: ${channels}) @y
  z = conv(x, c: ${channels}) @z
  ${body.join("\n  ")}
  return mean(${result}, axis: [h, w, c])
}
`;
}

/** Chains of steps; `step` writes step `i`, of the value `y` before it. */
function chains(
  side: number,
  channels: number,
  [short, long]: readonly [number, number],
  step: (y: string, i: number) => string,
): Pair {
  const make = (count: number) => {
    const body = Array.from({ length: count }, (_, i) => `y${i + 1} = ${step(`y${i}`, i)}`);
    return program(side, channels, body, `y${count} + z`);
  };
  return { short: make(short), long: make(long) };
}

/** Sums and products in turn, because TensorFlow makes one step of a chain of sums. */
const elementwise = (y: string, i: number) => `${y} ${i % 2 === 0 ? "*" : "+"} z`;

const convolution = (channels: number) => (y: string, i: number) => `conv(${y}, c: ${channels}, bias: false) @c${i}`;

const linear = (channels: number) => (y: string, i: number) => `linear(${y}, c: ${channels}, bias: false) @c${i}`;

/** To half the size and back. */
const resize = (side: number) => (y: string, i: number) => {
  const size = i % 2 === 0 ? side / 2 : side;
  return `resize(${y}, h: ${size}, w: ${size}, mode: bilinear)`;
};

/** Concatenations of few channels, added up. */
const concatenations = (...pairs: readonly string[]) =>
  program(128, 8, [], pairs.map((pair) => `concat(${pair}, axis: c)`).join(" + "));

interface Measurement {
  readonly cost: keyof Costs;
  readonly pairs: readonly Pair[];
  /** How long to measure each pair. */
  readonly milliseconds: number;
}

/** In the order in which costs are found: each program does nothing else that has no cost yet. */
export const programs: readonly Measurement[] = [
  // Small steps are JavaScript, which takes long to become fast.
  { cost: "step", pairs: [chains(1, 16, [20, 220], elementwise)], milliseconds: 1000 },
  { cost: "bytes", pairs: [chains(128, 128, [1, 5], elementwise)], milliseconds: 200 },
  {
    cost: "macs",
    pairs: [
      chains(256, 32, [1, 2], convolution(32)),
      chains(64, 128, [1, 3], convolution(128)),
      chains(32, 512, [1, 2], convolution(512)),
      chains(16, 512, [1, 3], linear(512)),
    ],
    milliseconds: 200,
  },
  {
    cost: "rows",
    pairs: [{ short: concatenations("y0, z"), long: concatenations("y0, z", "z, y0", "y0, y0", "z, z") }],
    milliseconds: 200,
  },
  { cost: "resized", pairs: [chains(128, 64, [2, 6], resize(128))], milliseconds: 200 },
];
