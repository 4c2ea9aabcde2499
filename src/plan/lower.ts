/** @file Lowers the graph to primitives: runs every operator's lowering, and transposes where one needs a layout. */
import type { DType } from "../contract/ndarray.ts";
import type { Constant, Node, Value } from "../ir/graph.ts";
import type { Laid, Lowering, Positional, PrimitiveShape, Variant } from "../ir/lowering.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { printType, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { operandsOf, reachable } from "../ir/walk.ts";
import { binary } from "../primitives/binary.ts";
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import { broadcast, reshape, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError, invariant } from "../source/internal-error.ts";
import { PlanBuilder } from "./builder.ts";
import { buildTimeNumber } from "./manifest.ts";
import type { Profile } from "./profile.ts";
import type { Note, PlanInput, PlanValue } from "./value.ts";

export interface Lowered {
  readonly inputs: readonly PlanInput[];
  /** The graph's results in order, each in its declared layout. */
  readonly results: readonly PlanValue[];
  readonly builder: PlanBuilder;
}

/** Lowers everything that the results need, in source order. */
export function lower(graph: ModelGraph, profile: Profile): Lowered {
  const lowering = new GraphLowering(graph, profile);
  const inputs = graph.inputs.map((input) => lowering.input(input));
  const values = reachable(graph.results.map(({ value }) => value));
  for (const value of [...values].sort((a, b) => a.id - b.id)) lowering.lower(value);
  const results = graph.results.map(({ value, order }) => lowering.result(value, order));
  return { inputs, results, builder: lowering.builder };
}

class GraphLowering implements Lowering {
  readonly sizes: Sizes;
  readonly layout: "NHWC" | "NCHW";
  readonly builder: PlanBuilder;
  readonly #graph: ModelGraph;
  readonly #profile: Profile;
  /** The results of every lowered value. */
  readonly #done = new Map<Tensor, readonly Laid[]>();

  constructor(graph: ModelGraph, profile: Profile) {
    this.#graph = graph;
    this.#profile = profile;
    this.sizes = graph.builder.sizes;
    this.layout = profile.layout;
    this.builder = new PlanBuilder(this.sizes);
  }

  input({ name, type, order }: ModelGraph["inputs"][number]): PlanInput {
    return this.builder.input(
      name,
      type.dtype,
      order.map((axis) => [axis, sizeOf(type, axis)]),
    );
  }

