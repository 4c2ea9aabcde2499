/** @file Softmax: the largest element of a row, the exponentials of the differences and their sum, and the quotients. */
import { stridesOf } from "../../contract/ndarray.ts";
import { set, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { bits, f32x4, i32x4, load } from "../../wasm/f32x4.ts";
import { expOfNegative } from "../../wasm/functions.ts";
import { i32, increase, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { across, repeat, storeUpTo } from "./loops.ts";
import { blockLength, inBlocks, longSum } from "./sums.ts";
import { tiles } from "./tiles.ts";

/** Vectors at once: across columns, and along a row for its largest element. */
const most = 4;

/** The steps through the axis: along a row, of four elements each, and the rest of them. */
interface Steps {
  readonly count: number;
  readonly bytes: number;
  readonly tail: number;
}

/** Computes the softmax of the first operand along an axis. */
export function softmaxKernel(
  { operands: [x], result }: Pick<KernelEmitter, "operands" | "result">,
  axis: number,
): Kernel {
  const size = x!.shape[axis]!;
  const inner = stridesOf(x!.shape)[axis]!;
  const lines = x!.shape.reduce((a, b) => a * b) / size / inner;
  const isRow = inner === 1;
  const all = tiles(lines, inner, most);
  const steps: Steps = isRow
    ? { count: Math.floor(size / 4), bytes: 16, tail: size % 4 }
    : { count: size, bytes: 4 * inner, tail: 0 };
  return {
    units: all.units,
    write: (f, first, end) => {
      const [source, target] = [f.int(), f.int()];
      return all.each(f, first, end, (line, start, lanes) => {
        const offset = i32.add(times(line, 4 * size * inner), times(start, 4));
        const columns = isRow ? [4] : lanes;
        const toStart = [set(source, i32.add(x!.at, offset)), set(target, i32.add(result.at, offset))];
        const largest = columns.map(() => f.vector());
        const scales = columns.map(() => f.vector());
        return [
          toStart,
          isRow ? largestOfRow(f, largest[0]!, source, steps) : largestOfColumns(f, largest, source, steps),
          toStart,
          exponentials(f, { source, target, steps, columns }, largest, scales),
          isRow ? overRow(f, scales[0]!, f32x4.add) : [],
          scales.map((scale) => set(scale, f32x4.div(f32x4.of(1), scale))),
          toStart,
          quotients(f, target, steps, columns, scales),
        ];
      });
    },
  };
}

/** The lanes of the last vector of a row that are elements of it. */
const masked = ({ tail }: Steps, x: V128, other: number): V128 =>
  bits.select(x, f32x4.of(other), i32x4.lanes([0, 1, 2, 3].map((lane) => (lane < tail ? -1 : 0))));

/** Combines the lanes of a vector and sets all of them to the result. */
function overRow(f: FunctionBody, x: Local<"v128">, of: (a: V128, b: V128) => V128): Statement {
  const [statement, value] = across(f, x, of);
  return [statement, set(x, value)];
}

/** Without NaN, which every exponential shows: the fast maximum skips it. */
function largestOfRow(
  f: FunctionBody,
  largest: Local<"v128">,
  source: Local<"i32">,
  { count, tail }: Steps,
): Statement {
  const parts = [largest, ...f.vectors(Math.min(most, Math.max(1, count)) - 1)];
  const step = (used: number): Statement => [
    parts.slice(0, used).map((part, i) => set(part, f32x4.pmax(part, load(source, 16 * i)))),
    increase(source, 16 * used),
  ];
  const rest = masked({ count, tail, bytes: 16 }, load(source), -Infinity);
  return [
    parts.map((part) => set(part, f32x4.of(-Infinity))),
    repeat(f, Math.floor(count / parts.length), step(parts.length)),
    step(count % parts.length),
    tail === 0 ? [] : set(largest, f32x4.pmax(largest, rest)),
    parts.slice(1).map((part) => set(largest, f32x4.pmax(largest, part))),
    overRow(f, largest, f32x4.pmax),
  ];
}

function largestOfColumns(
  f: FunctionBody,
  largest: readonly Local<"v128">[],
  source: Local<"i32">,
  { count, bytes }: Steps,
): Statement {
  const step = largest.map((column, i) => set(column, f32x4.pmax(column, load(source, 16 * i))));
  return [largest.map((column) => set(column, f32x4.of(-Infinity))), repeat(f, count, [step, increase(source, bytes)])];
}

interface Pass {
  readonly source: Local<"i32">;
  readonly target: Local<"i32">;
  readonly steps: Steps;
  /** The lanes of each vector that are used. */
  readonly columns: readonly number[];
}

/** Stores the exponentials and sets the sums, each lane's own. */
function exponentials(
  f: FunctionBody,
  { source, target, steps, columns }: Pass,
  largest: readonly Local<"v128">[],
  sums: readonly Local<"v128">[],
): Statement {
  const of = (i: number): V128 => expOfNegative(f, f32x4.sub(load(source, 16 * i), largest[i]!));
  const y = f.vector();
  const add = (i: number, y: V128): Statement => set(sums[i]!, f32x4.add(sums[i]!, y));
  const step = [
    columns.map((lanes, i) => [set(y, of(i)), add(i, y), storeUpTo(target, y, lanes, 16 * i)]),
    increase(source, steps.bytes),
    increase(target, steps.bytes),
  ];
  const last = steps.tail === 0 ? [] : [set(y, of(0)), add(0, masked(steps, y, 0)), storeUpTo(target, y, steps.tail)];
  const clear = sums.map((sum) => set(sum, f32x4.of(0)));
  if (steps.count <= blockLength) return [clear, repeat(f, steps.count, step), last];
  const long = sums.map(() => longSum(f));
  const end = long.map(({ add }, i) => add(sums[i]!));
  return [
    long.map(({ clear }) => clear),
    inBlocks(f, steps.count, { begin: clear, step, end }),
    [clear, last, end],
    long.map(({ value }, i) => set(sums[i]!, value)),
  ];
}

/** Multiplies what has been stored. */
function quotients(
  f: FunctionBody,
  target: Local<"i32">,
  { count, bytes, tail }: Steps,
  columns: readonly number[],
  scales: readonly Local<"v128">[],
): Statement {
  const store = (i: number, lanes: number): Statement =>
    storeUpTo(target, f32x4.mul(load(target, 16 * i), scales[i]!), lanes, 16 * i);
  return [
    repeat(f, count, [columns.map((lanes, i) => store(i, lanes)), increase(target, bytes)]),
    tail === 0 ? [] : store(0, tail),
  ];
}
