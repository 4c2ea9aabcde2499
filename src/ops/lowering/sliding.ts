/** @file The elements of windows that slide over a value, side by side: for what no call of a backend computes. */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { binary } from "../../primitives/binary.ts";
import { gather } from "../../primitives/gather.ts";
import { iota } from "../../primitives/iota.ts";
import { concat, transpose } from "../../primitives/layout.ts";
import type { Size } from "../../sizes/size.ts";
import { everyNth, padded, reshaped, sliceAt } from "../shared/axes.ts";
import { symbolicPads, type OpenWindow, type Window } from "../shared/spatial.ts";

/** Larger windows are gathered by index, so that the plan stays small. */
const mostSlices = 32;

/** Returns, for each of the `kernel` elements of a window, those of all windows along a position, as many as `count`. */
export function slicesOf(
  p: Lowering,
  value: Positional,
  position: number,
  window: Window | OpenWindow,
  kernel: number,
  count: Size,
): Positional[] {
  const { sizes } = p;
  const whole = padded(p, value, position, symbolicPads(sizes, window, value.shape[position]!));
  const [one, stride] = [sizes.int(1), sizes.int(window.stride)];
  const reach = sizes.add(sizes.mul(sizes.sub(count, one), stride), one);
  return Array.from({ length: kernel }, (_, k) =>
    everyNth(p, sliceAt(p, whole, position, sizes.int(k * window.dilation), reach), position, stride),
  );
}

/** Multiplies the channels, the last position, by the elements of the windows along a position: element by element. */
export function windowsAsChannels(
  p: Lowering,
  value: Positional,
  position: number,
  window: OpenWindow,
  count: Size,
): Positional {
  const last = value.shape.length - 1;
  const known = p.sizes.constant(window.kernel);
  if (known !== undefined && known <= mostSlices) {
    const parts = slicesOf(p, value, position, window, Number(known), count);
    return parts.length === 1 ? parts[0]! : p.emit(concat, parts, { axis: last });
  }
  const whole = padded(p, value, position, symbolicPads(p.sizes, window, value.shape[position]!));
  const multiples = (size: Size, step: number, shape: readonly Size[]) => {
    const numbers = p.emit(iota, [], { size });
    const scaled = p.emit(binary, [numbers, p.scalar(step, "i32")], { function: "mul" });
    return reshaped(p, scaled, shape);
  };
  const one = p.sizes.int(1);
  const starts = multiples(count, window.stride, [count, one]);
  const steps = multiples(window.kernel, window.dilation, [one, window.kernel]);
  const taken = p.emit(gather, [whole, p.emit(binary, [starts, steps], { function: "add" })], { axis: position });
  // The elements of a window are now at `position + 1`, and go before the channels.
  const others = [...taken.shape.keys()].filter((at) => at !== position + 1);
  const moved = p.emit(transpose, [taken], { permutation: others.toSpliced(last, 0, position + 1) });
  const channels = p.sizes.mul(window.kernel, value.shape[last]!);
  return reshaped(p, moved, moved.shape.toSpliced(last, 2, channels));
}
