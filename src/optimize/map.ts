/** @file A node as a map of one of its inputs: by a tensor that is known when the model is loaded, or by its trait. */
import type { Node, Value } from "../ir/graph.ts";
import type { Trait } from "../ir/trait.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { linear } from "../ops/linear.ts";
import { inputAxis } from "../ops/shared/layers.ts";
import { isOver, isSameAxes, simplified, type Algebra } from "./algebra.ts";

/** y[to, along, r] = sum over from of weight[to, from', along] x[from, along, r] + bias. Without weight, y = x + bias. */
export interface MatrixMap {
  readonly kind: "matrix";
  readonly from: readonly Axis[];
  readonly to: readonly Axis[];
  readonly weight: Value | undefined;
  readonly bias: Value | undefined;
  /** Applies the author's operator with another weight and bias; undefined if it cannot be. */
  readonly with: ((x: Value, weight: Value, bias: Value | undefined) => Value | undefined) | undefined;
  /** The author's operator itself, which has this weight and bias. */
  readonly written?: OperatorMap | undefined;
}

/** An operator whose other inputs are fixed. */
export interface OperatorMap {
  readonly kind: "operator";
  readonly node: Node;
  readonly input: number;
  readonly trait: Trait;
}

export type Mapping = MatrixMap | OperatorMap;

/** A node as a map of `x`, one of its inputs. */
export interface Application {
  readonly map: Mapping;
  readonly x: Value;
}

/** Whether a map scales and shifts single elements. */
export const isDiagonal = ({ from, to }: MatrixMap): boolean => from.length === 0 && to.length === 0;

/** The carried axes along which a map varies. */
export function alongOf(map: Mapping): readonly Axis[] {
  if (map.kind === "operator") return map.trait.along ?? [];
  if (map.written !== undefined) return alongOf(map.written);
  const own = [...map.to, ...map.from.map(inputAxis)];
  const axes = [map.weight, map.bias].flatMap((value) => (value === undefined ? [] : axisNames(value.type)));
  return [...new Set(axes)].filter((axis) => !own.includes(axis));
}

/** What a map does, whatever it is made of. */
export function traitOf(map: Mapping): Trait {
  if (map.kind === "operator") return map.trait;
  if (map.written !== undefined) return map.written.trait;
  const { from, to, bias } = map;
  return { from, to, along: alongOf(map), is: bias === undefined ? "linear" : "affine" };
}

export class Maps {
  readonly #algebra: Algebra;
  readonly #known = new Map<Value, readonly Application[]>();
  readonly #applied = new WeakMap<Mapping, Map<Value, Value | undefined>>();

  constructor(algebra: Algebra) {
    this.#algebra = algebra;
  }

  /** Every way to see a value as a map of one run-time tensor. */
  of(value: Value): readonly Application[] {
    let known = this.#known.get(value);
    if (known === undefined) this.#known.set(value, (known = this.#of(value)));
    return known;
  }

  #of(value: Value): readonly Application[] {
    if (value.kind !== "node" || value.types.length > 1 || this.#algebra.isLoaded(value)) return [];
    return value.inputs.flatMap((x, input) => {
      const once = value.inputs.indexOf(x) === input && value.inputs.lastIndexOf(x) === input;
      if (x.kind === "constant" || !once || this.#algebra.isLoaded(x)) return [];
      const map = this.#operator(value, input);
      return map === undefined ? [] : [{ map: this.#matrix(map), x }];
    });
  }

  /** The operator as a tensor times its input; the operator itself if it is none. */
  #matrix(written: OperatorMap): Mapping {
    const { builder } = this.#algebra;
    const { node, input, trait } = written;
    // A trait knows what the record of a matrix does not: infinities make sums and products depend on their order.
    const isExact = trait.is === "linear" || trait.is === "affine";
    const isKnown = isExact && node.inputs.every((other, i) => i === input || this.#algebra.isLoaded(other));
    const matrix = isKnown ? builder.matrix(node, input) : undefined;
    if (matrix === undefined) return written;
    const apply = matrix.with?.bind(matrix);
    // Most maps are only asked how they act, for which no tensor is needed.
    const weight = once(() => matrix.weight && simplified(builder.own(matrix.weight)));
    const bias = once(() => matrix.bias && builder.own(matrix.bias));
    return {
      kind: "matrix",
      from: matrix.from,
      to: matrix.to,
      get weight() {
        return weight();
      },
      get bias() {
        return bias();
      },
      written,
      with:
        apply &&
        ((x, weight, bias) => {
          const made = apply(x, weight, bias);
          return made && builder.own(made);
        }),
    };
  }

  #operator(node: Node, input: number): OperatorMap | undefined {
    const trait = this.#algebra.builder.trait(node, input);
    return trait && { kind: "operator", node, input, trait };
  }

  /** Applies a map to a tensor; undefined if its operator cannot be applied to this one, or would do something else. */
  on(map: Mapping, x: Value): Value | undefined {
    const known = this.#applied.get(map) ?? new Map<Value, Value | undefined>();
    this.#applied.set(map, known);
    if (!known.has(x)) known.set(x, this.#on(map, x));
    return known.get(x);
  }

  #on(map: Mapping, x: Value): Value | undefined {
    if (map.kind === "operator") return this.#again(map, x);
    const written = map.written && this.#again(map.written, x);
    return written ?? (isDiagonal(map) ? this.#scaled(map, x) : this.#product(map, x));
  }

  #again({ node, input, trait }: OperatorMap, x: Value): Value | undefined {
    const made = this.#algebra.again(node, node.inputs.with(input, x));
    const other = made && this.#algebra.builder.trait(made, input);
    return other !== undefined && isSameAction(trait, other) ? made : undefined;
  }

  #scaled({ weight, bias }: MatrixMap, x: Value): Value | undefined {
    const axes = axisNames(x.type);
    if (!isOver(weight, axes) || !isOver(bias, axes)) return undefined;
    const scaled = weight === undefined ? x : this.#algebra.product([x, weight]);
    return bias === undefined ? scaled : this.#algebra.sum([scaled, bias]);
  }

  #product(map: MatrixMap, x: Value): Value | undefined {
    const { from, to, weight, bias } = map;
    const isInside = bias !== undefined && isOver(bias, to);
    const made = to.map((axis) => [axis, weight!.type.axes.get(axis)!] as const);
    const inner = isInside ? this.#algebra.expanded(bias, made) : undefined;
    const product = map.with?.(x, weight!, inner) ?? this.#linear(from, to, x, weight!, inner);
    if (product === undefined || bias === undefined || isInside) return product;
    return isOver(bias, axisNames(product.type)) ? this.#algebra.sum([product, bias]) : undefined;
  }

  #linear(
    from: readonly Axis[],
    to: readonly Axis[],
    x: Value,
    weight: Value,
    bias: Value | undefined,
  ): Value | undefined {
    if (!isOver(weight, [...to, ...from.map(inputAxis)])) return undefined;
    const maps = [{ from, to: to.map((axis) => ({ axis, size: weight.type.axes.get(axis)! })) }];
    const attributes = { keyed: new Map(), maps, bias: bias !== undefined, init: undefined };
    return this.#algebra.node(linear, [x], attributes, bias === undefined ? { weight } : { weight, bias });
  }
}

/** A function that makes something when it is first asked for it. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function isSameAction(a: Trait, b: Trait): boolean {
  const isSameAlong = isSameAxes(a.along ?? [], b.along ?? []);
  return a.is === b.is && isSameAxes(a.from, b.from) && isSameAxes(a.to, b.to) && isSameAlong;
}
