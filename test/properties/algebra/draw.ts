/** @file Random graphs for the optimizer, with inputs and weights on which float64 arithmetic is exact. */
import { generate, type NdArray } from "../../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { reachable } from "../../../src/ir/walk.ts";
import { chanceOf, type Chance } from "../programs/chance.ts";
import { axesOf, Drafting, has, isAlike, type Exact } from "./drafting.ts";
import { layers, onMore, onOne, type OnOne } from "./steps.ts";

export interface Drawn {
  readonly graph: ModelGraph;
  readonly inputs: Readonly<Record<string, NdArray>>;
  /** In the shapes of the weights' own axes. */
  readonly weights: Readonly<Record<string, NdArray>>;
}

/** Draws a graph of 3 to 12 operators, the same for the same seed. Exact ones have sizes that are powers of two. */
export function draw(seed: number, isExact = true, about: readonly string[] = []): Drawn {
  const chance = chanceOf(seed);
  const d = new Drafting({ n: isExact ? 2 : 3, i: isExact ? 2 : 3 }, isExact, about);
  inputs(d, chance);
  const count = 3 + chance.below(10);
  for (let step = 0; step < count; step++) take(d, chance);
  const graph = graphOf(d, chance);
  return { graph, ...dataOf(d, graph, chance) };
}

function inputs(d: Drafting, chance: Chance): void {
  const [small, large] = d.isExact ? ["2", "4"] : ["3", "5"];
  const h = chance.is(0.3) ? "2*i" : large;
  const n = chance.is(0.5) ? "n" : String(d.variables["n"]);
  const shapes = [
    [`n: ${n}`, "c: 4", `h: ${h}`, `w: ${large}`],
    [`n: ${n}`, "c: 4", `h: ${small}`, `w: ${small}`],
    [`n: ${n}`, "c: 4"],
  ];
  shapes.forEach((shape, index) => {
    const value = d.m.input(`x${index}`, shape);
    d.values.push({ value, bits: 2, fraction: 0 });
  });
}

/** Tries until a step fits. Later values are chosen more often, so that chains and common operands both arise. */
function take(d: Drafting, chance: Chance): void {
  for (let attempt = 0; attempt < 20; attempt++) {
    const x = chance.pick(chance.is(0.85) ? d.values.slice(-1) : d.values);
    if (axesOf(x).length === 0) continue;
    const kind = chance.random();
    const made = kind < 0.5 ? one(d, x, chance) : kind < 0.8 ? branches(d, x, chance) : more(d, x, chance);
    if (made === undefined) continue;
    d.values.push(made);
    // Most rewrites begin with a layer.
    const layer = kind < 0.5 || chance.is(0.4) ? undefined : layerOn(d, made, chance);
    if (layer !== undefined) d.values.push(layer);
    return;
  }
}

function one(d: Drafting, x: Exact, chance: Chance): Exact | undefined {
  return stepOnOne(d, chance)(d, x, chance, pathOf(d, x, d.newPath()));
}

function layerOn(d: Drafting, x: Exact, chance: Chance): Exact | undefined {
  if (axesOf(x).length === 0) return undefined;
  return chance.pick(Object.values(layers))(d, x, chance, pathOf(d, x, d.newPath()));
}

function stepOnOne({ about }: Drafting, chance: Chance): OnOne {
  const named = about.length > 0 && chance.is(0.3) ? chance.pick(about) : undefined;
  const asked = onOne.flatMap(([, steps]) => Object.entries(steps)).find(([name]) => name === named);
  if (asked !== undefined) return asked[1];
  let left = chance.random();
  const family = onOne.find(([share]) => (left -= share) < 0) ?? onOne[0];
  return chance.pick(Object.values(family[1]));
}

function more(d: Drafting, x: Exact, chance: Chance): Exact | undefined {
  const asked = d.about.flatMap((name) => onMore[name] ?? []);
  if (asked.length > 0 && chance.is(0.6)) return chance.pick(asked)(d, x, chance, pathOf(d, x, d.newPath()));
  const often = [onMore["add or subtract"]!, onMore["concat"]!];
  return chance.pick(chance.is(0.75) ? often : Object.values(onMore))(d, x, chance, pathOf(d, x, d.newPath()));
}

/** The same step on two values, then their sum or concatenation; the layer is shared, or it has other weights. */
function branches(d: Drafting, x: Exact, chance: Chance): Exact | undefined {
  const step = stepOnOne(d, chance);
  const seed = chance.below(2 ** 30);
  const others = d.values.filter(
    (value) => value !== x && axesOf(value).length === axesOf(x).length && axesOf(value).every((axis) => has(x, axis)),
  );
  if (others.length === 0) return undefined;
  const path = d.newPath();
  const isShared = chance.is(0.5);
  const a = step(d, x, chanceOf(seed), pathOf(d, x, path));
  const other = chance.pick(others);
  const b = step(d, other, chanceOf(seed), pathOf(d, other, isShared ? path : `${path}b`));
  if (a === undefined || b === undefined) return a ?? b;
  d.values.push(a, b);
  const sum = isAlike(a, b) && chance.is(0.6) ? d.apply("add", [a, b], {}, { bits: 1 }) : undefined;
  if (sum !== undefined) return sum;
  const joined = axesOf(a).find((axis) => isAlike(a, b, axis) && d.fixed(a, axis) > 0 && d.fixed(b, axis) > 0);
  return joined === undefined ? undefined : d.apply("concat", [a, b], { axis: joined });
}

/** Weights with the same path have the same type. */
function pathOf(d: Drafting, x: Exact, path: string): string {
  return [path, ...axesOf(x).map((axis) => `${axis}${d.at(x, axis)}`)].join("_");
}

function graphOf(d: Drafting, chance: Chance): ModelGraph {
  const last = d.values.at(-1)!;
  const chosen = chance.is(0.3) ? [last, chance.pick(d.values)] : [last];
  const graph = d.m.graph(
    Object.fromEntries(chosen.map((one, index) => [`r${index}`, [one.value, axesOf(one)] as const])),
  );
  const needed = reachable(chosen.map(({ value }) => value));
  return { ...graph, weights: graph.weights.filter((weight) => needed.has(weight)) };
}

function dataOf(d: Drafting, graph: ModelGraph, chance: Chance): Pick<Drawn, "inputs" | "weights"> {
  const integer = (most: number) => () => chance.below(2 * most + 1) - most;
  const real = (most: number) => () => Math.fround((2 * chance.random() - 1) * most);
  const shape = (axes: Iterable<Parameters<Drafting["number"]>[0]>) => [...axes].map((size) => d.number(size));
  const numbers = d.isExact ? integer : real;
  const inputs = d.m.inputs.map(
    ({ name, type }) => [name, generate("f32", shape(type.axes.values()), numbers(3))] as const,
  );
  const weights = graph.weights.map(({ path, type }) => {
    const isVariance = path.endsWith("running_var");
    const values = path.includes("divisor") ? [-1, 0.5, 1, 2] : isVariance ? [0.25, 1, 4] : undefined;
    const element = values === undefined ? numbers(2) : () => chance.pick(values);
    return [path, generate("f32", shape(type.axes.values()), element)] as const;
  });
  return { inputs: Object.fromEntries(inputs), weights: Object.fromEntries(weights) };
}
