/** @file What is done when a model is loaded instead of in every run: primitives of weights and constants, as steps of data. */
import { elements, type DType } from "../contract/ndarray.ts";
import type { binaryFormulas, unaryFormulas } from "../contract/prepare-functions.ts";
import type { PrepareOp } from "../contract/prepare.ts";
import { binary, select } from "../primitives/binary.ts";
import { gather } from "../primitives/gather.ts";
import { iota } from "../primitives/iota.ts";
import { broadcast, concat, pad, reshape, slice, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { reduce } from "../primitives/reduce.ts";
import { reverse, scan } from "../primitives/scan.ts";
import { softmax } from "../primitives/softmax.ts";
import { cast, clamp, leaky_relu, unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { madeBy, type Computation, type Prepared } from "./value.ts";

/** What a literal of a program may hold; a larger tensor of constants is made when the model is loaded. */
export const maxLiterals = 4096;

/** Elements that are worth keeping where they only repeat others; more would make files large for nothing. */
const maxRepeated = 65536;

/** Makes one step of operands, or the literal that it comes to. */
export type MakeStep = (op: PrepareOp, of: readonly Prepared[], shape: readonly number[], dtype: DType) => Prepared;

/**
 * Primitives that may be applied to weights and constants in a run, with the reason. Those without inputs are literals unless they are
 * larger than a literal may be.
 */
export const unprepared: Readonly<Record<string, string>> = {
  conv2d: "images are inputs, not weights",
  depthwise_conv2d: "images are inputs, not weights",
  conv2d_transpose: "images are inputs, not weights",
  pool: "images are inputs, not weights",
  resize: "images are inputs, not weights",
  arg_reduce: "indices are asked of what a model computes",
  top_places: "indices are asked of what a model computes",
  scatter_add: "what is added up is what a model computes",
  sum: "additions of weights alone are prepared before others become sums",
  attention: "products of weights alone are prepared before others become attention",
};

/** What the computation comes to when the model is loaded; undefined if it must be done in a run. */
export function prepared(
  asked: Computation,
  operands: readonly Prepared[],
  sizes: Sizes,
  step: MakeStep,
): Prepared | undefined {
  const shape = numbers(asked.shape, sizes);
  if (shape === undefined) return undefined;
  if (operands.length === 0) return withoutInputs(asked, shape, sizes, step);
  const op = simpleOp(asked, shape, sizes);
  if (op !== undefined) return step(op, operands, shape, asked.dtype);
  const make = new Steps(operands, sizes, step);
  if (madeBy(asked, matmul)) return make.product(asked.attributes);
  if (madeBy(asked, softmax)) return make.softmax(asked.attributes.axis ?? shape.length - 1);
  if (madeBy(asked, clamp)) return make.clamped(asked.attributes);
  if (madeBy(asked, leaky_relu)) return make.leaky(asked.attributes.slope);
  if (madeBy(asked, pad)) {
    const { mode, value } = asked.attributes;
    const pads = asked.attributes.pads.map((pair) => numbers(pair, sizes));
    return pads.every((pair) => pair !== undefined) ? make.padded(pads, mode, value) : undefined;
  }
  return undefined;
}

/** A literal by the primitive's reference, or numbers that count up. */
function withoutInputs(
  asked: Computation,
  shape: readonly number[],
  sizes: Sizes,
  step: MakeStep,
): Prepared | undefined {
  if (elements(shape) > maxLiterals)
    return madeBy(asked, iota) ? step({ op: "iota", size: shape[0]! }, [], shape, asked.dtype) : undefined;
  let isKnown = true;
  const array = asked.primitive.reference([], asked.attributes, (size) => {
    const known = sizes.constant(size);
    isKnown &&= known !== undefined;
    return Number(known ?? 1n);
  });
  return isKnown
    ? step({ op: "constant", dtype: asked.dtype, shape, data: [...array.data] }, [], shape, asked.dtype)
    : undefined;
}

/** The step that is the primitive itself. */
function simpleOp(asked: Computation, shape: readonly number[], sizes: Sizes): PrepareOp | undefined {
  if (madeBy(asked, transpose)) return { op: "transpose", permutation: asked.attributes.permutation };
  if (madeBy(asked, reshape)) return { op: "reshape", shape };
  if (madeBy(asked, broadcast)) return elements(shape) > maxRepeated ? undefined : { op: "broadcast", shape };
  if (madeBy(asked, concat)) return { op: "concat", axis: asked.attributes.axis };
  if (madeBy(asked, slice)) {
    const begin = numbers(asked.attributes.begin, sizes);
    return begin && { op: "slice", begin, size: shape };
  }
  if (madeBy(asked, reverse)) return { op: "reverse", axes: asked.attributes.axes };
  if (madeBy(asked, scan)) return { op: "scan", ...asked.attributes };
  if (madeBy(asked, gather)) return { op: "gather", axis: asked.attributes.axis };
  if (madeBy(asked, cast)) return { op: "cast", dtype: asked.attributes.dtype };
  if (madeBy(asked, select)) return { op: "select" };
  if (madeBy(asked, reduce)) {
    const { function: name, axes, keepdims } = asked.attributes;
    return { op: "reduce", function: name, axes, keepdims };
  }
  if (madeBy(asked, unary)) return { op: "unary", function: asked.attributes.function };
  if (madeBy(asked, binary)) return { op: "binary", function: asked.attributes.function };
  return undefined;
}

/** Primitives that take several steps; the last one made is the result. */
class Steps {
  readonly #operands: readonly Prepared[];
  readonly #sizes: Sizes;
  readonly #step: MakeStep;

  constructor(operands: readonly Prepared[], sizes: Sizes, step: MakeStep) {
    this.#operands = operands;
    this.#sizes = sizes;
    this.#step = step;
  }

  product(attributes: {
    readonly transposeA: boolean;
    readonly transposeB: boolean;
    readonly activation?: keyof typeof unaryFormulas;
  }): Prepared {
    const [a, b, bias] = this.#operands;
    const [left, right] = [
      attributes.transposeA ? this.#turned(a!) : a!,
      attributes.transposeB ? this.#turned(b!) : b!,
    ];
    const shape = [...this.#shape(left).slice(0, -1), this.#shape(right).at(-1)!];
    const product = this.#step({ op: "matmul" }, [left, right], shape, "f32");
    const sum = bias === undefined ? product : this.#binary("add", product, bias);
    const { activation } = attributes;
    return activation === undefined ? sum : this.#step({ op: "unary", function: activation }, [sum], shape, "f32");
  }

  softmax(axis: number): Prepared {
    const [x] = this.#operands;
    const last = x!.shape.length - 1;
    if (axis === last) return this.#step({ op: "softmax" }, [x!], this.#shape(x!), "f32");
    const exchanged = x!.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const turned = this.#transposed(x!, exchanged);
    return this.#transposed(this.#step({ op: "softmax" }, [turned], this.#shape(turned), "f32"), exchanged);
  }

  /** The upper bound wins. */
  clamped({ min, max }: { readonly min: number; readonly max: number }): Prepared {
    const [x] = this.#operands;
    const above = this.#binary("maximum", x!, this.#number(min, x!.dtype));
    return this.#binary("minimum", above, this.#number(max, x!.dtype));
  }

  leaky(slope: number): Prepared {
    const [x] = this.#operands;
    const isNegative = this.#binary("less", x!, this.#number(0, "f32"));
    const scaled = this.#binary("mul", x!, this.#number(slope, "f32"));
    return this.#step({ op: "select" }, [isNegative, scaled, x!], this.#shape(x!), "f32");
  }

  /** Axis by axis: elements at the indices from which the margin comes, a constant among them. */
  padded(pads: readonly (readonly number[])[], mode: "constant" | "reflect" | "replicate", value: number): Prepared {
    return pads.reduce((x, [before, after], axis) => {
      if (before === 0 && after === 0) return x;
      const shape = this.#shape(x);
      const size = shape[axis]!;
      if (mode === "constant") {
        const fill = (count: number) => this.#filled(value, shape.with(axis, count), x.dtype);
        const parts = [...(before === 0 ? [] : [fill(before!)]), x, ...(after === 0 ? [] : [fill(after!)])];
        return this.#step({ op: "concat", axis }, parts, shape.with(axis, size + before! + after!), x.dtype);
      }
      const from = (at: number) => {
        if (at >= 0 && at < size) return at;
        if (mode === "replicate") return at < 0 ? 0 : size - 1;
        return at < 0 ? -at : 2 * (size - 1) - at;
      };
      const data = Array.from({ length: size + before! + after! }, (_, i) => from(i - before!));
      const indices = this.#step(
        { op: "constant", dtype: "i32", shape: [data.length], data },
        [],
        [data.length],
        "i32",
      );
      return this.#step({ op: "gather", axis }, [x, indices], shape.with(axis, data.length), x.dtype);
    }, this.#operands[0]!);
  }

  #shape(value: Prepared): readonly number[] {
    return value.shape.map((size) => Number(this.#sizes.constant(size)));
  }

  #number(value: number, dtype: DType): Prepared {
    return this.#step({ op: "constant", dtype, shape: [], data: [value] }, [], [], dtype);
  }

  #filled(value: number, shape: readonly number[], dtype: DType): Prepared {
    return this.#step({ op: "broadcast", shape }, [this.#number(value, dtype)], shape, dtype);
  }

  /** The second one broadcasts to the first. */
  #binary(name: keyof typeof binaryFormulas, a: Prepared, b: Prepared): Prepared {
    return this.#step({ op: "binary", function: name }, [a, b], this.#shape(a), name === "less" ? "bool" : a.dtype);
  }

  #turned(x: Prepared): Prepared {
    const rank = x.shape.length;
    return this.#transposed(x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
  }

  #transposed(x: Prepared, permutation: readonly number[]): Prepared {
    const shape = this.#shape(x);
    const moved = permutation.map((from) => shape[from]!);
    return this.#step({ op: "transpose", permutation }, [x], moved, x.dtype);
  }
}

function numbers(list: readonly Size[], sizes: Sizes): number[] | undefined {
  const found = list.map((size) => sizes.constant(size));
  return found.every((size) => size !== undefined) ? found.map(Number) : undefined;
}
