/** @file What a graph costs on an engine, in picoseconds: rough, before it is planned, but known for single values. */
import { typedArrays } from "../contract/ndarray.ts";
import { macsOf } from "../ir/costs.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { TensorType } from "../ir/type.ts";
import { reachable } from "../ir/walk.ts";
import { concat } from "../ops/fusion.ts";
import { resize } from "../ops/resize.ts";
import type { Profile } from "../plan/profile.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Algebra } from "./algebra.ts";
import { isDiagonal, type Maps } from "./map.ts";

/** Numbers for a search, or sizes for a proof. */
export interface Arithmetic<T> {
  int(value: number): T;
  size(size: Size): T;
  add(a: T, b: T): T;
  mul(a: T, b: T): T;
}

export const exactly = (sizes: Sizes): Arithmetic<Size> => ({
  int: (value) => sizes.int(value),
  size: (size) => size,
  add: (a, b) => sizes.add(a, b),
  mul: (a, b) => sizes.mul(a, b),
});

export const numerically = (number: (size: Size) => number): Arithmetic<number> => ({
  int: (value) => value,
  size: number,
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
});

export class GraphCosts<T> {
  readonly #algebra: Algebra;
  readonly #maps: Maps;
  readonly #profile: Profile;
  readonly #arithmetic: Arithmetic<T>;
  readonly #known = new Map<Value, T>();

  constructor(algebra: Algebra, maps: Maps, profile: Profile, arithmetic: Arithmetic<T>) {
    this.#algebra = algebra;
    this.#maps = maps;
    this.#profile = profile;
    this.#arithmetic = arithmetic;
  }

  /** What a value costs, apart from its operands. */
  of(value: Value): T {
    let cost = this.#known.get(value);
    if (cost === undefined) this.#known.set(value, (cost = this.#of(value)));
    return cost;
  }

  /** What these values and all that they need cost, apart from what is paid for. */
  total(values: readonly Value[], isPaid: (value: Value) => boolean = () => false): T {
    return this.sum(this.region(values, isPaid));
  }

  /** These values and all that they need in a run, apart from what is paid for. */
  region(values: readonly Value[], isPaid: (value: Value) => boolean): ReadonlySet<Value> {
    const operands = (value: Value) => runtimeOperands(this.#algebra, value).filter((operand) => !isPaid(operand));
    return reachable(
      values.filter((value) => !isPaid(value)),
      operands,
    );
  }

  sum(values: Iterable<Value>): T {
    let total = this.#arithmetic.int(0);
    for (const value of values) total = this.#arithmetic.add(total, this.of(value));
    return total;
  }

  #of(value: Value): T {
    if (value.kind !== "node" || this.#isFree(value)) return this.#arithmetic.int(0);
    if (this.#isAbsorbed(value)) return this.#arithmetic.int(1);
    return value.op.lower === undefined ? this.#composite(value) : this.#leaf(value);
  }

  /** Known when the model is loaded, or a view. */
  #isFree(node: Node): boolean {
    if (this.#algebra.isLoaded(node)) return true;
    return node.inputs.length === 1 && this.#algebra.builder.trait(node, node.inputs, 0)?.view === true;
  }

  #composite(node: Node): T {
    const expansion = this.#algebra.builder.expansion(node);
    const inside = reachable([expansion], (value) => runtimeOperands(this.#algebra, value), new Set(node.inputs));
    return this.sum(inside);
  }

  #leaf(node: Node): T {
    const { int, add, mul, size } = this.#arithmetic;
    const { costs } = this.#profile;
    const { builder } = this.#algebra;
    const read = node.inputs.filter((input) => !this.#algebra.isLoaded(input)).map(({ type }) => this.#bytes(type));
    const written = node.types.map((type) => this.#bytes(type)).reduce(add);
    const moved = mul(int(costs.bytes), read.reduce(add, written));
    const cost = add(add(int(costs.step), moved), mul(int(costs.macs), size(macsOf(node, builder))));
    if (node.op.name === resize.name) return add(cost, mul(int(costs.resized), written));
    if (node.op.name !== concat.name) return cost;
    const { axis } = node.attributes as { readonly axis: string };
    const others = [...node.type.axes].filter(([name]) => name !== axis).map(([, other]) => size(other));
    return add(cost, mul(int(costs.rows * node.inputs.length), others.reduce(mul, int(1))));
  }

  #bytes({ axes, dtype }: TensorType): T {
    const { int, mul, size } = this.#arithmetic;
    return [...axes.values()].map((one) => size(one)).reduce(mul, int(typedArrays[dtype].BYTES_PER_ELEMENT));
  }

  /** Whether the planner fuses it into the product before it: a scale or shift of the channels, or an activation. */
  #isAbsorbed(node: Node): boolean {
    const [x] = node.inputs;
    if (x === undefined || !this.#isProduct(x)) return false;
    return this.#isVector(node) || this.#isActivation(node);
  }

  #isActivation({ op, inputs }: Node): boolean {
    return inputs.length === 1 && this.#profile.epilogues.has(op.name as never);
  }

  #isProduct(value: Value): boolean {
    let of = value;
    while (of.kind === "node" && !this.#algebra.isLoaded(of)) {
      if (of.op.macs !== undefined) return true;
      if (!this.#isVector(of)) return false;
      of = of.inputs[0]!;
    }
    return false;
  }

  /** Whether it scales or shifts its first operand by numbers of one axis. */
  #isVector(node: Node): boolean {
    return this.#maps.of(node).some(({ map, x }) => {
      if (x !== node.inputs[0] || map.kind !== "matrix" || !isDiagonal(map)) return false;
      return [map.weight, map.bias].every((value) => value === undefined || value.type.axes.size <= 1);
    });
  }
}

/** What a value needs in a run. */
export function runtimeOperands(algebra: Algebra, value: Value): readonly Value[] {
  const operands = value.kind === "pick" ? [value.of] : value.kind === "node" ? value.inputs : [];
  return operands.filter((operand) => !algebra.isLoaded(operand));
}
