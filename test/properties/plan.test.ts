/** @file Random graphs: a plan computes what the operators mean, frees everything once, and leaks nothing. */
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { arrange, named, type NdArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import { axisNames } from "../../src/ir/type.ts";
import { elu, hardswish, relu, sigmoid, softmax } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul, sub } from "../../src/ops/elementwise.ts";
import { concat, expand } from "../../src/ops/fusion.ts";
import { linear } from "../../src/ops/linear.ts";
import { batchnorm } from "../../src/ops/normalise.ts";
import { maxpool } from "../../src/ops/pooling.ts";
import { max, mean } from "../../src/ops/reduce.ts";
import { reshape, squeeze, unsqueeze } from "../../src/ops/shape.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { liveBytes } from "../../src/plan/memory.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import type { PlanValue } from "../../src/plan/value.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { ModelBuilder } from "../support/model.ts";
import { assertProperty } from "../support/properties.ts";
import { randomWeights, runOnce } from "../support/run.ts";

/** The random choices. Every number decides something, whatever the graph looks like by then. */
const recipe = fc.record({
  seed: fc.nat(),
  order: fc.shuffledSubarray(["n", "c", "h", "w"], { minLength: 4 }),
  steps: fc.array(fc.tuple(fc.nat(18), fc.nat(), fc.nat()), { minLength: 1, maxLength: 14 }),
  results: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }),
});
type Recipe = typeof recipe extends fc.Arbitrary<infer T> ? T : never;

const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length]!;

/** Builds a graph from a recipe. Steps that do not fit their value are skipped. */
function build({ order, steps, results }: Recipe) {
  const m = new ModelBuilder();
  const declared = { n: "n", c: "c: 4", h: "h: 2*i", w: "w" } as const;
  const x = m.input(
    "x",
    order.map((axis) => declared[axis as keyof typeof declared]),
  );
  const values: Value[] = [x, m.input("v", ["c: 4"])];
  const has = (value: Value, ...axes: string[]) => axes.every((axis) => value.type.axes.has(axis));
  const channels = (value: Value) => Number(m.sizes.constant(value.type.axes.get("c") ?? m.size("n")) ?? 0);
  steps.forEach(([kind, first, second], index) => {
    const a = pick(values, first);
    const same = values.filter((value) =>
      axisNames(value.type).every((axis) => a.type.axes.get(axis) === value.type.axes.get(axis)),
    );
    const b = pick(same, second);
    const path = `l${index}`;
    const rank = a.type.axes.size;
    const make = (): Value | undefined => {
      switch (kind) {
        case 0:
        case 1:
          return has(a, "c", "h", "w")
            ? m.apply(conv, [a], { c: 4, kernel: pick([1, 3], second), bias: kind === 0 }, { path })
            : undefined;
        case 2:
          return has(a, "c", "w") ? m.apply(conv, [a], { c: 4, kernel: 3, axis: "w" }, { path }) : undefined;
        case 3:
          return has(a, "h", "w") ? m.apply(maxpool, [a], { kernel: 3, stride: 1, pad: 1 }) : undefined;
        case 4:
        case 5:
        case 6:
        case 7:
          return m.apply(pick([relu, sigmoid, elu, hardswish], kind), [a]);
        case 8:
        case 9:
        case 10:
          return m.apply(pick([add, sub, mul], kind), second % 2 === 0 ? [a, b] : [b, a]);
        case 11:
          return has(a, "c") ? m.apply(add, [a, m.weight(path, { c: channels(a) })]) : undefined;
        case 12:
          return has(a, "c") ? m.apply(batchnorm, [a], {}, { path }) : undefined;
        case 13:
          return has(a, "c") ? m.apply(linear, [a], { keyed: { c: 4 } }, { path }) : undefined;
        case 14:
          return rank > 1
            ? m.apply(pick([mean, max], second), [a], { axis: [pick(axisNames(a.type), second)] })
            : undefined;
        case 15:
          return has(a, "h", "w") ? m.apply(mean, [a], { axis: ["h", "w"] }) : undefined;
        case 16:
          return rank < 4 && axisNames(a.type).every((axis) => has(x, axis)) && channels(a) === 4
            ? m.apply(expand, [a], { like: x.type })
            : undefined;
        case 17:
          return has(a, "c") ? m.apply(concat, [a, a], { axis: "c" }) : m.apply(unsqueeze, [a], { axis: "c" });
        default:
          return has(a, "h", "w") && rank === 4
            ? m.apply(reshape, [a], {
                maps: [
                  {
                    from: ["h", "w"],
                    to: [{ axis: "t", size: m.sizes.mul(a.type.axes.get("h")!, a.type.axes.get("w")!) }],
                  },
                ],
              })
            : has(a, "c") && channels(a) === 1
              ? m.apply(squeeze, [a], { axis: "c" })
              : m.apply(softmax, [a], { axis: [pick(axisNames(a.type), second)] });
      }
    };
    const made = rank === 0 ? undefined : make();
    // Concatenations of concatenations would keep growing.
    if (made !== undefined && channels(made) <= 16) values.push(made);
  });
  const chosen = results.map(([which, turn], index) => {
    const value = pick(values.slice().reverse(), which % (index === 0 ? 1 : values.length));
    const axes = axisNames(value.type);
    const by = axes.length === 0 ? 0 : turn % axes.length;
    return [`r${index}`, [value, [...axes.slice(by), ...axes.slice(0, by)]]] as const;
  });
  return m.graph(Object.fromEntries(chosen));
}

