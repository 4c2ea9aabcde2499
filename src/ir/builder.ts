/** @file Makes graph values: completes attributes, computes types, requires sizes >= 1, and interns, so equal values are one object. */
import type { NdArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError, invariant } from "../source/internal-error.ts";
import type { Attributes, ValuesOf } from "./attribute.ts";
import { canonical } from "./canonical.ts";
import type { Constant, Input, Node, Pick, Value, Weight } from "./graph.ts";
import { Literals } from "./literals.ts";
import { Complaint, type Obligations } from "./obligation.ts";
import { OperatorContext, type ExpansionContext, type Operator, type WeightSpec } from "./operator.ts";
import type { Matrix, Trait } from "./trait.ts";
import { tensorType, type Axis, type Tensor, type TensorType } from "./type.ts";

/** For graphs whose obligations are already decided: expansions, tests of records. Complaints are bugs here. */
export const assumed: Obligations = {
  equal: () => {},
  divides: () => {},
  atLeast: () => {},
  report: (code, args) => {
    throw new InternalError(`an operator complains after checking: ${code} ${JSON.stringify(args)}`);
  },
};

/** For operators that may be impossible, which is no mistake of anybody. */
export const silent: Obligations = { ...assumed, report: () => {} };

function typesOf<S extends Attributes>(op: Operator<S>, context: OperatorContext<ValuesOf<S>>): readonly TensorType[] {
  const types = op.type(context);
  return "axes" in types ? [types] : types;
}

/** Whether a value is over the axes of a weight. */
function isOfSpec(value: Value | undefined, { groups }: WeightSpec): value is Value {
  const axes = groups.flat();
  return (
    value?.type.dtype === "f32" &&
    value.type.axes.size === axes.length &&
    axes.every(([axis, size]) => value.type.axes.get(axis) === size)
  );
}

/** Returns the inputs that are numbers or sizes, where they are. */
const numbersOf = (inputs: readonly Value[]) =>
  inputs.map((input) => (input.kind === "constant" && !isArray(input.value) ? input.value : undefined));

function isArray(value: number | Size | NdArray): value is NdArray {
  return typeof value === "object" && "data" in value;
}

export class GraphBuilder {
  readonly sizes: Sizes;
  readonly #interned = new Map<string, Value>();
  readonly #keys = new WeakMap<object, number>();
  readonly #expansions = new WeakMap<Node, Value>();
  readonly #traits = new WeakMap<Node, Map<number, Trait | undefined>>();
  /** Every tensor made here, with its full type. */
  readonly #own = new WeakMap<Tensor, Value>();
  readonly #literals: Literals;
  #count = 0;

  constructor(sizes: Sizes) {
    this.sizes = sizes;
    this.#literals = new Literals(sizes, (node) => this.expansion(node));
  }

  /** Makes a new input at every call. */
  input(name: string, type: TensorType, order: readonly Axis[] = [...type.axes.keys()]): Input {
    return this.#made({ kind: "input", id: this.#count++, name, type, order });
  }

