/** @file The kernel of functions of elements whose operands may be broadcast. */
import { stridesOf } from "../../contract/ndarray.ts";
import { broadcastStrides } from "../../primitives/wasm/copy.ts";
import type { Kernel, Located } from "../../primitives/wasm/emitter.ts";
import { loadUpTo, range, repeat, storeUpTo } from "../../primitives/wasm/loops.ts";
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { load, loadSplat, store } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";

/** One axis of the result, with the stride of each operand in elements, and of the result at the end. */
interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Elements that a unit of a dense result has. */
const unit = 1024;

/** Computes every element of the result. `of` makes four elements from those of the operands. */
export function elementwise(
  operands: readonly Located[],
  result: Located,
  of: (f: FunctionBody, read: (operand: number) => V128) => readonly [Statement, V128],
): Kernel {
  const axes = axesOf(operands, result);
  const inner = axes.at(-1)!;
  return axes.length === 1 ? dense(operands, result, inner, of) : nested(operands, result, axes, of);
}

/** Joins axes along which all operands go on in the same way. */
function axesOf(operands: readonly Located[], result: Located): readonly Axis[] {
  const { shape } = result;
  const all = [...operands.map((operand) => broadcastStrides(operand.shape, shape)), stridesOf(shape)];
  const axes: Axis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const strides = all.map((own) => own[i]!);
    const last = axes.at(-1);
    if (last !== undefined && strides.every((stride, k) => last.strides[k] === stride * size))
      axes[axes.length - 1] = { size: last.size * size, strides };
    else axes.push({ size, strides });
  });
  return axes.length === 0 ? [{ size: 1, strides: all.map(() => 1) }] : axes;
}

type Of = (f: FunctionBody, read: (operand: number) => V128) => readonly [Statement, V128];

/** All operands are dense, or one element. Whole vectors: elements after the end are overwritten. */
function dense(operands: readonly Located[], result: Located, { size, strides }: Axis, of: Of): Kernel {
  const units = Math.ceil(size / unit);
  return {
    units,
    write: (f, from, to) => {
      const [at, end, splats] = [f.int(), f.int(), operands.map(() => f.vector())];
      const bytes = (index: I32): I32 => times(index, 4 * unit);
      const [before, x] = of(f, (k) => (strides[k] === 0 ? splats[k]! : load(i32.add(operands[k]!.at, at))));
      const last = int(4 * size);
      return [
        operands.map(({ at }, k) => (strides[k] === 0 ? set(splats[k]!, loadSplat(at)) : [])),
        set(at, bytes(from)),
        set(end, either(bytes(to), last, i32.lt(bytes(to), last))),
        when(i32.lt(at, end), doWhile(i32.lt(at, end), before, store(i32.add(result.at, at), x), increase(at, 16))),
      ];
    },
  };
}

function nested(operands: readonly Located[], result: Located, axes: readonly Axis[], of: Of): Kernel {
  const [outer, ...others] = axes;
  const inner = others.at(-1)!;
  return {
    units: outer!.size,
    write: (f, from, to) => {
      const pointers = [...operands, result].map(() => f.int());
      const advance = ({ strides }: Axis, count: number): Statement =>
        pointers.map((pointer, k) => increase(pointer, 4 * strides[k]! * count));
      /** Up to four elements. */
      const step = (lanes: number): Statement => {
        const [before, x] = of(f, (k) =>
          inner.strides[k] === 0 ? loadSplat(pointers[k]!) : loadUpTo(pointers[k]!, lanes),
        );
        return [before, storeUpTo(pointers.at(-1)!, x, lanes)];
      };
      const vectors = Math.floor(inner.size / 4);
      const rest = inner.size % 4;
      const row: Statement = [
        vectors === 0 ? [] : repeat(f, vectors, [step(4), advance(inner, 4)]),
        rest === 0 ? [] : step(rest),
        advance(inner, -4 * vectors),
      ];
      const nest = ([axis, ...more]: readonly Axis[]): Statement =>
        axis === undefined || axis === inner
          ? row
          : [repeat(f, axis.size, [nest(more), advance(axis, 1)]), advance(axis, -axis.size)];
      const start = (index: Local<"i32">): Statement =>
        [...operands, result].map(({ at }, k) => set(pointers[k]!, i32.add(at, times(index, 4 * outer!.strides[k]!))));
      return range(f, from, to, (index) => [start(index), nest(others)]);
    },
  };
}