function sample(recipe: Recipe) {
  const graph = build(recipe);
  const random = seeded(recipe.seed);
  const made = plan(graph, esmProfile());
  const weights = randomWeights(made, random);
  const sizes: Readonly<Record<string, number>> = { n: 2, c: 4, h: 4, w: 3 };
  const inputs: Record<string, NdArray> = {
    x: randomArray(
      random,
      "f32",
      recipe.order.map((axis) => sizes[axis]!),
    ),
    v: randomArray(random, "f32", [4]),
  };
  const admission = checkGuard(graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("; "));
  const axes = new Map(graph.weights.map((weight) => [weight.path, weight.groups.flat()]));
  const values = evaluateGraph(
    graph.results.map(({ value }) => value),
    {
      input: (input) => named(inputs[input.name]!, input.order),
      weight: ({ path }) => named(weights[path]!, axes.get(path)!),
      sizes: (variable) => BigInt(admission.sizes[variable.name]!),
      builder: graph.builder,
    },
  );
  const want = graph.results.map(({ name, order }, i) => [name, arrange(values[i]!, order)] as const);
  return { made, weights, inputs, want, sizes: admission.sizes };
}

/** Expects every input of a step to exist, and everything except results to be freed exactly once. */
function expectLifetimes({ inputs, prepared, steps, results }: Plan): void {
  const alive = new Set<PlanValue>([...inputs, ...prepared.map(({ value }) => value)]);
  for (const { value, frees } of steps) {
    for (const input of value.inputs) expect(alive).toContain(input);
    alive.add(value);
    for (const freed of frees) expect(alive.delete(freed)).toBe(true);
  }
  const computed = [...alive].filter(({ kind }) => kind === "computation");
  const returned = new Set(results.map(({ value }) => value).filter(({ kind }) => kind === "computation"));
  expect(new Set(computed)).toEqual(returned);
}

describe("random graphs", () => {
  test("mean the same before and after planning", async () => {
    await assertProperty(
      recipe,
      (recipe) => {
        const { made, weights, inputs, want, sizes } = sample(recipe);
        expectLifetimes(made);
        expect(liveBytes(made, sizes).peak).toBeGreaterThanOrEqual(0);
        const got = evaluatePlan(made, inputs, (path) => weights[path]!);
        for (const [name, array] of want) expect(difference(got[name]!, array, 1e-9), name).toBe(undefined);
      },
      { seed: 20, runs: 400, least: 10 },
    );
  });

  describe("on wasm", () => {
    beforeAll(() => useBackend("wasm"));

    test("compute it and leak nothing", async () => {
      await assertProperty(
        recipe,
        async (recipe) => {
          const { made, weights, inputs, want } = sample(recipe);
          const before = tf.memory().numTensors;
          const got = await runOnce(made, inputs, weights);
          expect(tf.memory().numTensors).toBe(before);
          for (const [name, array] of want) expect(difference(got[name]!, array, 1e-3), name).toBe(undefined);
        },
        { seed: 21, runs: 60, least: 3 },
      );
    });
  });
});