  /** Lowers a value whose operands are lowered. Recursion is safe: expansions nest as deeply as records do, not programs. */
  lower(root: Value): void {
    const note = this.#noteOf(root);
    const before = this.builder.count;
    const open = [root];
    for (let value = open.at(-1); value !== undefined; value = open.at(-1)) {
      const waiting = this.#needs(value).filter((needed) => !this.#done.has(needed));
      if (waiting.length > 0) open.push(...waiting.reverse());
      else {
        open.pop();
        if (this.#done.has(value)) continue;
        this.builder.note = { ...note, name: undefined };
        this.#done.set(value, this.#lay(value));
      }
    }
    for (const { value } of this.#results(root)) {
      const made = this.builder.own(value);
      if (note.name !== undefined || (made.kind === "computation" && made.id >= before))
        this.builder.annotate(made, note);
    }
  }

  /** Returns a result in its layout at the boundary. */
  result(value: Value, order: readonly Axis[]): PlanValue {
    this.builder.note = { ...this.#noteOf(value), name: undefined };
    return this.builder.own(this.ordered(value, order));
  }

  can(variant: Variant): boolean {
    return this.#profile.variants.has(variant);
  }

  typeOf(value: Tensor): TensorType {
    return value.type;
  }

  int(size: Size): number {
    return buildTimeNumber(this.sizes, size);
  }

  isPrepared(value: Tensor): boolean {
    return this.builder.own(this.loose(value).value).kind === "prepared";
  }

  any(value: Tensor): Laid {
    const { value: x, axes, spread } = this.loose(value);
    return { value: spread === undefined ? x : this.#carryOut(x, axes, value.type), axes };
  }

  loose(value: Tensor): Laid {
    const [laid, ...others] = this.#results(value);
    invariant(laid !== undefined && others.length === 0, "a lowering uses a value with several results as one");
    return laid;
  }

  ordered(value: Tensor, axes: readonly Axis[]): Positional {
    const { value: x, axes: from, spread } = this.loose(value);
    const permutation = axes.map((axis) => from.indexOf(axis));
    invariant(
      axes.length === from.length && permutation.toSorted((a, b) => a - b).every((position, i) => position === i),
      `the axes [${from.join()}] cannot be ordered as [${axes.join()}]`,
    );
    const moved = this.emit(transpose, [x], { permutation });
    // Spread axes last, to move less data.
    return spread === undefined ? moved : this.#carryOut(moved, axes, value.type);
  }

  emit<A>(primitive: PrimitiveShape<A>, inputs: readonly Positional[], attributes: A): Positional {
    const [x, weight, bias] = inputs;
    if (bias !== undefined && takesBias(primitive) && !this.#profile.epilogues.has("bias"))
      return this.emit(binary, [this.emit(primitive, [x!, weight!], attributes), bias], { function: "add" });
    return this.builder.emit(primitive, inputs, attributes);
  }

  scalar(value: number | Size, dtype?: DType): Positional {
    return this.builder.scalar(value, dtype);
  }

  laid(value: Positional, axes: readonly Axis[]): Laid {
    return { value, axes };
  }

  /** Gives spread axes their sizes. */
  #carryOut(x: Positional, axes: readonly Axis[], type: TensorType): Positional {
    return this.emit(broadcast, [x], { shape: axes.map((axis) => sizeOf(type, axis)) });
  }

  #results(value: Tensor): readonly Laid[] {
    const found = this.#done.get(value);
    if (found === undefined) throw new InternalError("a lowering uses a value that is not its input");
    return found;
  }

  /** Returns what must be lowered before the value: its operands, or the expansion of a composite. */
  #needs(value: Value): readonly Value[] {
    if (value.kind === "node" && value.op.lower === undefined) return [this.#graph.builder.expansion(value)];
    return operandsOf(value);
  }

  #lay(value: Value): readonly Laid[] {
    switch (value.kind) {
      case "input":
        return [{ value: this.input(value), axes: value.order }];
      case "weight":
        return [{ value: this.builder.weight(value), axes: value.groups.flat() }];
      case "constant":
        return [this.#constant(value)];
      case "pick":
        return [this.#results(value.of)[value.index]!];
      case "node":
        return this.#node(value);
    }
  }

  #constant({ type, value }: Constant): Laid {
    const axes = [...type.axes.keys()];
    if (typeof value === "object" && "data" in value) return { value: this.builder.constant(value), axes };
    const scalar = this.scalar(value, type.dtype);
    if (axes.length === 0) return { value: scalar, axes };
    const ones = axes.map(() => this.sizes.int(1));
    return { value: this.emit(reshape, [scalar], { shape: ones }), axes, spread: type.axes };
  }

  #node(node: Node): readonly Laid[] {
    const { op, inputs, weights, attributes, types } = node;
    if (op.lower === undefined) return this.#results(this.#graph.builder.expansion(node));
    const laid = [op.lower({ p: this, inputs, weights, attributes: attributes, results: types })].flat();
    invariant(laid.length === types.length, `${op.name} lowers to ${laid.length} results instead of ${types.length}`);
    laid.forEach((result, index) => this.#verify(op.name, result, types[index]!));
    return laid;
  }

  /**
   * Catches a wrong lowering at its source, not where its result is used. Primitives do not know the facts of the world, so
   * their sizes may have another form: `ceil(h/2)` where `h/2` is exact. A shape is wrong if the facts refute it.
   */
  #verify(operator: string, { value, axes, spread }: Laid, type: TensorType): void {
    const fits = axes.every((axis, i) => {
      const expected = spread?.has(axis) ? this.sizes.int(1) : sizeOf(type, axis);
      const actual = value.shape[i];
      if (actual === undefined || actual === expected) return actual === expected;
      return this.#graph.facts.decide({ op: "==", a: expected, b: actual }).verdict !== "no";
    });
    const shape = value.shape.map((size) => this.sizes.print(size));
    invariant(
      fits && axes.length === type.axes.size && axes.length === shape.length && value.dtype === type.dtype,
      `${operator} lowers to ${value.dtype}[${shape.join()}] over [${axes.join()}], its type is ${printType(this.sizes, type)}`,
    );
  }

  #noteOf(value: Value): Note {
    const origin = this.#graph.origins.get(value)?.[0];
    const purpose = value.kind === "node" ? value.op.name : value.kind;
    return { name: origin?.name, purpose, origin };
  }
}

function sizeOf(type: TensorType, axis: Axis): Size {
  const size = type.axes.get(axis);
  if (size === undefined) throw new InternalError(`there is no axis ${axis}`);
  return size;
}

/** Whether a primitive's third input is a vector that is added along the last axis of its result. */
function takesBias(primitive: { readonly name: string }): boolean {
  return [conv2d, depthwiseConv2d, matmul].some(({ name }) => name === primitive.name);
}
