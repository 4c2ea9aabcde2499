/**
 * @file One rule: a product of which only slices are used becomes a product for each slice, by a slice of the weights, which
 * is prepared. Merged queries, keys and values are then three products.
 */
import { conv2d } from "../primitives/convolution.ts";
import { reshape, slice } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import type { Size } from "../sizes/size.ts";
import { bytesOf, nominalNumbers } from "./buffers.ts";
import type { PlanBuilder } from "./builder.ts";
import { isElementwise } from "./elementwise.ts";
import { foldedSlice } from "./folded-slice.ts";
import { computationsOf, madeBy, type Computation, type PlanValue } from "./value.ts";

/** A part of a value: some elements of one axis. */
interface Part {
  readonly axis: number;
  readonly begin: number;
  readonly size: number;
}

/** The bytes that an engine moves in about the time that a step takes. */
const bytesOfStep = 2 ** 16;

/** Returns the values with slices moved into products where that is cheaper. */
export function sliceProducts(results: readonly PlanValue[], builder: PlanBuilder): readonly PlanValue[] {
  const slicing = new Slicing(results, builder);
  return results.map((value) => slicing.now(value));
}

/** A product by prepared weights, possibly reshaped, and which axes are its channels. */
interface Product {
  readonly made: Computation;
  readonly position: number;
  readonly channels: readonly Size[];
}

class Slicing {
  readonly #builder: PlanBuilder;
  readonly #live: readonly Computation[];
  readonly #users = new Map<PlanValue, Computation[]>();
  readonly #results: ReadonlySet<PlanValue>;
  /** The parts of a value that are used; undefined if that is not known, or all of it. */
  readonly #wanted = new Map<PlanValue, readonly Part[] | undefined>();
  /** What becomes several values, and the product where that begins. */
  readonly #open = new Map<Computation, Product | undefined>();
  readonly #replaced = new Map<PlanValue, PlanValue>();

  constructor(results: readonly PlanValue[], builder: PlanBuilder) {
    this.#builder = builder;
    this.#results = new Set(results);
    this.#live = computationsOf(results);
    for (const step of this.#live)
      for (const input of new Set(step.inputs)) {
        const users = this.#users.get(input);
        if (users === undefined) this.#users.set(input, [step]);
        else users.push(step);
      }
    for (const step of this.#live.toReversed()) this.#wanted.set(step, this.#wantedOf(step));
    for (const step of this.#live) {
      const product = this.#product(step);
      if (product !== undefined ? this.#pays(product, step) : this.#follows(step)) this.#open.set(step, product);
    }
    this.#close();
    for (const step of this.#live) {
      const note = (builder.note = builder.noteOf(step));
      const value = this.#step(step);
      if (value !== step) builder.annotate(value, note);
      this.#replaced.set(step, value);
    }
  }

  now(value: PlanValue): PlanValue {
    return this.#replaced.get(value) ?? value;
  }

  #isOpen(value: PlanValue): value is Computation {
    return value.kind === "computation" && this.#open.has(value);
  }

  #step(step: Computation): PlanValue {
    const { primitive, inputs, attributes } = step;
    if (madeBy(step, slice)) {
      const part = this.#partOf(step);
      if (part !== undefined && this.#isOpen(inputs[0]!)) return this.#sliced(inputs[0], part);
      return foldedSlice(this.now(inputs[0]!), step.attributes, this.#builder);
    }
    return this.#builder.emit(
      primitive,
      inputs.map((input) => this.now(input)),
      attributes,
    );
  }

  /** Returns the part that a slice takes of its input, if it takes it along one axis. */
  #partOf(step: Computation): Part | undefined {
    if (!madeBy(step, slice)) return undefined;
    const { begin, size } = step.attributes;
    const from = step.inputs[0]!.shape;
    const [axis, ...others] = size.flatMap((count, i) => (count === from[i] ? [] : [i]));
    if (axis === undefined || others.length > 0) return undefined;
    const [start, count] = [begin[axis]!, size[axis]!].map((number) => this.#builder.sizes.constant(number));
    return start === undefined || count === undefined ? undefined : { axis, begin: Number(start), size: Number(count) };
  }

  #wantedOf(value: Computation): readonly Part[] | undefined {
    if (this.#results.has(value)) return undefined;
    const parts: Part[] = [];
    for (const user of this.#users.get(value) ?? []) {
      const part = this.#partOf(user);
      const more = part === undefined ? this.#wantedBy(user, value) : [part];
      if (more === undefined) return undefined;
      for (const one of more)
        if (!parts.some(({ axis, begin, size }) => axis === one.axis && begin === one.begin && size === one.size))
          parts.push(one);
    }
    return parts.every(({ axis }) => axis === parts[0]?.axis) ? parts : undefined;
  }

  /** Returns the parts of its input that a function of elements needs for the parts of its result that are used. */
  #wantedBy(user: Computation, input: PlanValue): readonly Part[] | undefined {
    if (!isElementwise(user) || user.shape.length !== input.shape.length) return undefined;
    const wanted = this.#wanted.get(user);
    return wanted?.every(({ axis }) => input.shape[axis] === user.shape[axis]) ? wanted : undefined;
  }

  /** The product that a value is, of which only parts are used. */
  #product(value: Computation): Product | undefined {
    const [inner] = value.inputs;
    const isOnlyUse = inner !== undefined && !this.#results.has(inner) && this.#users.get(inner)?.length === 1;
    const made = madeBy(value, reshape) && isOnlyUse ? inner : value;
    if (!madeBy(made, matmul) && !madeBy(made, conv2d)) return undefined;
    const { shape } = value;
    const { sizes } = this.#builder;
    const [, weight, ...bias] = made.inputs;
    if ([weight!, ...bias].some(({ kind }) => kind !== "prepared")) return undefined;
    if (madeBy(made, matmul) && (made.attributes.transposeB || weight!.shape.length > 2)) return undefined;
    if (madeBy(made, conv2d) && made.attributes.groups > 1) return undefined;
    const isFirst = madeBy(made, conv2d) && made.attributes.layout === "NCHW";
    const whole = (from: number, to: number) => shape.slice(from, to).reduce((a, b) => sizes.mul(a, b), sizes.int(1));
    const outputs = weight!.shape.at(-1)!;
    for (let position = shape.length - 1; position >= 0; position--)
      for (let end = position + 1; end <= shape.length; end++) {
        const fits = isFirst ? whole(0, position) === made.shape[0] : end === shape.length;
        if (fits && whole(position, end) === outputs) return { made, position, channels: shape.slice(position, end) };
      }
    return undefined;
  }

