/** @file What a graph costs on an engine, in picoseconds: rough, before it is planned, but known for single values. */
import { typedArrays } from "../contract/ndarray.ts";
import { macsOf } from "../ir/costs.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { TensorType } from "../ir/type.ts";
import { inOrder, operandsOf, reachable } from "../ir/walk.ts";
import { concat } from "../ops/fusion.ts";
import { resize } from "../ops/resize.ts";
import type { Profile } from "../plan/profile.ts";
import type { Activation } from "../primitives/primitive.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Algebra } from "./algebra.ts";
import { alongOf, isDiagonal, type Maps } from "./map.ts";

/** Numbers for a search, or sizes for a proof. */
export interface Arithmetic<T> {
  readonly int: (value: number) => T;
  readonly size: (size: Size) => T;
  readonly add: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
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

/** A multiply-accumulate of weights takes 1,400 ps, in float64 and in JavaScript, once for this many runs. */
const loadedMac = 1400;
const runsPerLoad = 1000;

export class GraphCosts<T> {
  readonly #algebra: Algebra;
  readonly #maps: Maps;
  readonly profile: Profile;
  readonly #arithmetic: Arithmetic<T>;
  readonly #known = new Map<Value, T>();
  readonly #hosts = new Map<Value, Value | undefined>();
  readonly #loads = new Map<Value, number>();
  /** How many values were walked through so far: the work that was done. */
  walked = 0;

  constructor(algebra: Algebra, maps: Maps, profile: Profile, arithmetic: Arithmetic<T>) {
    this.#algebra = algebra;
    this.#maps = maps;
    this.profile = profile;
    this.#arithmetic = arithmetic;
  }

  /** What these values and all that they need cost, apart from what is paid for. */
  total(values: readonly Value[], isPaid: (value: Value) => boolean = () => false): T {
    return this.sum(this.region(values, isPaid));
  }

  /** These values and all that they need in a run, apart from what is paid for. */
  region(values: readonly Value[], isPaid: (value: Value) => boolean): ReadonlySet<Value> {
    const operands = (value: Value) => this.#algebra.operands(value).filter((operand) => !isPaid(operand));
    return reachable(
      values.filter((value) => !isPaid(value)),
      operands,
    );
  }

  /** What these values cost together. A value in the set has no other users than those in the set. */
  sum(values: ReadonlySet<Value>): T {
    this.walked += values.size;
    const productOf = this.fusedIn(values);
    let total = this.#arithmetic.int(0);
    for (const value of values)
      if (productOf(value) === undefined) total = this.#arithmetic.add(total, this.#costOf(value));
    return total;
  }

  /** Returns a function from a value of a set to the product in the set that it is fused into; undefined if it is a step of its own. */
  fusedIn(values: ReadonlySet<Value>): (value: Value) => Value | undefined {
    const uses = new Map<Value, number>();
    for (const value of values)
      for (const operand of this.#algebra.operands(value)) uses.set(operand, (uses.get(operand) ?? 0) + 1);
    const productOf = (value: Value): Value | undefined => {
      const host = this.hostOf(value);
      // What only one step uses is still in its memory when the product ends.
      if (host === undefined || !values.has(host) || uses.get(host) !== 1) return undefined;
      return isProduct(host) ? host : productOf(host);
    };
    return productOf;
  }

  /** What a value costs that is not fused into another. */
  #costOf(value: Value): T {
    let cost = this.#known.get(value);
    if (cost === undefined) this.#known.set(value, (cost = this.#alone(value)));
    return cost;
  }

