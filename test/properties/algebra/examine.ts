/** @file Optimizes one random graph and compares everything that must not change. */
import { shapeOf } from "../../../src/contract/manifest.ts";
import type { NdArray } from "../../../src/contract/ndarray.ts";
import type { Value } from "../../../src/ir/graph.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { isSameType } from "../../../src/ir/rewrite.ts";
import { inOrder } from "../../../src/ir/walk.ts";
import { laws, type Laws } from "../../../src/optimize/laws.ts";
import { optimize } from "../../../src/optimize/optimize.ts";
import { evaluatePlan } from "../../../src/plan/evaluate.ts";
import { plan, type Plan } from "../../../src/plan/plan.ts";
import type { PlanValue } from "../../../src/plan/value.ts";
import { interpret, type Arrays } from "../../support/interpret.ts";
import { chanceOf, type Chance } from "../programs/chance.ts";
import { draw, type Drawn } from "./draw.ts";
import { profileOf, profiles } from "./engines.ts";

export interface Examined {
  /** The rules that were used. Empty if nothing was changed. */
  readonly rules: readonly string[];
  readonly operators: readonly string[];
}

/** How a test of mistakes differs. */
interface Mistaken {
  /** What the optimizer takes for true. */
  readonly relied?: Laws;
  /** Steps of random graphs that are taken more often. */
  readonly about?: readonly string[];
}

/** The most values that the search may make for a graph of 12 operators, some of which are several. */
const mostTried = 20_000;

/**
 * Optimizes the graph of a seed, and compares results in the interpreter and in plans.
 * @throws Error with both graphs if anything is wrong
 */
export function examine(seed: number, isExact = true): Examined {
  const { drawn, want, better, profile, changes, tried, require } = compareResults(seed, isExact);
  const { graph } = drawn;
  require(better.weights === graph.weights, "the weights are other ones");
  require(tried <= mostTried, `the search made ${tried} values`);
  const operators = operatorsOf(graph);
  // The rest is about what changed.
  if (changes.length === 0) return { rules: [], operators };
  const { graph: again } = optimize(draw(seed, isExact).graph, profile);
  require(textOf(again) === textOf(better), `another time it was\n${textOf(again)}`);
  for (const one of [profile, profiles[seed % profiles.length]!]) {
    const planned = plan(better, one);
    const isWorse = constantSteps(planned) > 0 && constantSteps(plan(graph, one)) === 0;
    require(!isWorse, `${one.name} computes in every run what only depends on weights`);
    compare(drawn, want, evaluated(planned, drawn), isExact, (isRight, what) =>
      require(isRight, `${one.name}: ${what}`),
    );
  }
  const rules = changes.flatMap(({ replaced }) => replaced).flatMap(({ moves }) => moves.map(({ rule }) => rule));
  return { rules: [...new Set(rules)], operators };
}

/**
 * Optimizes the graph of a seed, and compares types and results.
 * @throws Error with both graphs if they differ
 */
export function compareResults(seed: number, isExact = true, { relied = laws, about }: Mistaken = {}) {
  const drawn = draw(seed, isExact, about);
  const { graph } = drawn;
  const before = counted(graph);
  const { profile, optimized } = changedFor(graph, chanceOf(seed), relied);
  const { graph: better, changes } = optimized;
  const tried = counted(graph) - before;
  const require = (isRight: boolean, what: string) => {
    if (isRight) return;
    const costs = JSON.stringify(profile.costs);
    throw new Error([what, `for ${profile.name} ${costs}`, textOf(graph), "became", textOf(better)].join("\n"));
  };
  const isSame = graph.results.every(({ value, name, order }, i) => {
    const other = better.results[i]!;
    return name === other.name && order === other.order && isSameType(value.type, other.value.type, graph.facts);
  });
  require(isSame, "a result has another type");
  const want = interpret(graph, drawn.inputs, drawn.weights);
  const isUnchanged = graph.results.every(({ value }, i) => value === better.results[i]!.value);
  require(isUnchanged || changes.length > 0, "nothing was changed, but a result is another value");
  if (!isUnchanged) compare(drawn, want, interpret(better, drawn.inputs, drawn.weights), isExact, require);
  return { drawn, want, better, profile, changes, tried, require };
}

