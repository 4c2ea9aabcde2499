/** @file Every operator against PyTorch: its reference, its lowering for several targets, and every backend. */
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { arrange, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import type { Variant } from "../../src/ir/lowering.ts";
import { operators } from "../../src/ops/table.ts";
import { plan } from "../../src/plan/plan.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { difference, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { EagerLowering } from "../support/eager.ts";
import { goldenCases, goldenGraph, goldenLabel, goldenModel, type GoldenCase } from "../support/golden.ts";
import { ownWeights } from "../support/operators.ts";
import { runOnce } from "../support/run.ts";
import { byTier } from "../support/tier.ts";

const names = Object.keys(operators);
const casesOf = (name: string): readonly GoldenCase[] => goldenCases.filter(({ op }) => op === name);

/** Returns what is wrong with the results of a case; empty if nothing is. */
function wrong(it: GoldenCase, got: readonly NamedArray[], tolerance: number): string[] {
  return goldenGraph(it).wanted.flatMap((want, i) => {
    const [found, expected] = [got[i]!.axes.toSorted().join(), want.axes.toSorted().join()];
    const text = found === expected ? difference(arrange(got[i]!, want.axes), want, tolerance) : `axes ${found}`;
    return text === undefined ? [] : [`${goldenLabel(it)}: ${text}`];
  });
}

test("every operator has cases", () => {
  expect(names.filter((name) => casesOf(name).length === 0)).toEqual([]);
});

describe("the reference agrees with PyTorch", () => {
  test.each(names)("%s", (name) => {
    const found = casesOf(name).flatMap((it) => {
      const { context, node, arrays } = goldenGraph(it);
      const picks = node.types.map((_, index) => context.builder.pick(node, index));
      const data = (value: Value) => arrays.get(value)!;
      const results = evaluateGraph(picks, { input: data, weight: data, sizes: () => 0n, builder: context.builder });
      return wrong(it, results, 1e-8);
    });
    expect(found).toEqual([]);
  });
});

/** First with inputs as they are, then in random orders. */
const rounds = byTier({ quick: [0, 1], full: [0, 1, 2, 3] });

const everything: readonly Variant[] = [
  "conv2d.stride-and-dilation",
  "conv2d.groups",
  "depthwise.geometry",
  "maxpool.pads",
  "avgpool.pads",
  "pool.symbolic-window",
  "matmul.bias-with-batch",
  "conv2d_transpose.pads",
  "softmax.any-axis",
  "pool.global",
  "reduce.long",
];

describe.each([
  { target: "the poorest target", variants: [], layout: "NHWC" },
  { target: "the richest target", variants: everything, layout: "NHWC" },
  { target: "a target with channels first", variants: everything, layout: "NCHW" },
] as const)("the lowering to $target agrees with PyTorch, whatever the order of its inputs", ({ variants, layout }) => {
  test.each(names)("%s", (name) => {
    const random = seeded(1);
    const shuffled = (axes: readonly string[]) => axes.toSorted(() => random() - 0.5);
    const found = casesOf(name).flatMap((it) =>
      rounds.flatMap((round) => {
        const { context, node, arrays } = goldenGraph(it);
        const leaf = (value: Value) => {
          const array = arrays.get(value)!;
          return round === 0 || value.kind === "weight" ? array : arrange(array, shuffled(array.axes));
        };
        const lowering = new EagerLowering(context.builder, leaf, new Set(variants), layout);
        return wrong(it, lowering.results(node), 1e-8);
      }),
    );
    expect(found).toEqual([]);
  });
});

describe.each(backends())("compiled for $name, it agrees with PyTorch", ({ name: backend, skipped }) => {
  beforeAll(async () => {
    if (!skipped) await useBackend(backend);
  });

  test.skipIf(skipped).each(names)("%s", async (name) => {
    const found: string[] = [];
    // A model needs an input.
    for (const it of casesOf(name).filter(({ inputs }) => inputs.length > 0)) {
      const graph = goldenGraph(it);
      const { node, arrays, wanted } = graph;
      const inputs = Object.fromEntries(node.inputs.map((input, i) => [`x${i}`, arrays.get(input)!]));
      const weights = Object.fromEntries(
        Object.values(ownWeights(node)).map((weight) => [weight.path, arrays.get(weight)!]),
      );
      const results = await runOnce(plan(goldenModel(graph), esmProfile(backend)), inputs, weights);
      const laid = wanted.map(({ axes }, i) => ({ ...results[`y${i}`]!, axes }));
      found.push(...wrong(it, laid, 1e-5));
    }
    expect(found).toEqual([]);
  });
});
