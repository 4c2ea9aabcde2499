/** @file Every operator against PyTorch: its reference, and its lowering in several layouts and profiles. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Input, Node, Value, Weight } from "../../src/ir/graph.ts";
import type { Variant } from "../../src/ir/lowering.ts";
import { arrange, elements, named, type DType, type NamedArray } from "../../src/ir/ndarray.ts";
import { operators } from "../../src/ops/table.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { difference, seeded } from "../support/arrays.ts";
import { EagerLowering } from "../support/eager.ts";
import { OperatorTest, type Written } from "../support/operators.ts";

/** Made by PyTorch 2.15 in float64. Inputs are not stored: `pattern` makes them of a seed. */
interface Case {
  readonly op: string;
  readonly inputs: readonly {
    readonly axes: readonly (readonly [string, number])[];
    readonly kind: Kind;
    readonly seed: number;
  }[];
  readonly attributes?: Written;
  readonly weights?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly seed: number; readonly kind: Kind }>
  >;
  readonly outputs: readonly {
    readonly axes: readonly string[];
    readonly shape: readonly number[];
    readonly data: readonly (number | string)[];
  }[];
}
type Kind = "f32" | "positive" | "i32" | "bool";

const cases = JSON.parse(readFileSync("test/golden/ops.json", "utf8")) as readonly Case[];

/** Element i is ((37 i + 101 seed) mod 257 - 128) / 64, and what the kind makes of it. */
function pattern(count: number, seed: number, kind: Kind): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const value = (((i * 37 + seed * 101) % 257) - 128) / 64;
    if (kind === "positive") return Math.abs(value) + 0.5;
    if (kind === "i32") return Math.floor(value * 4);
    return kind === "bool" ? Number(value > 0) : value;
  });
}

/** The graph of a case, and its data. */
function build({ op, inputs, attributes, weights = {}, outputs }: Case) {
  const context = new OperatorTest();
  const arrays = new Map<Value, NamedArray>();
  const values = inputs.map(({ axes, kind, seed }): Input => {
    const dtype: DType = kind === "positive" ? "f32" : kind;
    const input = context.input(`${dtype}[${axes.map(([axis, size]) => `${axis}: ${size}`).join(", ")}]`);
    const shape = axes.map(([, size]) => size);
    const data = pattern(elements(shape), seed, kind);
    arrays.set(
      input,
      named(
        { dtype, shape, data },
        axes.map(([axis]) => axis),
      ),
    );
    return input;
  });
  const node = context.apply(operators[op]!, values, attributes);
  if (node === undefined) throw new Error(`${op} complains: ${context.asked.join()}`);
  for (const [name, weight] of Object.entries(node.weights)) {
    const { shape, seed, kind } = weights[name]!;
    const stored = [...weight.type.axes.values()].map((size) => Number(context.sizes.constant(size)));
    expect(stored, `${name} of ${op}`).toEqual(shape);
    arrays.set(
      weight,
      named({ dtype: "f32", shape, data: pattern(elements(shape), seed, kind) }, weight.groups.flat()),
    );
  }
  expect(Object.keys(node.weights)).toEqual(Object.keys(weights));
  const wanted = outputs.map(({ axes, shape, data }, i): NamedArray => {
    const numbers = Float64Array.from(data, (value) => Number(String(value).replace("inf", "Infinity")));
    return named({ dtype: node.types[i]!.dtype, shape, data: numbers }, axes);
  });
  return { context, node, arrays, wanted };
}

const label = ({ op, inputs, attributes = {} }: Case): string => {
  const types = inputs.map(
    ({ axes, kind }) => `${kind === "f32" ? "" : kind}[${axes.map((axis) => axis.join(": ")).join(", ")}]`,
  );
  return `${op}(${types.join(", ")}) ${JSON.stringify(attributes)}`;
};

/** Where the results differ from those of PyTorch. */
function differences(got: readonly NamedArray[], wanted: readonly NamedArray[]): string[] {
  return wanted.flatMap((want, i) => {
    if (got[i]!.axes.toSorted().join() !== want.axes.toSorted().join()) return [`axes ${got[i]!.axes.join()}`];
    return difference(arrange(got[i]!, want.axes), want, 1e-8) ?? [];
  });
}

function references(node: Node, { context, arrays }: ReturnType<typeof build>): NamedArray[] {
  const picks = node.types.map((_, index) => context.builder.pick(node, index));
  return evaluateGraph(picks, {
    input: (input: Input) => arrays.get(input)!,
    weight: (weight: Weight) => arrays.get(weight)!,
    sizes: () => 0n,
    builder: context.builder,
  });
}

test("every operator has cases", () => {
  expect(Object.keys(operators).filter((name) => !cases.some(({ op }) => op === name))).toEqual([]);
});

describe("the reference agrees with PyTorch", () => {
  test.each(Object.keys(operators))("%s", (name) => {
    const wrong = cases
      .filter(({ op }) => op === name)
      .flatMap((it) => {
        const built = build(it);
        const found = differences(references(built.node, built), built.wanted);
        return found.map((text) => `${label(it)}: ${text}`);
      });
    expect(wrong).toEqual([]);
  });
});

const everything: readonly Variant[] = [
  "conv2d.stride-and-dilation",
  "conv2d.groups",
  "pool.pads",
  "matmul.bias-with-batch",
  "conv2d_transpose.pads",
  "softmax.any-axis",
  "pool.global",
];

describe.each([
  { target: "the poorest target", variants: [], layout: "NHWC" },
  { target: "the richest target", variants: everything, layout: "NHWC" },
  { target: "a target with channels first", variants: everything, layout: "NCHW" },
] as const)("the lowering to $target agrees with PyTorch, whatever the order of its inputs", ({ variants, layout }) => {
  test.each(Object.keys(operators))("%s", (name) => {
    const random = seeded(1);
    const shuffled = (axes: readonly string[]) =>
      axes
        .map((axis) => [random(), axis] as const)
        .sort(([a], [b]) => a - b)
        .map(([, axis]) => axis);
    const wrong = cases
      .filter(({ op }) => op === name)
      .flatMap((it) =>
        [0, 1, 2, 3].flatMap((round) => {
          const { context, node, arrays, wanted } = build(it);
          const leaf = (value: Value) => {
            const array = arrays.get(value)!;
            return round === 0 || value.kind === "weight" ? array : arrange(array, shuffled(array.axes));
          };
          const lowering = new EagerLowering(context.builder, leaf, new Set(variants), layout);
          return differences(lowering.results(node), wanted).map((text) => `${label(it)}: ${text}`);
        }),
      );
    expect(wrong).toEqual([]);
  });
});
