/** @file Builds model graphs by hand, like the checker does from a program, for tests of later stages. */
import type { GuardAxis, GuardInput, GuardRequirement, GuardVariable } from "../../src/contract/guard.ts";
import type { DType } from "../../src/contract/ndarray.ts";
import type { Attribute } from "../../src/ir/attribute.ts";
import { GraphBuilder } from "../../src/ir/builder.ts";
import type { Input, Node, Origin, Value, Weight } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Operator, WeightSpec } from "../../src/ir/operator.ts";
import { tensorType } from "../../src/ir/type.ts";
import { Facts } from "../../src/sizes/facts.ts";
import type { Size, SizeVar } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { sourceFile } from "../../src/source/source.ts";

/** Numbers stand for sizes. Axes are declared as `n`, `c: 3` or `h: 2*i`. */
interface Options {
  /** The author's name. */
  readonly name?: string;
  /** The source line, from 1. */
  readonly line?: number;
  readonly scope?: readonly string[];
  /** Where the operator's weights live. */
  readonly path?: string;
}

export class ModelBuilder {
  readonly sizes: Sizes;
  readonly builder: GraphBuilder;
  readonly inputs: Input[] = [];
  readonly weights: Weight[] = [];
  readonly origins = new Map<Value, readonly Origin[]>();
  readonly requirements: GuardRequirement[] = [];
  readonly #guardInputs: GuardInput[] = [];
  readonly #guardVariables: GuardVariable[] = [];
  readonly #variables = new Map<string, SizeVar>();
  readonly #source = sourceFile("net.fuse", "\n".repeat(99));

  constructor(sizes = new Sizes()) {
    this.sizes = sizes;
    this.builder = new GraphBuilder(sizes);
  }

  /** Returns the signature's size variable, which is known at run time. */
  size(name: string): Size {
    let variable = this.#variables.get(name);
    if (variable === undefined) this.#variables.set(name, (variable = this.sizes.variable(name, { time: "run" })));
    return this.sizes.of(variable);
  }

  /** `input("photo", ["n", "h: 2*i", "w", "c: 3"])`. A size is a number, or a variable with an optional factor. */
  input(name: string, axes: readonly string[], dtype: DType = "f32"): Input {
    const parsed = axes.map((declared) => {
      const [, axis = "", , size = axis] = /^(\w+)(: (.+))?$/.exec(declared) ?? [];
      const [, factor = "1", variable] = /^(?:(\d+)(?:\*|$))?(\w+)?$/.exec(size) ?? [];
      return { declared, axis, factor: Number(factor), variable };
    });
    const guardAxes = parsed.map(({ declared, axis, factor, variable }): GuardAxis => {
      if (variable === undefined) return { axis, size: factor, declared };
      if (!this.#guardVariables.some((known) => known.name === variable))
        this.#guardVariables.push({ name: variable, input: name, axis, factor, offset: 0 });
      return { axis, size: factor === 1 ? variable : ["*", factor, variable], declared };
    });
    this.#guardInputs.push({ name, dtype, axes: guardAxes, at: "net.fuse:1" });
    const sizes = parsed.map(({ axis, factor, variable }) => {
      const number = this.sizes.int(factor);
      return [axis, variable === undefined ? number : this.sizes.mul(number, this.size(variable))] as const;
    });
    const made = this.builder.input(name, tensorType(dtype, sizes));
    this.inputs.push(made);
    return made;
  }

  weight(path: string, axes: Readonly<Record<string, number>>, options: Options = {}): Weight {
    const fan = { in: this.sizes.int(1), out: this.sizes.int(1) };
    const group = Object.entries(axes).map(([axis, size]) => [axis, this.sizes.int(size)] as const);
    const spec: WeightSpec = { name: path, groups: [group], init: { kind: "constant", value: 0 }, fan };
    return this.#keep(this.#note(this.builder.weight(path, spec), options));
  }

  /**
   * Applies an operator. Omitted attributes get their defaults, and numbers become sizes where the operator takes
   * sizes.
   */
  apply(
    op: Operator,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, unknown>> = {},
    options: Options = {},
  ): Node {
    const values = Object.entries(op.attributes).map(([name, attribute]) => [
      name,
      this.#value(attribute, attributes[name] ?? attribute.default),
    ]);
    const node = this.builder.node(op, inputs, Object.fromEntries(values) as never, undefined, options.path);
    if (node === undefined) throw new Error(`${op.name} complains`);
    for (const weight of Object.values(node.weights)) if (weight.kind === "weight") this.#keep(weight);
    return this.#note(node, options);
  }

  graph(results: Readonly<Record<string, readonly [Value, readonly string[]]>>, name = "Net"): ModelGraph {
    return {
      name,
      doc: undefined,
      path: "net.fuse",
      inputs: this.inputs,
      results: Object.entries(results).map(([name, [value, order]]) => ({ name, value, order })),
      settings: {},
      weights: this.weights,
      facts: new Facts(this.sizes),
      guard: {
        model: name,
        inputs: this.#guardInputs,
        variables: this.#guardVariables,
        requirements: this.requirements,
      },
      origins: this.origins,
      builder: this.builder,
    };
  }

  #value(attribute: Attribute, value: unknown): unknown {
    const size = (item: unknown) => (typeof item === "number" ? this.sizes.int(item) : item);
    const list = (item: unknown): unknown[] => (Array.isArray(item) ? item : [item]);
    switch (attribute.kind) {
      case "size":
        return size(value);
      case "sizes":
        return value === undefined ? undefined : list(value).map(size);
      case "padding":
        if (typeof value === "number") return [[size(value), size(value)]];
        return Array.isArray(value) ? value.map((pair) => list(pair).map(size)) : value;
      case "axes":
        return value === undefined ? undefined : list(value);
      case "keyed":
        return new Map(Object.entries(value ?? {}).map(([axis, item]) => [axis, list(item).map(size)]));
      case "maps":
        return value ?? [];
      default:
        return value;
    }
  }

  #keep(weight: Weight): Weight {
    if (!this.weights.includes(weight)) this.weights.push(weight);
    return weight;
  }

  #note<T extends Value>(value: T, { name, line, scope = [] }: Options): T {
    if (name === undefined && line === undefined) return value;
    const start = (line ?? 1) - 1;
    const origin = { span: { source: this.#source, start, end: start }, name, scope, calls: [] };
    this.origins.set(value, [...(this.origins.get(value) ?? []), origin]);
    return value;
  }
}
