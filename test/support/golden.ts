/** @file The cases that PyTorch computed for every operator, as graphs with data. */
import { readFileSync } from "node:fs";
import { elements, named, type DType, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Input, Node, Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { operators } from "../../src/ops/table.ts";
import { Facts } from "../../src/sizes/facts.ts";
import { OperatorTest, ownWeights, type Written } from "./operators.ts";

/** The kinds of patterns besides dtypes: numbers from 0.5 up, whole numbers that repeat often, and NaN and infinities. */
type Kind = DType | "positive" | "ties" | "special";

/** Inputs and weights are not stored but generated from a seed; see `pattern`. */
interface Pattern {
  readonly seed: number;
  readonly kind: Kind;
}

/** One call, computed by PyTorch 2.15 in float64. */
export interface GoldenCase {
  readonly op: string;
  readonly inputs: readonly (Pattern & { readonly axes: readonly (readonly [string, number])[] })[];
  readonly attributes?: Written;
  readonly weights?: Readonly<Record<string, Pattern & { readonly shape: readonly number[] }>>;
  readonly outputs: readonly {
    readonly axes: readonly string[];
    readonly shape: readonly number[];
    readonly data: readonly (number | string)[];
  }[];
}

export const goldenCases = ["ops", "ops-shape"].flatMap(
  (name) => JSON.parse(readFileSync(`test/golden/${name}.json`, "utf8")) as readonly GoldenCase[],
);

/** Element i is ((37 i + 101 seed) mod 257 - 128) / 64, adjusted for the kind. */
function pattern(shape: readonly number[], { seed, kind }: Pattern): Float64Array {
  return Float64Array.from({ length: elements(shape) }, (_, i) => {
    const value = (((i * 37 + seed * 101) % 257) - 128) / 64;
    if (kind === "positive") return Math.abs(value) + 0.5;
    if (kind === "ties") return Math.floor(value);
    if (kind === "special") return [Math.floor(value), NaN, Infinity, -Infinity, Math.floor(value)][i % 5]!;
    if (kind === "i32") return Math.floor(value * 4);
    return kind === "bool" ? Number(value > 0) : value;
  });
}

export interface GoldenGraph {
  readonly context: OperatorTest;
  readonly node: Node;
  /** Arrays of the inputs and weights. Weights are in storage order. */
  readonly arrays: ReadonlyMap<Value, NamedArray>;
  readonly wanted: readonly NamedArray[];
}

export function goldenGraph({ op, inputs, attributes, weights = {}, outputs }: GoldenCase): GoldenGraph {
  const context = new OperatorTest();
  const arrays = new Map<Value, NamedArray>();
  const keep = (value: Value, dtype: DType, axes: readonly string[], shape: readonly number[], made: Pattern): void => {
    arrays.set(value, named({ dtype, shape, data: pattern(shape, made) }, axes));
  };
  const values = inputs.map((given, i): Input => {
    const isF32 = given.kind === "positive" || given.kind === "ties" || given.kind === "special";
    const dtype: DType = isF32 ? "f32" : given.kind;
    const input = context.input(
      `${dtype}[${given.axes.map(([axis, size]) => `${axis}: ${size}`).join(", ")}]`,
      `x${i}`,
    );
    const shape = given.axes.map(([, size]) => size);
    keep(input, dtype, [...input.type.axes.keys()], shape, given);
    return input;
  });
  const node = context.apply(operators[op]!, values, attributes);
  if (node === undefined) throw new Error(`${op} complains: ${context.asked.join()}`);
  for (const [name, weight] of Object.entries(ownWeights(node))) {
    const given = weights[name];
    const stored = [...weight.type.axes.values()].map((size) => context.sizes.print(size));
    if (given?.shape.join() !== stored.join()) throw new Error(`${name} of ${op} is [${stored.join()}]`);
    keep(weight, "f32", weight.groups.flat(), given.shape, given);
  }
  const wanted = outputs.map(({ axes, shape, data }, i): NamedArray => {
    const numbers = Float64Array.from(data, (value) => Number(String(value).replace("inf", "Infinity")));
    return named({ dtype: node.types[i]!.dtype, shape, data: numbers }, axes);
  });
  return { context, node, arrays, wanted };
}

/** Returns the case as a model whose results are laid out like PyTorch's. */
export function goldenModel({ context, node, wanted }: GoldenGraph): ModelGraph {
  const inputs = node.inputs.filter((value) => value.kind === "input");
  const number = (input: Input, axis: string) => Number(context.sizes.constant(input.type.axes.get(axis)!));
  return {
    name: "Golden",
    doc: undefined,
    path: "golden.fuse",
    inputs,
    results: wanted.map(({ axes }, i) => ({ name: `y${i}`, value: context.builder.pick(node, i), order: axes })),
    settings: {},
    weights: Object.values(ownWeights(node)),
    facts: new Facts(context.sizes),
    guard: {
      model: "Golden",
      inputs: inputs.map((input) => ({
        name: input.name,
        dtype: input.type.dtype,
        axes: input.order.map((axis) => ({ axis, size: number(input, axis), declared: axis })),
        at: "golden.fuse:1",
      })),
      variables: [],
      requirements: [],
    },
    origins: new Map(),
    builder: context.builder,
  };
}

/** Returns the call as a person would write it. */
export function goldenLabel({ op, inputs, attributes = {} }: GoldenCase): string {
  const types = inputs.map(({ axes }) => `[${axes.map((axis) => axis.join(": ")).join(", ")}]`);
  return `${op}(${types.join(", ")}) ${JSON.stringify(attributes)}`;
}