  /** Whether products for the parts cost less than one product and slices. */
  #pays({ made, position, channels }: Product, value: Computation): boolean {
    const parts = this.#wanted.get(value);
    if (parts === undefined || parts.length === 0) return false;
    const axis = parts[0]!.axis;
    const { sizes } = this.#builder;
    const length = sizes.constant(channels[axis - position] ?? sizes.int(0));
    if (axis < position || length === undefined) return false;
    // No element is computed twice.
    const sorted = parts.toSorted((a, b) => a.begin - b.begin);
    if (sorted.some(({ begin, size }, i) => begin + size > (sorted[i + 1]?.begin ?? Number(length)))) return false;
    const number = nominalNumbers(sizes);
    const weight = made.inputs[1]!.shape;
    // What a product reads for an element of every channel, and what slices read and write for it.
    const read = weight.slice(0, -1).reduce((product, size) => product * number(size), 1);
    const result = bytesOf(value, number);
    const readAgain = (parts.length - 1) * (result / number(weight.at(-1)!)) * read;
    const moreSteps = (parts.length - 1) * (1 + this.#elementwiseAfter(value)) - parts.length;
    return readAgain + moreSteps * bytesOfStep <= 2 * result;
  }

  /** Counts the functions of elements between a value and its slices. */
  #elementwiseAfter(value: PlanValue): number {
    const found = new Set<Computation>();
    const open = [value];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const user of this.#users.get(next) ?? [])
        if (isElementwise(user) && !found.has(user)) {
          found.add(user);
          open.push(user);
        }
    return found.size;
  }

  /** Whether a value is a function of elements of products that become several, and otherwise of what is prepared. */
  #follows(value: Computation): boolean {
    const parts = this.#wanted.get(value);
    if (parts === undefined || parts.length === 0 || !isElementwise(value)) return false;
    return (
      value.inputs.some((input) => this.#isOpen(input)) &&
      value.inputs.every((input) => this.#isOpen(input) || input.kind === "prepared")
    );
  }

  /** Keeps what is needed whole, which no product should compute again. */
  #close(): void {
    const isPart = (user: Computation) => this.#open.has(user) || this.#partOf(user) !== undefined;
    for (let isClosed = false; !isClosed;) {
      isClosed = true;
      for (const [value, product] of this.#open) {
        if (this.#users.get(value)!.every(isPart) && (product !== undefined || this.#follows(value))) continue;
        this.#open.delete(value);
        isClosed = false;
      }
    }
  }

  #sliced(value: PlanValue, part: Part): PlanValue {
    const builder = this.#builder;
    if (!this.#isOpen(value)) return this.#slicedPrepared(value, part);
    const product = this.#open.get(value);
    const size = builder.sizes.int(part.size);
    if (product === undefined) {
      const inputs = value.inputs.map((input) => {
        const axis = part.axis - value.shape.length + input.shape.length;
        const isSpread = axis < 0 || input.shape[axis] !== value.shape[part.axis];
        return isSpread ? this.now(input) : this.#sliced(input, { ...part, axis });
      });
      return builder.emit(value.primitive, inputs, value.attributes);
    }
    const { made, position, channels } = product;
    const [x, ...weights] = made.inputs;
    const own = weights.map((weight) => {
      const before = weight.shape.slice(0, -1);
      const split = builder.emit(reshape, [weight], { shape: [...before, ...channels] });
      const taken = this.#slicedPrepared(split, { ...part, axis: before.length + part.axis - position });
      const count = taken.shape.slice(before.length).reduce((a, b) => builder.sizes.mul(a, b), builder.sizes.int(1));
      return builder.emit(reshape, [taken], { shape: [...before, count] });
    });
    const result = builder.emit(made.primitive, [this.now(x!), ...own], made.attributes);
    return builder.emit(reshape, [result], { shape: value.shape.with(part.axis, size) });
  }

  #slicedPrepared(value: PlanValue, { axis, begin, size }: Part): PlanValue {
    const { sizes } = this.#builder;
    return this.#builder.emit(slice, [value], {
      begin: value.shape.map((_, i) => sizes.int(i === axis ? begin : 0)),
      size: value.shape.with(axis, sizes.int(size)),
    });
  }
}