/** Tries some profiles, until one for which something is changed. */
function changedFor(graph: ModelGraph, chance: Chance, relied: Laws) {
  for (let left = 5; ; left--) {
    const profile = profileOf(chance);
    const optimized = optimize(graph, profile, {}, relied);
    if (left === 0 || optimized.changes.length > 0) return { profile, optimized };
  }
}

function compare(
  { graph }: Drawn,
  want: Arrays,
  got: Arrays,
  isExact: boolean,
  require: (isRight: boolean, what: string) => void,
): void {
  for (const { name } of graph.results) {
    const text = differenceOf(got[name]!, want[name]!, isExact);
    require(text === undefined, `${name} is ${text}`);
  }
}

/** Zeros of both signs are the same. Rounding errors are relative to the largest element: others may be small differences. */
function differenceOf(got: NdArray, want: NdArray, isExact: boolean): string | undefined {
  if (got.shape.join() !== want.shape.join()) return `[${got.shape.join()}] instead of [${want.shape.join()}]`;
  const largest = Math.max(1, ...Array.from(want.data, Math.abs));
  const tolerance = isExact ? 0 : 1e-12 * largest;
  const at = want.data.findIndex((element, i) => !(Math.abs(got.data[i]! - element) <= tolerance));
  return at < 0 ? undefined : `${got.data[at]} instead of ${want.data[at]} at ${at} of [${want.shape.join()}]`;
}

function evaluated(made: Plan, { inputs, weights }: Drawn): Arrays {
  const entries = new Map(made.manifest.map((entry) => [entry.path, entry]));
  return evaluatePlan(made, inputs, (path) => ({ ...weights[path]!, shape: shapeOf(entries.get(path)!) }));
}

/** The number of steps that need no input. */
function constantSteps({ inputs, steps }: Plan): number {
  const dependent = new Set<PlanValue>(inputs);
  let count = 0;
  for (const { value } of steps)
    // Without inputs, it is a size, or made of sizes, which are known only in a run.
    if (value.inputs.length === 0 || value.inputs.some((input) => dependent.has(input))) dependent.add(value);
    else count++;
  return count;
}

/** How many values a builder has made, with one more. */
const counted = ({ builder, inputs }: ModelGraph): number =>
  builder.constant({ ...inputs[0]!.type }, { dtype: "f32", shape: [], data: new Float64Array() }).id;

const operatorsOf = (graph: ModelGraph): readonly string[] =>
  inOrder(graph.results.map(({ value }) => value)).flatMap((value) => (value.kind === "node" ? value.op.name : []));

/** A graph as text, one line for each value. */
export function textOf({ results, builder: { sizes } }: ModelGraph): string {
  const order = inOrder(results.map(({ value }) => value));
  const names = new Map(order.map((value, index) => [value, `%${index}`]));
  const list = (values: readonly Value[]) => values.map((value) => names.get(value)).join(", ");
  const type = (value: Value) => [...value.type.axes].map(([axis, size]) => `${axis}: ${sizes.print(size)}`).join(", ");
  const plain = (_: string, item: unknown): unknown => {
    if (item instanceof Map) return [...item];
    return typeof item === "object" && item !== null && "id" in item ? sizes.print(item as never) : item;
  };
  const lines = order.map((value) => {
    const name = `${names.get(value)}: [${type(value)}] =`;
    switch (value.kind) {
      case "input":
        return `${name} input ${value.name}`;
      case "weight":
        return `${name} weight ${value.path}`;
      case "constant":
        return `${name} constant ${JSON.stringify(value.value, plain)}`;
      case "pick":
        return `${name} ${list([value.of])}.${value.index}`;
      case "node": {
        const weights = Object.entries(value.weights).map(([of, weight]) => `${of}=${names.get(weight)}`);
        return `${name} ${value.op.name}(${[list(value.inputs), ...weights].join(", ")}) ${JSON.stringify(value.attributes, plain)}`;
      }
    }
  });
  return [...lines, `return ${list(results.map(({ value }) => value))}`].join("\n");
}
