/** @file Lowers and evaluates eagerly, with the primitives' references, to show what a lowering computes. */
import { transpose, type DType, type NamedArray, type NdArray } from "../../src/contract/ndarray.ts";
import type { GraphBuilder } from "../../src/ir/builder.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import type { Laid, Lowering, Positional, PrimitiveShape, Variant } from "../../src/ir/lowering.ts";
import type { Axis, TensorType } from "../../src/ir/type.ts";
import { broadcast } from "../../src/primitives/layout.ts";
import type { Primitive } from "../../src/primitives/primitive.ts";
import type { Size } from "../../src/sizes/size.ts";
import type { Sizes } from "../../src/sizes/sizes.ts";

export class EagerLowering implements Lowering {
  readonly sizes: Sizes;
  readonly layout: "NHWC" | "NCHW";
  /** Names of the primitives in order, transposes included. */
  readonly emitted: string[] = [];
  readonly #builder: GraphBuilder;
  readonly #variants: ReadonlySet<Variant>;
  readonly #leaf: (value: Value) => NamedArray;
  readonly #arrays = new Map<Positional, NdArray>();
  readonly #done = new Map<Value, readonly Laid[]>();

  /** `leaf` returns inputs and weights, in their intended layouts. All sizes must be numbers. */
  constructor(
    builder: GraphBuilder,
    leaf: (value: Value) => NamedArray,
    variants: ReadonlySet<Variant> = new Set(),
    layout: "NHWC" | "NCHW" = "NHWC",
  ) {
    this.#builder = builder;
    this.sizes = builder.sizes;
    this.#leaf = leaf;
    this.#variants = variants;
    this.layout = layout;
  }

  /** Returns the results of a node, with broadcasts materialised. */
  results(node: Node): readonly NamedArray[] {
    return this.#lower(node).map((laid, i) => ({
      ...this.#arrays.get(this.#filled(laid, node.types[i]!))!,
      axes: laid.axes,
    }));
  }

  can(variant: Variant): boolean {
    return this.#variants.has(variant);
  }

  typeOf(value: Value): TensorType {
    return value.type;
  }

  int(size: Size): number {
    const number = this.sizes.constant(size);
    if (number === undefined) throw new Error(`${this.sizes.print(size)} is not a number`);
    return Number(number);
  }

  isPrepared(value: Value): boolean {
    return value.kind === "weight";
  }

  any(value: Value): Laid {
    const laid = this.loose(value);
    return { value: this.#filled(laid, value.type), axes: laid.axes };
  }

  loose(value: Value): Laid {
    return this.#lower(value)[0]!;
  }

  ordered(value: Value, axes: readonly Axis[]): Positional {
    const { value: x, axes: from } = this.any(value);
    const permutation = axes.map((axis) => from.indexOf(axis));
    if (permutation.length !== from.length || permutation.includes(-1))
      throw new Error(`[${from.join()}] cannot be ordered as [${axes.join()}]`);
    if (permutation.every((position, i) => position === i)) return x;
    this.emitted.push("transpose");
    return this.#keep(transpose(this.#arrays.get(x)!, permutation));
  }

  emit<A>(record: PrimitiveShape<A>, inputs: readonly Positional[], attributes: A): Positional {
    const primitive = record as Primitive<A>;
    const { shape, dtype } = primitive.shape(inputs, attributes, this.sizes);
    const operands = inputs.map((input) => this.#arrays.get(input)!);
    const array = primitive.reference(operands, attributes, (size) => this.int(size));
    const announced = shape.map((size) => this.int(size));
    if (announced.join() !== array.shape.join() || dtype !== array.dtype)
      throw new Error(`${primitive.name} makes [${array.shape.join()}] instead of [${announced.join()}]`);
    this.emitted.push(primitive.name);
    return this.#keep(array);
  }

  scalar(value: number | Size, dtype: DType = "f32"): Positional {
    const number = typeof value === "number" ? value : this.int(value);
    return this.#keep({ dtype, shape: [], data: Float64Array.of(number) });
  }

  laid(value: Positional, axes: readonly Axis[]): Laid {
    return { value, axes };
  }

  #keep(array: NdArray): Positional {
    const value = { dtype: array.dtype, shape: array.shape.map((size) => this.sizes.int(size)) };
    this.#arrays.set(value, array);
    return value;
  }

  #filled({ value, axes, spread }: Laid, type: TensorType): Positional {
    if (spread === undefined) return value;
    return this.emit(broadcast, [value], { shape: axes.map((axis) => type.axes.get(axis)!) });
  }

  #lower(value: Value): readonly Laid[] {
    const known = this.#done.get(value);
    if (known !== undefined) return known;
    const laid = this.#make(value);
    this.#done.set(value, laid);
    return laid;
  }

  #make(value: Value): readonly Laid[] {
    if (value.kind === "constant" && typeof value.value === "number")
      return [this.laid(this.scalar(value.value, value.type.dtype), [])];
    if (value.kind === "pick") return [this.#lower(value.of)[value.index]!];
    if (value.kind !== "node") {
      const array = this.#leaf(value);
      return [this.laid(this.#keep(array), array.axes)];
    }
    const { op, inputs, weights, attributes, types } = value;
    if (op.lower === undefined) return this.#lower(this.#builder.expansion(value));
    const made = [op.lower({ p: this, inputs, weights, attributes: attributes, results: types })].flat();
    for (const [i, { value: made1, axes, spread }] of made.entries()) {
      const sizes = axes.map((axis) => (spread?.has(axis) ? 1 : this.int(types[i]!.axes.get(axis)!)));
      if (sizes.join() !== made1.shape.map((size) => this.int(size)).join() || axes.length !== types[i]!.axes.size)
        throw new Error(`${op.name} lowers to a wrong shape`);
    }
    return made;
  }
}
