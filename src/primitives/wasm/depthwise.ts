/** @file Convolutions of every channel by itself. */
import { elements } from "../../contract/ndarray.ts";
import type { Move } from "../../contract/packing.ts";
import { set, type I32, type Local } from "../../wasm/code.ts";
import { load } from "../../wasm/f32x4.ts";
import { i32, increase, times } from "../../wasm/i32.ts";
import { wasmActivated } from "../activation.ts";
import { windows, type Pads, type Pair } from "../image.ts";
import type { Activation } from "../primitive.ts";
import { bytesIn, copied } from "./copy.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { zero } from "./loops.ts";
import { slidingWindows, spansOf } from "./sliding.ts";

interface Depthwise {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly activation?: Activation;
}

interface Weights {
  readonly at: I32;
  /** Bytes from one column of the window to the next. */
  readonly column: number;
  /** Bytes from one channel to the next, for every four channels. */
  readonly channel: number;
}

/** Returns the weights, those of four channels one after the other if they are known before a run. */
function weightsOf(e: KernelEmitter): Weights {
  const filter = e.operands[1]!;
  const [kh, kw, c, multiplier] = filter.shape as [number, number, number, number];
  const channels = c * multiplier;
  if (!filter.isPrepared) return { at: filter.at, column: 4 * channels, channel: 4 };
  const taps = kh * kw;
  const [whole, rest] = [Math.floor(channels / 4), channels % 4];
  /** Moves some channels of each of some blocks. */
  const move = (first: number, count: number, lanes: number): Move => ({
    operand: 0,
    from: 4 * first,
    to: 4 * first * taps,
    axes: [
      { size: count, from: 4, to: 4 * taps },
      { size: taps, from: channels, to: 4 },
      { size: lanes, from: 1, to: 1 },
    ],
  });
  const moves = [...(whole === 0 ? [] : [move(0, whole, 4)]), ...(rest === 0 ? [] : [move(whole, 1, rest)])];
  const length = Math.ceil(channels / 4) * taps * 4;
  return { at: e.packed("depthwise", length, [1], moves), column: 16, channel: 4 * taps };
}

/** Convolves an image with channels last with a filter [kh, kw, c, multiplier]. */
export function depthwise(e: KernelEmitter, { strides, dilations, pads, activation }: Depthwise): readonly Kernel[] {
  const [x, filter, bias] = e.operands;
  const [kh, kw, c, multiplier] = filter!.shape as [number, number, number, number];
  const [n, h, w] = x!.shape as [number, number, number, number];
  const image = { shape: [n, h, w, c * multiplier], at: x!.at };
  const parts: Kernel[] = [];
  if (multiplier > 1) {
    image.at = e.scratch(bytesIn(image.shape));
    const channels = { size: elements(x!.shape), from: 1, to: multiplier };
    parts.push(copied({ from: x!.at, to: image.at, axes: [channels, { size: multiplier, from: 0, to: 1 }] }));
  }
  const weights = weightsOf(e);
  const [rows, columns] = windows([h, w], [kh, kw], strides, dilations, pads);
  const sliding = {
    rows: spansOf(rows, h, kh),
    columns: spansOf(columns, w, kw),
    dilations,
    // More sums hide more latency, but with a row of the filter they must stay in registers. These numbers were the fastest.
    most: kw <= 3 ? 4 : Math.max(4, 12 - kw),
  };
  const kernel = slidingWindows(e, image, e.result.at, sliding, (f) => {
    const address = f.int();
    const row = new Map<number, Local<"v128">>();
    const weight = (column: number): Local<"v128"> => {
      const found = row.get(column) ?? f.vector();
      row.set(column, found);
      return found;
    };
    return {
      begin: (channel, first) => {
        const own = i32.add(weights.at, times(channel, weights.channel / 4));
        return set(address, i32.add(own, times(first, kw * weights.column)));
      },
      start: (channel) => (bias === undefined ? zero : load(i32.add(bias.at, channel))),
      beginRow: (columns) => columns.map((k) => set(weight(k), load(address, k * weights.column))),
      add: (sum, x, column) => f.madd(x, weight(column), sum),
      isShared: false,
      endRow: () => increase(address, kw * weights.column),
      end: (sum) => wasmActivated(f, activation, sum),
    };
  });
  return [...parts, kernel];
}