  #alone(value: Value): T {
    const { int, add } = this.#arithmetic;
    if (value.kind !== "node" || this.#isFree(value)) return int(0);
    const cost = value.op.lower === undefined ? this.#composite(value) : this.#leaf(value);
    const load = [...value.inputs, ...Object.values(value.weights)].reduce((sum, one) => sum + this.#loadOf(one), 0);
    return load === 0 ? cost : add(cost, int(Math.round(load / runsPerLoad)));
  }

  /** What it takes to compute a weight of others when the model is loaded; 0 if it depends on the run. */
  #loadOf(weight: Value): number {
    if (!this.#algebra.isLoaded(weight)) return 0;
    for (const value of inOrder([weight], (one) => (this.#loads.has(one) ? [] : operandsOf(one)))) {
      if (this.#loads.has(value)) continue;
      const { builder } = this.#algebra;
      const macs = value.kind === "node" ? Number(builder.sizes.constant(macsOf(value, builder)) ?? 0n) : 0;
      const before = operandsOf(value).reduce((sum, operand) => sum + this.#loads.get(operand)!, 0);
      this.#loads.set(value, before + macs * loadedMac);
    }
    return this.#loads.get(weight)!;
  }

  /** Known when the model is loaded, or a view. */
  #isFree(node: Node): boolean {
    if (this.#algebra.isLoaded(node)) return true;
    return node.inputs.length === 1 && this.#algebra.builder.trait(node, 0)?.view === true;
  }

  #composite(node: Node): T {
    const expansion = this.#algebra.builder.expansion(node);
    return this.sum(reachable([expansion], (value) => this.#algebra.operands(value), new Set(node.inputs)));
  }

  #leaf(node: Node): T {
    const { int, add, mul, size } = this.#arithmetic;
    const { costs } = this.profile;
    const { builder } = this.#algebra;
    const read = node.inputs.filter((input) => !this.#algebra.isLoaded(input)).map(({ type }) => this.bytes(type));
    const written = node.types.map((type) => this.bytes(type)).reduce(add);
    // What only chooses elements reads no others.
    const isChoice = builder.trait(node, 0)?.is === "gather";
    const moved = mul(int(costs.bytes), isChoice ? mul(int(2), written) : read.reduce(add, written));
    const cost = add(add(int(costs.step), moved), mul(int(costs.macs), size(macsOf(node, builder))));
    if (node.op.name === resize.name) return add(cost, mul(int(costs.resized), written));
    if (node.op.name !== concat.name) return cost;
    const { axis } = node.attributes as { readonly axis: string };
    const others = [...node.type.axes].filter(([name]) => name !== axis).map(([, other]) => size(other));
    return add(cost, mul(int(costs.rows * node.inputs.length), others.reduce(mul, int(1))));
  }

  bytes({ axes, dtype }: TensorType): T {
    const { int, mul, size } = this.#arithmetic;
    return [...axes.values()].map((one) => size(one)).reduce(mul, int(typedArrays[dtype].BYTES_PER_ELEMENT));
  }

  /** The operand into which the planner fuses a value, if it can: a scale or shift of the channels of a product, or an activation. */
  hostOf(value: Value): Value | undefined {
    if (!this.#hosts.has(value)) this.#hosts.set(value, value.kind === "node" ? this.#host(value) : undefined);
    return this.#hosts.get(value);
  }

  #host(node: Node): Value | undefined {
    const [x] = node.inputs;
    if (x?.kind !== "node" || this.#algebra.isLoaded(node)) return undefined;
    const isActivation = node.inputs.length === 1 && this.profile.epilogues.has(node.op.name as Activation);
    if (isActivation) return this.#ends(x, (product) => isProduct(product)) ? x : undefined;
    // A scale goes into the weight, so that the weight must be known.
    const isKnown = (product: Value) =>
      this.#maps.of(product).some(({ map }) => map.kind === "matrix") || hasWeights(product);
    return this.#isVector(node) && this.#ends(x, isKnown) ? x : undefined;
  }

  /** Whether a value is such a product, with scales and shifts after it. */
  #ends(value: Value, isRight: (product: Value) => boolean): boolean {
    let of = value;
    while (!isProduct(of)) {
      const host = this.hostOf(of);
      if (host === undefined || !this.#isVector(of as Node)) return false;
      of = host;
    }
    return isRight(of);
  }

  /** Whether it scales or shifts its first operand by numbers of one axis. */
  #isVector(node: Node): boolean {
    return this.#maps.of(node).some(({ map, x }) => {
      return x === node.inputs[0] && map.kind === "matrix" && isDiagonal(map) && alongOf(map).length <= 1;
    });
  }
}

const isProduct = (value: Value): boolean => value.kind === "node" && value.op.macs !== undefined;
const hasWeights = (value: Value): boolean => value.kind === "node" && Object.keys(value.weights).length > 0;
