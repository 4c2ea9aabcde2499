/** @file Applies one operator in a test. Types, sizes and obligations are written as text. */
import type { DType } from "../../src/contract/ndarray.ts";
import type { Attribute, AxisMap } from "../../src/ir/attribute.ts";
import { GraphBuilder } from "../../src/ir/builder.ts";
import type { Input, Node, Value, Weight } from "../../src/ir/graph.ts";
import type { Obligations } from "../../src/ir/obligation.ts";
import type { Operator } from "../../src/ir/operator.ts";
import { tensorType, type TensorType } from "../../src/ir/type.ts";
import type { Size, SizeVar } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";

/** Numbers and texts stand for sizes. Omitted attributes get their defaults. */
export type Written = Readonly<Record<string, unknown>>;

/** Names for the results of an example. */
export const resultNames = (code: string): readonly string[] =>
  /^(split|unstack)\(|indices: true/.test(code) ? ["first", "second"] : ["result"];

/** Returns the weights that belong to a node itself, by name. */
export function ownWeights(node: Node): Readonly<Record<string, Weight>> {
  const entries = Object.entries(node.weights).map(([name, value]) => {
    if (value.kind !== "weight") throw new Error(`${name} of ${node.op.name} is computed`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

export class OperatorTest {
  readonly sizes = new Sizes();
  readonly builder = new GraphBuilder(this.sizes);
  /** The operators' obligations: `r | c`, `a == b`, `h >= 3`, or the code of an error. */
  readonly asked: string[] = [];
  /** Variables by name, created when a text first uses them. */
  readonly variables = new Map<string, SizeVar>();
  readonly #known: Readonly<Record<string, number>>;

  /** Variables with a value here are numbers. */
  constructor(known: Readonly<Record<string, number>> = {}) {
    this.#known = known;
  }

  /** Reads `2*k + 1`, with the operators of JavaScript, left to right as written. */
  size(text: string | number): Size {
    const tokens = String(text).match(/\w+|[-+*/()]/g) ?? [];
    const atom = (): Size => {
      const token = tokens.shift()!;
      if (token === "(") {
        const inner = sum();
        tokens.shift();
        return inner;
      }
      if (token === "-") return this.sizes.neg(atom());
      const number = this.#known[token] ?? Number(token);
      return Number.isNaN(number) ? this.sizes.of(this.variable(token)) : this.sizes.int(number);
    };
    const product = (): Size => {
      let left = atom();
      while (tokens[0] === "*" || tokens[0] === "/")
        left = tokens.shift() === "*" ? this.sizes.mul(left, atom()) : this.sizes.divide(left, atom());
      return left;
    };
    const sum = (): Size => {
      let left = product();
      while (tokens[0] === "+" || tokens[0] === "-")
        left = tokens.shift() === "+" ? this.sizes.add(left, product()) : this.sizes.sub(left, product());
      return left;
    };
    return sum();
  }

  variable(name: string): SizeVar {
    let variable = this.variables.get(name);
    if (variable === undefined) this.variables.set(name, (variable = this.sizes.variable(name, { time: "build" })));
    return variable;
  }

  /** Reads `i32[n, c: 2*k]`. */
  type(text: string): TensorType {
    const [, dtype = "", axes = ""] = /^(\w*)\[(.*)\]$/.exec(text) ?? [];
    const parsed = axes.split(",").flatMap((part) => {
      const [axis = "", size = axis] = part.split(":").map((piece) => piece.trim());
      return axis === "" ? [] : [[axis, this.size(size)] as const];
    });
    return tensorType((dtype || "f32") as DType, parsed);
  }

  input(text: string, name = "x"): Input {
    return this.builder.input(name, this.type(text));
  }

  /** Returns the node, or undefined if the operator reported an error, which is in `asked`. */
  apply(op: Operator, inputs: readonly Value[], attributes: Written = {}): Node | undefined {
    return this.builder.node(op, inputs, this.attributes(op, attributes), this.#obligations, op.name);
  }

  attributes(op: Operator, written: Written): Written {
    return Object.fromEntries(
      Object.entries(op.attributes).map(([name, attribute]) => [
        name,
        this.#value(attribute, written[name] ?? attribute.default),
      ]),
    );
  }

  #value({ kind }: Attribute, value: unknown): unknown {
    const list = (item: unknown): unknown[] => (Array.isArray(item) ? item : [item]);
    const size = (item: unknown) => this.size(item as string | number);
    if (kind === "keyed")
      return new Map(Object.entries(value ?? {}).map(([axis, item]) => [axis, list(item).map(size)]));
    if (kind === "maps")
      return ((value ?? []) as [string[], [string, string | number | null][]][]).map(([from, to]): AxisMap => ({
        from,
        to: to.map(([axis, given]) => ({ axis, size: given === null ? undefined : size(given) })),
      }));
    if (value === undefined) return undefined;
    if (kind === "size") return size(value);
    if (kind === "sizes") return list(value).map(size);
    if (kind === "axes") return list(value);
    if (kind === "padding" && typeof value === "number") return [[size(value), size(value)]];
    if (kind === "padding" && Array.isArray(value))
      return value.map((item) => (Array.isArray(item) ? item : [item, item]).map(size));
    if (kind === "like") return this.type(value as string);
    if (kind === "number" && typeof value === "string") return Number(value.replace("inf", "Infinity"));
    return value;
  }

  /** Records obligations that the numbers do not settle. */
  get #obligations(): Obligations {
    const print = (size: Size) => this.sizes.print(size);
    const number = (size: Size) => this.sizes.constant(size);
    const ask = (text: string) => void (this.asked.includes(text) || this.asked.push(text));
    return {
      equal: (a, b) => void (a === b || ask(`${print(a)} == ${print(b)}`)),
      divides: (divisor, dividend) => {
        if (print(this.sizes.divide(dividend, divisor)).includes("/")) ask(`${print(divisor)} | ${print(dividend)}`);
      },
      atLeast: (size, least) => {
        const [known, bound] = [number(size) ?? this.sizes.lower(size), number(least)];
        if (known === undefined || bound === undefined || known < bound) ask(`${print(size)} >= ${print(least)}`);
      },
      report: (code) => ask(code),
    };
  }
}
