/** @file The numbers that a program writes and what is computed of them: laws of linear operators fail at zeros and infinities. */
import { elements, named, type NamedArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Constant, Node, Value } from "./graph.ts";
import type { TensorType } from "./type.ts";
import { inOrder, operandsOf } from "./walk.ts";

/** What is known about the elements of a value. */
interface Known {
  /** The results, if the value is computed of numbers only. */
  readonly arrays: readonly NamedArray[] | undefined;
  /** The elements, or those of the numbers that it is computed of, as far as these are known. */
  readonly numbers: readonly number[];
  /** Whether it depends on an input. */
  readonly isOfRun: boolean;
}

/** More elements are not computed while compiling. */
const mostElements = 4096;

const unknown: Known = { arrays: undefined, numbers: [], isOfRun: false };
const ofRun: Known = { ...unknown, isOfRun: true };

export class Literals {
  readonly #sizes: Sizes;
  readonly #expansion: (node: Node) => Value;
  readonly #known = new WeakMap<Value, Known>();

  constructor(sizes: Sizes, expansion: (node: Node) => Value) {
    this.#sizes = sizes;
    this.#expansion = expansion;
  }

  /**
   * Returns the elements of a value that is computed of numbers only. If it is also computed of weights, or too large, these are
   * the elements of those numbers; none if it depends on an input.
   */
  of(value: Value): readonly number[] {
    if (!this.#known.has(value))
      for (const one of inOrder([value], (next) => (this.#known.has(next) ? [] : this.#operands(next))))
        if (!this.#known.has(one)) this.#known.set(one, this.#knownOf(one));
    return this.#known.get(value)!.numbers;
  }

  /** A composite is its expansion. */
  #operands(value: Value): readonly Value[] {
    return value.kind === "node" && value.op.reference === undefined ? [this.#expansion(value)] : operandsOf(value);
  }

  #knownOf(value: Value): Known {
    if (value.kind === "input") return ofRun;
    if (value.kind === "weight") return unknown;
    if (value.kind === "constant") return this.#constant(value);
    const operands = this.#operands(value).map((operand) => this.#known.get(operand)!);
    if (operands.some(({ isOfRun }) => isOfRun)) return ofRun;
    if (value.kind === "pick") return computed(operands[0]!, [operands[0]!.arrays?.[value.index]]);
    if (value.op.reference === undefined) return operands[0]!;
    const inputs = operands.map(({ arrays }) => arrays?.[0]);
    const made = inputs.every((input) => input !== undefined) ? this.#results(value, inputs) : undefined;
    // Positions begin with 0, however many there are.
    const numbers = operands.length === 0 ? [0] : [...new Set(operands.flatMap((one) => one.numbers))];
    return made === undefined ? { ...unknown, numbers } : computed(unknown, made);
  }

  #results(node: Node, inputs: readonly NamedArray[]): readonly NamedArray[] | undefined {
    const results = node.types.map((type) => this.#shape(type));
    if (!results.every((result) => result !== undefined)) return undefined;
    const made = node.op.reference!({
      inputs,
      weights: {},
      attributes: node.attributes,
      results,
      size: (size) => Number(this.#sizes.constant(size) ?? NaN),
      count: () => undefined,
    });
    return [made].flat();
  }

  #constant({ type, value }: Constant): Known {
    if (typeof value !== "number" && "data" in value) {
      const array = named(value, [...type.axes.keys()]);
      return array.data.length > mostElements
        ? { ...unknown, numbers: [...new Set(array.data)] }
        : computed(unknown, [array]);
    }
    const number = typeof value === "number" ? value : this.#sizes.constant(value);
    // A size such as `t - 1` may be 0.
    if (number === undefined) return { ...unknown, numbers: (this.#sizes.lower(value as Size) ?? 0n) < 1n ? [0] : [] };
    const shape = this.#shape(type);
    if (shape === undefined) return { ...unknown, numbers: [Number(number)] };
    const data = new Float64Array(elements(shape.shape)).fill(Number(number));
    return computed(unknown, [{ dtype: type.dtype, ...shape, data }]);
  }

  /** Undefined if some sizes are known in a run only, or the elements are too many. */
  #shape({ axes }: TensorType): { readonly axes: readonly string[]; readonly shape: readonly number[] } | undefined {
    const shape = [...axes.values()].map((size) => Number(this.#sizes.constant(size) ?? NaN));
    return elements(shape) <= mostElements ? { axes: [...axes.keys()], shape } : undefined;
  }
}

/** What is known about arrays, or about what they would be computed of. */
function computed(of: Known, arrays: readonly (NamedArray | undefined)[]): Known {
  if (!arrays.every((array) => array !== undefined)) return of;
  return { arrays, numbers: [...new Set(arrays.flatMap(({ data }) => [...data]))], isOfRun: false };
}
