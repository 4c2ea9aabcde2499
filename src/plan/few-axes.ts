/**
 * @file One rule: a computation on many axes becomes the same computation on few, between reshapes, because neighbouring axes to
 * which it does the same are one axis. What still has too many axes is done in several steps.
 */
import { gather } from "../primitives/gather.ts";
import { broadcast, concat, pad, reshape, slice, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { argReduce, reduce } from "../primitives/reduce.ts";
import { reverse, scan } from "../primitives/scan.ts";
import { softmax } from "../primitives/softmax.ts";
import { topPlaces } from "../primitives/top.ts";
import { cast } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { PlanBuilder } from "./builder.ts";
import { isElementwise } from "./elementwise.ts";
import type { Profile } from "./profile.ts";
import { rewritten } from "./rewritten.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

/** The most axes that every kernel of webgl and webgpu takes. */
const mostAxes = 4;

/** The most axes that their transposes take. One transpose of six is faster than two of four. */
const mostTransposed = 6;

/** Returns the values with few axes in every computation, where the target needs that. */
export function withFewAxes(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  if (profile.faults?.has("many-axes") !== true) return results;
  const few = new FewAxes(builder);
  return rewritten(results, builder, (step, inputs) => {
    const ranks = [step, ...inputs].map(({ shape }) => shape.length);
    if (Math.max(...ranks) <= mostAxes || madeBy(step, reshape)) return undefined;
    const value = few.of(step, inputs);
    return value && few.reshaped(value, step.shape);
  });
}

/** Neighbouring axes that become one. */
interface Run {
  readonly axes: readonly number[];
  /** What the computation does to all of them; undefined if all have size 1, to which it may do anything. */
  readonly kind: string | undefined;
}

class FewAxes {
  readonly #builder: PlanBuilder;
  readonly #sizes: Sizes;

  constructor(builder: PlanBuilder) {
    this.#builder = builder;
    this.#sizes = builder.sizes;
  }

  reshaped(x: PlanValue, shape: readonly Size[]): PlanValue {
    return this.#builder.emit(reshape, [x], { shape });
  }

  /** Returns the elements of the computation in some shape; undefined if it takes any number of axes. */
  of(step: Computation, inputs: readonly PlanValue[]): PlanValue | undefined {
    const builder = this.#builder;
    const [x] = inputs;
    if (x === undefined) return undefined;
    if (isElementwise(step) || madeBy(step, cast)) return this.#elementwise(step, inputs);
    if (madeBy(step, broadcast)) return this.#spread(x, step.shape);
    if (madeBy(step, transpose)) return this.#transposed(x, step.attributes.permutation);
    if (madeBy(step, concat)) {
      const { axis } = step.attributes;
      const rows = inputs.map((input) => {
        const [before, size, after] = this.#around(input.shape, axis);
        return this.reshaped(input, [before, this.#sizes.mul(size, after)]);
      });
      return builder.emit(concat, rows, { axis: 1 });
    }
    if (madeBy(step, slice)) return this.#sliced(x, step.attributes.begin, step.attributes.size);
    if (madeBy(step, pad)) return this.#padded(x, step.attributes);
    if (madeBy(step, reverse)) {
      const isTurned = (axis: number) => step.attributes.axes.includes(axis);
      return this.#overRuns(
        x,
        (axis) => String(isTurned(axis)),
        "true",
        (of, axes) => builder.emit(reverse, [of], { axes }),
      );
    }
    if (madeBy(step, reduce)) {
      const { axes, ...rest } = step.attributes;
      return this.#overRuns(
        x,
        (axis) => String(axes.includes(axis)),
        "true",
        (of, axes) => builder.emit(reduce, [of], { ...rest, axes, keepdims: true }),
      );
    }
    if (madeBy(step, argReduce)) {
      const { axis } = step.attributes;
      return builder.emit(argReduce, [this.reshaped(x, this.#around(x.shape, axis))], { ...step.attributes, axis: 1 });
    }
    if (madeBy(step, scan)) {
      const { axis } = step.attributes;
      return builder.emit(scan, [this.reshaped(x, this.#around(x.shape, axis))], { ...step.attributes, axis: 1 });
    }
    if (madeBy(step, gather)) {
      const rows = this.reshaped(x, this.#around(x.shape, step.attributes.axis));
      const indices = inputs[1]!;
      return builder.emit(gather, [rows, this.reshaped(indices, [this.#product(indices.shape)])], { axis: 1 });
    }
    if (madeBy(step, topPlaces) || (madeBy(step, softmax) && step.attributes.axis === undefined)) {
      const rows = this.reshaped(x, [this.#product(x.shape.slice(0, -1)), x.shape.at(-1)!]);
      return builder.emit(step.primitive, [rows], step.attributes);
    }
    if (madeBy(step, matmul)) {
      const merged = (input: PlanValue) =>
        input.shape.length < 3
          ? input
          : this.reshaped(input, [this.#product(input.shape.slice(0, -2)), ...input.shape.slice(-2)]);
      return builder.emit(matmul, inputs.map(merged), step.attributes);
    }
    return undefined;
  }

  #elementwise(step: Computation, inputs: readonly PlanValue[]): PlanValue {
    const { shape, primitive, attributes } = step;
    const isWhole = (input: PlanValue, axis: number) =>
      input.shape[axis - shape.length + input.shape.length] === shape[axis];
    const runs = this.#runs(shape, (axis) => inputs.map((input) => isWhole(input, axis)).join());
    if (runs.length > mostAxes) {
      const whole = inputs.map((input) => {
        const isScalar = input.shape.length === 0;
        return isScalar ? input : this.reshaped(this.#spread(input, shape), [this.#product(shape)]);
      });
      return this.#builder.emit(primitive, whole, attributes);
    }
    const few = inputs.map((input) => {
      if (input.shape.length === 0) return input;
      const sizes = runs.map(({ axes }) =>
        this.#product(axes.filter((axis) => isWhole(input, axis)).map((axis) => shape[axis]!)),
      );
      return this.reshaped(input, sizes);
    });
    return this.#builder.emit(primitive, few, attributes);
  }

  /** Repeats a value along the axes that it lacks, or has at size 1. */
  #spread(x: PlanValue, shape: readonly Size[]): PlanValue {
    const missing = shape.length - x.shape.length;
    const isSpread = (axis: number) => x.shape[axis - missing] !== shape[axis];
    const runs = this.#runs(shape, (axis) => String(isSpread(axis)));
    const sizes = runs.map(({ axes }) => this.#product(axes.map((axis) => shape[axis]!)));
    const one = this.#sizes.int(1);
    const from = runs.map(({ kind }, i) => (kind === "true" ? one : sizes[i]!));
    if (runs.length <= mostAxes) return this.#builder.emit(broadcast, [this.reshaped(x, from)], { shape: sizes });
    return runs.reduceRight((of, { kind }, i) => {
      if (kind !== "true") return of;
      const [before, after] = [this.#product(from.slice(0, i)), this.#product(sizes.slice(i + 1))];
      return this.#builder.emit(broadcast, [this.reshaped(of, [before, one, after])], {
        shape: [before, sizes[i]!, after],
      });
    }, x);
  }

  #transposed(x: PlanValue, permutation: readonly number[]): PlanValue {
    const { runs, order } = mergedTranspose(permutation);
    const sizes = runs.map((axes) => this.#product(axes.map((axis) => x.shape[axis]!)));
    const few = this.reshaped(x, sizes);
    if (order.length <= mostTransposed) return this.#builder.emit(transpose, [few], { permutation: order });
    // First puts an axis after the one that it follows in the end. Then they are neighbours, and one axis.
    const first = order.map((_, i) => i).filter((axis) => axis !== order[1]);
    first.splice(first.indexOf(order[0]!) + 1, 0, order[1]!);
    const moved = this.reshaped(
      this.#transposed(few, first),
      first.map((axis) => sizes[axis]!),
    );
    return this.#transposed(
      moved,
      order.map((axis) => first.indexOf(axis)),
    );
  }

  #sliced(x: PlanValue, begin: readonly Size[], size: readonly Size[]): PlanValue {
    const isWhole = (axis: number) => size[axis] === x.shape[axis];
    const one = this.#sizes.int(1);
    // An axis that is taken whole joins the one before, whatever is taken of that.
    const starts = size.flatMap((_, axis) => (axis === 0 || !isWhole(axis) ? [axis] : []));
    const runs = starts.map((start, i) => ({ start, end: starts[i + 1] ?? size.length }));
    const within = ({ start, end }: { start: number; end: number }) => this.#product(x.shape.slice(start + 1, end));
    const [from, at, count] = [x.shape, begin, size].map((list) =>
      runs.map((run) => this.#sizes.mul(list[run.start] ?? one, within(run))),
    ) as [Size[], Size[], Size[]];
    const none = this.#sizes.int(0);
    if (runs.length <= mostAxes) return this.#builder.emit(slice, [this.reshaped(x, from)], { begin: at, size: count });
    return runs.reduceRight((of, _, i) => {
      if (count[i] === from[i]) return of;
      const [before, after] = [this.#product(from.slice(0, i)), this.#product(count.slice(i + 1))];
      return this.#builder.emit(slice, [this.reshaped(of, [before, from[i]!, after])], {
        begin: [none, at[i]!, none],
        size: [before, count[i]!, after],
      });
    }, x);
  }

  #padded(x: PlanValue, { pads, mode, value }: Parameters<typeof pad.shape>[1]): PlanValue {
    const none = this.#sizes.int(0);
    const isPadded = (axis: number) => pads[axis]!.some((size) => size !== none);
    const starts = pads.flatMap((_, axis) => {
      // A constant margin of an axis is also one of that axis with those after it.
      const joins = axis > 0 && !isPadded(axis) && (mode === "constant" || !isPadded(axis - 1));
      return joins ? [] : [axis];
    });
    const runs = starts.map((start, i) => {
      const after = this.#product(x.shape.slice(start + 1, starts[i + 1] ?? pads.length));
      const [first, last] = pads[start]!.map((size) => this.#sizes.mul(size, after)) as [Size, Size];
      return { from: this.#sizes.mul(x.shape[start]!, after), margin: [first, last] as const };
    });
    const from = runs.map((run) => run.from);
    const margins = runs.map((run) => run.margin);
    const emit = (of: PlanValue, widths: typeof margins) =>
      this.#builder.emit(pad, [of], { pads: widths, mode, value });
    if (runs.length <= mostAxes) return emit(this.reshaped(x, from), margins);
    const to = runs.map((run) => run.margin.reduce((sum, size) => this.#sizes.add(sum, size), run.from));
    const unpadded = [none, none] as const;
    return runs.reduceRight((of, { margin }, i) => {
      if (margin.every((size) => size === none)) return of;
      const [before, after] = [this.#product(from.slice(0, i)), this.#product(to.slice(i + 1))];
      return emit(this.reshaped(of, [before, from[i]!, after]), [unpadded, margin, unpadded]);
    }, x);
  }

  /** Applies a computation along the axes of one kind; one run of them after the other if there are many. */
  #overRuns(
    x: PlanValue,
    kindOf: (axis: number) => string,
    kind: string,
    emit: (of: PlanValue, axes: readonly number[]) => PlanValue,
  ): PlanValue {
    const runs = this.#runs(x.shape, kindOf);
    const sizes = runs.map(({ axes }) => this.#product(axes.map((axis) => x.shape[axis]!)));
    const own = runs.flatMap((run, i) => (run.kind === kind ? [i] : []));
    if (runs.length <= mostAxes) return emit(this.reshaped(x, sizes), own);
    return own.reduceRight((of, at) => {
      const now = [...sizes];
      const result = emit(this.reshaped(of, this.#around(now, at)), [1]);
      sizes[at] = result.shape[1]!;
      return result;
    }, x);
  }

  /** Returns the axes as runs of one kind. Those of size 1 join any. */
  #runs(shape: readonly Size[], kindOf: (axis: number) => string): readonly Run[] {
    const runs: { axes: number[]; kind: string | undefined }[] = [];
    const one = this.#sizes.int(1);
    shape.forEach((size, axis) => {
      const kind = size === one ? undefined : kindOf(axis);
      const last = runs.at(-1);
      if (last === undefined || (kind !== undefined && last.kind !== undefined && last.kind !== kind))
        runs.push({ axes: [axis], kind });
      else {
        last.axes.push(axis);
        last.kind ??= kind;
      }
    });
    return runs;
  }

  /** Returns an axis with everything before it as one axis, and everything after it. */
  #around(shape: readonly Size[], axis: number): readonly [Size, Size, Size] {
    return [this.#product(shape.slice(0, axis)), shape[axis]!, this.#product(shape.slice(axis + 1))];
  }

  #product(factors: readonly Size[]): Size {
    return factors.reduce((a, b) => this.#sizes.mul(a, b), this.#sizes.int(1));
  }
}

/** Returns the axes that a permutation keeps together, in the order of the input, and the order in which it puts them. */
export function mergedTranspose(permutation: readonly number[]): {
  readonly runs: readonly (readonly number[])[];
  readonly order: readonly number[];
} {
  const after: number[][] = [];
  permutation.forEach((axis, i) => {
    if (i > 0 && permutation[i - 1] === axis - 1) after.at(-1)!.push(axis);
    else after.push([axis]);
  });
  const runs = after.toSorted((a, b) => a[0]! - b[0]!);
  return { runs, order: after.map((run) => runs.indexOf(run)) };
}