  /** Interned by path, type and initializer. Two uses of a layer share its weights, but shapes may differ between worlds. */
  weight(path: string, spec: WeightSpec): Weight {
    const type = tensorType(spec.dtype ?? "f32", spec.groups.flat());
    const start = this.#text([spec.init, spec.fan.in, spec.fan.out]);
    return this.#intern(["weight", path, this.#typeKey(type), start], (id) => ({
      kind: "weight",
      id,
      path,
      type,
      groups: spec.groups.map((group) => group.map(([axis]) => axis)),
      init: spec.init,
      fan: spec.fan,
    }));
  }

  /** Makes a constant. Numbers are interned by value, literal data by object. */
  constant(type: TensorType, value: number | Size | NdArray): Constant {
    const key = typeof value === "number" ? this.#text(value) : this.#key(value);
    return this.#intern(["constant", this.#typeKey(type), key], (id) => ({ kind: "constant", id, type, value }));
  }

  /** Makes a rank-0 tensor of a number or a size. */
  scalar(value: number | Size, dtype: "f32" | "i32" = "f32"): Constant {
    const number = typeof value === "number" ? value : this.sizes.constant(value);
    return this.constant(tensorType(dtype, []), typeof number === "bigint" ? Number(number) : (number ?? value));
  }

  /**
   * Applies an operator to its inputs. `weights` is the path of its weights (a spec named `bias` gets `<weights>.bias`; `bias` if empty), or
   * the values to use instead. Undefined if the operator complained, which was then reported through `obligations`.
   */
  node<S extends Attributes>(
    op: Operator<S>,
    inputs: readonly Value[],
    attributes: ValuesOf<S>,
    obligations: Obligations = assumed,
    weights: string | Readonly<Record<string, Value>> = "",
  ): Node | undefined {
    const inputTypes = inputs.map((input) => input.type);
    const numbers = numbersOf(inputs);
    const contextOf = (values: ValuesOf<S>, asking: Obligations) =>
      new OperatorContext(asking.callee ?? op.name, this.sizes, inputTypes, values, asking, numbers);
    let kept = canonical(op.attributes, attributes, inputTypes);
    const context = contextOf(kept, obligations);
    try {
      let types = typesOf(op, context);
      if (op.resolve !== undefined) {
        kept = canonical(op.attributes, op.resolve(kept, inputTypes[0]!, types[0]!), inputTypes);
        types = typesOf(op, contextOf(kept, assumed));
      }
      for (const type of types)
        for (const [axis, size] of type.axes) obligations.atLeast(size, this.sizes.int(1), { axis });
      const specs = op.weights?.(contextOf(kept, obligations)) ?? [];
      return this.#make(op, inputs, this.#weights(op, specs, weights), kept, types);
    } catch (error) {
      if (error instanceof Complaint) return undefined;
      throw error;
    }
  }

  /** Applies the operator of a node to other inputs, with its attributes and weights; undefined if it cannot be, or these do not fit. */
  again({ op, attributes, weights }: Node, inputs: readonly Value[]): Node | undefined {
    const types = inputs.map(({ type }) => type);
    const kept = canonical(op.attributes, attributes, types);
    const context = new OperatorContext(op.name, this.sizes, types, kept, silent, numbersOf(inputs));
    try {
      const made = typesOf(op, context);
      const isFitting = (op.weights?.(context) ?? []).every((spec) => isOfSpec(weights[spec.name], spec));
      return isFitting ? this.#make(op, inputs, weights, kept, made) : undefined;
    } catch (error) {
      if (error instanceof Complaint) return undefined;
      throw error;
    }
  }

  #weights(
    { name: operator }: Operator,
    specs: readonly WeightSpec[],
    weights: string | Readonly<Record<string, Value>>,
  ): Readonly<Record<string, Value>> {
    if (typeof weights === "string")
      return Object.fromEntries(
        specs.map((spec) => [spec.name, this.weight(weights === "" ? spec.name : `${weights}.${spec.name}`, spec)]),
      );
    const names = Object.keys(weights);
    invariant(names.length === specs.length, `${operator} has ${specs.length} weights, not ${names.join()}`);
    return Object.fromEntries(
      specs.map((spec) => {
        const { name, groups } = spec;
        const value = weights[name];
        if (isOfSpec(value, spec)) return [name, value];
        const axes = groups.flat().map(([axis, size]) => `${axis}: ${this.sizes.print(size)}`);
        throw new InternalError(`the ${name} of ${operator} is not over [${axes.join()}]`);
      }),
    );
  }

  pick(node: Node, index: number): Node | Pick {
    if (node.types.length === 1) return node;
    const type = node.types[index]!;
    return this.#intern(["pick", String(node.id), String(index)], (id) => ({
      kind: "pick",
      id,
      of: node,
      index,
      type,
    }));
  }

  /** Returns the expansion of a composite; the same object each time. */
  expansion(node: Node): Value {
    const known = this.#expansions.get(node);
    if (known !== undefined) return known;
    if (node.op.expand === undefined) throw new InternalError(`${node.op.name} is not a composite`);
    const made = this.own(node.op.expand(this.#expanding(node)));
    this.#expansions.set(node, made);
    return made;
  }

  /** Returns how a node acts on one of its inputs, if its record says. */
  trait(node: Node, input: number): Trait | undefined {
    const known = this.#traits.get(node) ?? new Map<number, Trait | undefined>();
    if (known.size === 0) this.#traits.set(node, known);
    if (!known.has(input)) known.set(input, this.#trait(node, input));
    return known.get(input);
  }

  #trait({ op, attributes, inputs }: Node, input: number): Trait | undefined {
    const types = inputs.map(({ type }) => type);
    const literals = (index: number) => this.#literals.of(inputs[index]!);
    const context = new OperatorContext(op.name, this.sizes, types, attributes, silent, numbersOf(inputs), literals);
    return op.trait?.(context, input);
  }

  /** Returns a node as a tensor times one of its inputs, if it is that. */
  matrix(node: Node, input: number): Matrix | undefined {
    return node.op.matrix?.(this.#expanding(node), input);
  }

  /** Returns a tensor that a record made here as the value that it is. */
  own(tensor: Tensor): Value {
    const found = this.#own.get(tensor);
    if (found === undefined) throw new InternalError("a record uses a value that its builder did not make");
    return found;
  }

  #expanding(node: Node): ExpansionContext<Node["attributes"]> {
    return {
      sizes: this.sizes,
      inputs: node.inputs,
      weights: node.weights,
      attributes: node.attributes,
      scalar: (value) => this.scalar(value),
      node: (op, inputs, attributes, weights = {}) => {
        const own = inputs.map((input) => this.own(input));
        const ownWeights = Object.entries(weights).map(([name, weight]) => [name, this.own(weight)] as const);
        const inner = this.node(op, own, attributes, assumed, Object.fromEntries(ownWeights));
        if (inner === undefined) throw new InternalError(`${node.op.name} makes an impossible ${op.name}`);
        return inner;
      },
    };
  }

  #make(
    op: Operator,
    inputs: readonly Value[],
    weights: Readonly<Record<string, Value>>,
    attributes: object,
    types: readonly TensorType[],
  ): Node {
    const key = [
      "node",
      this.#key(op),
      inputs.map((input) => input.id).join(),
      Object.values(weights)
        .map((weight) => weight.id)
        .join(),
      this.#text(attributes),
      types.map((type) => this.#typeKey(type)).join(),
    ];
    const record = attributes as Readonly<Record<string, unknown>>;
    return this.#intern(key, (id) => ({
      kind: "node",
      id,
      op,
      inputs,
      weights,
      attributes: record,
      types,
      type: types[0]!,
    }));
  }

  #intern<T extends Value>(parts: readonly string[], make: (id: number) => T): T {
    const key = parts.join("|");
    const known = this.#interned.get(key);
    if (known !== undefined) return known as T;
    const made = this.#made(make(this.#count++));
    this.#interned.set(key, made);
    return made;
  }

  #made<T extends Value>(value: T): T {
    this.#own.set(value, value);
    return value;
  }

  /** Returns a number that identifies an object. Sizes are interned, so equal ones have the same number. */
  #key(object: object): string {
    let key = this.#keys.get(object);
    if (key === undefined) this.#keys.set(object, (key = this.#count++));
    return `#${key}`;
  }

  #typeKey(type: TensorType): string {
    return `${type.dtype}[${[...type.axes].map(([axis, size]) => `${axis}:${this.#key(size)}`).join()}]`;
  }

  /** Returns the exact text of an attribute. It distinguishes `NaN`, `-0` and infinities. */
  #text(value: unknown): string {
    if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
    if (Array.isArray(value)) return `[${value.map((item) => this.#text(item)).join()}]`;
    if (value instanceof Map) return this.#text([...value]);
    if (typeof value === "object" && value !== null) {
      // Among attribute values, only sizes have an `id`. They are interned, so identity is equality.
      if ("id" in value) return this.#key(value);
      return `{${Object.entries(value)
        .map(([name, item]) => `${name}:${this.#text(item)}`)
        .join()}}`;
    }
    return JSON.stringify(value) ?? "undefined";
  }
}
