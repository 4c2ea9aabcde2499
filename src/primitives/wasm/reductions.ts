/** @file Reductions: functions of all elements along some axes, down columns of neighbouring results or along rows. */
import { elements, stridesOf, type DType } from "../../contract/ndarray.ts";
import { after, set, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { bits, f32x4, i32x4, load, shuffle } from "../../wasm/f32x4.ts";
import { i32, increase, int, plus, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { ReduceName } from "../functions/reduce.ts";
import type { Finish, Kernel, KernelEmitter, Place } from "./emitter.ts";
import { repeat, storeUpTo } from "./loops.ts";
import { blockLength, inBlocks, longSum } from "./sums.ts";
import { bytesAt, tiles, type Axis } from "./tiles.ts";

/** A function of two numbers that any order of elements computes. */
interface Combination {
  readonly of: (a: V128, b: V128) => V128;
  readonly identity: V128;
  /** Whether long ones must be added up in float64. */
  readonly isSum?: true;
}

const most = 2 ** 31;

const combinations: Readonly<Record<ReduceName, Partial<Readonly<Record<DType, Combination>>>>> = {
  mean: { f32: { of: f32x4.add, identity: f32x4.of(0), isSum: true } },
  sum: {
    f32: { of: f32x4.add, identity: f32x4.of(0), isSum: true },
    i32: { of: i32x4.add, identity: i32x4.of(0) },
  },
  max: {
    f32: { of: f32x4.max, identity: f32x4.of(-Infinity) },
    i32: { of: i32x4.max, identity: i32x4.of(-most) },
  },
  min: {
    f32: { of: f32x4.min, identity: f32x4.of(Infinity) },
    i32: { of: i32x4.min, identity: i32x4.of(most - 1) },
  },
  prod: {
    f32: { of: f32x4.mul, identity: f32x4.of(1) },
    i32: { of: i32x4.mul, identity: i32x4.of(1) },
  },
  any: { bool: { of: bits.or, identity: i32x4.of(0) } },
  all: { bool: { of: bits.and, identity: i32x4.of(1) } },
};

/** Accumulators of a tile. */
const accumulators = 8;

/** Reductions of at least this many elements get units even if there are few results. */
const longReduction = 1 << 16;
const fewUnits = 4;

interface Reduction {
  readonly combination: Combination;
  readonly from: I32;
  readonly to: I32;
  /** The axes of the result, the last of which is one line of it. */
  readonly kept: readonly Axis[];
  /** At least one. */
  readonly reduced: readonly Axis[];
  /** What the result is divided by. */
  readonly divisor: number;
  /** The size of the result's last axis. A line is this long, or a multiple of it if vectors of four do not cross its end. */
  readonly channels: number;
  readonly finish: (f: FunctionBody) => Finish;
}

const product = (axes: readonly Axis[]): number => axes.reduce((n, { size }) => n * size, 1);

/** Reduces the first operand to the result. */
export function reduction(e: KernelEmitter, name: ReduceName, axes: readonly number[]): readonly Kernel[] {
  const { result } = e;
  const { shape, dtype, at } = e.operands[0]!;
  const combination = combinations[name][dtype]!;
  const strides = stridesOf(shape);
  const joined = (isReduced: boolean): Axis[] => {
    const found: Axis[] = [];
    shape.forEach((size, i) => {
      if (size === 1 || axes.includes(i) !== isReduced) return;
      const last = found.at(-1);
      if (last?.stride === size * strides[i]!)
        found[found.length - 1] = { size: last.size * size, stride: strides[i]! };
      else found.push({ size, stride: strides[i]! });
    });
    return found;
  };
  const channels = result.shape.at(-1) ?? 1;
  const kept = inLines(joined(false), channels);
  const [outermost, ...others] = joined(true);
  const all = { size: 1, stride: 0 };
  const reduced = [outermost ?? all, ...others];
  const divisor = name === "mean" ? product(reduced) : 1;
  const whole: Reduction = {
    combination,
    from: at,
    to: result.at,
    kept,
    reduced,
    divisor,
    channels,
    finish: (f) => e.finish(f),
  };
  const parts = partsOf(reduced[0]!.size);
  if (elements(shape) < longReduction || tilesOf(whole).units >= fewUnits || parts === 1) return [reduce(whole)];
  // Each part of the outermost axis becomes a result of its own in scratch memory, which is then reduced.
  const count = product(kept);
  const scratch = e.scratch(4 * parts * count);
  const { size, stride } = reduced[0]!;
  return [
    reduce({
      combination,
      from: at,
      to: scratch,
      kept: [{ size: parts, stride: (size / parts) * stride }, ...kept],
      reduced: [{ size: size / parts, stride }, ...others],
      divisor: 1,
      channels: 1,
      finish: storing,
    }),
    reduce({
      ...whole,
      from: scratch,
      kept: count === 1 ? kept : denseAxes(kept),
      reduced: [{ size: parts, stride: count }],
    }),
  ];
}

/** The largest number up to 16 that divides a size. */
const partsOf = (size: number): number =>
  Array.from({ length: 16 }, (_, i) => 16 - i).find((parts) => size % parts === 0)!;

/** The same axes, dense. */
function denseAxes(axes: readonly Axis[]): readonly Axis[] {
  const strides = stridesOf(axes.map(({ size }) => size));
  return axes.map(({ size }, i) => ({ size, stride: strides[i]! }));
}

/** Makes the last axis one along which vectors of four results do not go from one row of channels to the next. */
function inLines(kept: readonly Axis[], channels: number): readonly Axis[] {
  const last = kept.at(-1) ?? { size: 1, stride: 0 };
  const outer = kept.slice(0, -1);
  if (channels % 4 === 0 || channels === 1 || last.size === channels) return [...outer, last];
  const { size, stride } = last;
  return [...outer, { size: size / channels, stride: channels * stride }, { size: channels, stride }];
}

const storing = (): Finish => ({
  before: [],
  store: (x, { address, offset = 0, lanes = 4 }) => storeUpTo(address, x, lanes, offset),
});

/** Whether elements of a vector belong to different results. */
const isDown = ({ kept, reduced }: Reduction): boolean => kept.at(-1)!.stride === 1 && reduced.at(-1)!.stride !== 1;

const tilesOf = (it: Reduction) =>
  tiles(product(it.kept.slice(0, -1)), it.kept.at(-1)!.size, isDown(it) ? accumulators : 1);

/** One kernel, whose units are tiles of results. */
function reduce(it: Reduction): Kernel {
  const { from, to, kept, divisor, channels } = it;
  const line = kept.at(-1)!;
  const all = tilesOf(it);
  return {
    units: all.units,
    write: (f, first, end) => {
      const finish = it.finish(f);
      const [pointer, target, result] = [f.int(), f.int(), f.vector()];
      return [
        finish.before,
        all.each(f, first, end, (index, start, lanes) => {
          const [statements, results] = tile(f, it, pointer, lanes);
          const place = (i: number): Place => {
            if (channels === 1 || line.size === channels)
              return { address: target, channel: channels === 1 ? int(0) : times(start, 4), offset: 16 * i };
            const channel = i32.remUnsigned(plus(times(start, 4), 16 * i), int(4 * channels));
            return { address: plus(target, 16 * i), channel };
          };
          return [
            set(pointer, i32.add(from, i32.add(bytesAt(index, kept.slice(0, -1)), times(start, 4 * line.stride)))),
            set(target, i32.add(to, i32.add(times(index, 4 * line.size), times(start, 4)))),
            statements,
            results.map((x, i) => [
              set(result, divisor === 1 ? x : f32x4.div(x, f32x4.of(divisor))),
              finish.store(result, { ...place(i), lanes: lanes[i]! }),
            ]),
          ];
        }),
      ];
    },
  };
}

/**
 * Computes one tile, whose first element is at the pointer. Returns its vectors of results. Down columns, a stream is a vector
 * of results; along rows, it is one of up to four results.
 */
function tile(
  f: FunctionBody,
  it: Reduction,
  pointer: Local<"i32">,
  lanes: readonly number[],
): readonly [Statement, readonly V128[]] {
  const { combination, kept, reduced } = it;
  const down = isDown(it);
  const streams = down ? lanes.length : lanes[0]!;
  const inner = reduced.at(-1)!;
  const steps = down ? inner.size : Math.floor(inner.size / 4);
  const tail = down ? 0 : inner.size % 4;
  const unrolled = Math.max(1, Math.min(Math.floor(accumulators / streams), steps));
  const sums = Array.from({ length: streams }, () => f.vectors(unrolled));
  const stepBytes = down ? 4 * inner.stride : 16;
  const streamBytes = down ? 16 : 4 * kept.at(-1)!.stride;

  const clear = sums.flat().map((sum) => set(sum, combination.identity));
  const step = (count: number): Statement =>
    sums.map((own, stream) =>
      own
        .slice(0, count)
        .map((sum, i) => set(sum, combination.of(sum, load(pointer, stream * streamBytes + i * stepBytes)))),
    );
  const isUsed = i32x4.lanes([0, 1, 2, 3].map((lane) => (lane < tail ? -1 : 0)));
  const rest: Statement = [
    step(steps % unrolled),
    increase(pointer, (steps % unrolled) * stepBytes),
    tail === 0
      ? []
      : sums.map(([sum], stream) =>
          set(
            sum!,
            combination.of(sum!, bits.select(load(pointer, stream * streamBytes), combination.identity, isUsed)),
          ),
        ),
  ];
  const main = Math.floor(steps / unrolled);
  const one: Statement = [step(unrolled), increase(pointer, unrolled * stepBytes)];
  const back = increase(pointer, -steps * stepBytes);
  const outer = reduced.slice(0, -1);
  const whole = (): readonly V128[] => {
    const vectors = sums.map((own) => pairwise(own, combination.of));
    return down ? vectors : [rowwise(f, vectors, combination.of)];
  };
  if (combination.isSum === undefined || product(outer) * (main + 2) <= blockLength)
    return [[clear, nested(f, outer, pointer, [repeat(f, main, one), rest, back])], whole()];

  const long = (down ? lanes : [0]).map(() => longSum(f));
  const part = f.vector();
  const flush = whole().map((x, i) => [set(part, x), long[i]!.add(part)]);
  const blocks =
    main > blockLength
      ? [inBlocks(f, main, { begin: clear, step: one, end: flush }), clear]
      : [clear, repeat(f, main, one)];
  return [
    [long.map((sum) => sum.clear), nested(f, outer, pointer, [blocks, rest, flush, back])],
    long.map(({ value }) => value),
  ];
}

/** Runs a body along axes. It leaves the pointer as it was. */
const nested = (f: FunctionBody, axes: readonly Axis[], pointer: Local<"i32">, body: Statement): Statement =>
  axes.reduceRight<Statement>(
    (inner, { size, stride }) => [
      repeat(f, size, [inner, increase(pointer, 4 * stride)]),
      increase(pointer, -4 * stride * size),
    ],
    body,
  );

/** Combines vectors in pairs, these again in pairs, and so on. */
function pairwise(vectors: readonly V128[], of: (a: V128, b: V128) => V128): V128 {
  if (vectors.length === 1) return vectors[0]!;
  const half = Math.ceil(vectors.length / 2);
  return of(pairwise(vectors.slice(0, half), of), pairwise(vectors.slice(half), of));
}

/** Combines the lanes of each of up to four vectors. The results are the lanes of one. */
function rowwise(f: FunctionBody, vectors: readonly V128[], of: (a: V128, b: V128) => V128): V128 {
  const rows = vectors.map((x) => [x, f.vector()] as const);
  const [a, b = a, c = a, d = c] = rows.map(([, row]) => row);
  const [ab, cd, mixed] = [f.vector(), f.vector(), f.vector()];
  const pairs = (x: V128, y: V128) => of(shuffle(x, y, [0, 4, 1, 5]), shuffle(x, y, [2, 6, 3, 7]));
  return after(
    [
      rows.map(([x, row]) => set(row, x)),
      set(ab, pairs(a!, b!)),
      set(cd, pairs(c!, d!)),
      set(mixed, shuffle(ab, cd, [2, 3, 6, 7])),
    ],
    of(shuffle(ab, cd, [0, 1, 4, 5]), mixed),
  );
}
