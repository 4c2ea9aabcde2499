/** @file Examines a random program: the guard admits exactly what works, and every engine computes what the interpreter does. */
import { buildGraphs } from "../../../src/graphs.ts";
import { checkGuard, evaluate, type Guard } from "../../../src/contract/guard.ts";
import { arrange, elements, named, type NdArray } from "../../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { volume } from "../../../src/ir/type.ts";
import type { Decl } from "../../../src/parser/ast.ts";
import { evaluateGraph, type Environment } from "../../../src/reference/interpreter.ts";
import { programOf } from "../../support/check.ts";
import { prepareCase, type Case, type Sample } from "../../support/compare.ts";
import { nodesOf } from "../../support/operator-cases.ts";
import type { Shapes } from "../../support/shapes.ts";
import { macsOf } from "../../../src/ir/costs.ts";
import { chanceOf, type Chance } from "./chance.ts";
import { violations } from "./concrete.ts";
import { bind, declaredShapes, modelDecl, type Env } from "./direct.ts";
import { Failure, programText, renamed, type Draft } from "./draft.ts";
import type { Engine } from "./engines.ts";
import { isOfElements, numbersOf } from "./of-elements.ts";
import { evaluateRoughly, type Peculiar, type Steps } from "./noise.ts";

/** What an examination did. */
export interface Report {
  readonly built: boolean;
  readonly admitted: number;
  readonly refused: number;
  /** The engines that ran, with the number of runs compared. */
  readonly compared: ReadonlyMap<string, number>;
  /** The operators of the graph. */
  readonly operators: ReadonlySet<string>;
}

const nothing: Report = { built: false, admitted: 0, refused: 0, compared: new Map(), operators: new Set() };

export interface Conditions {
  readonly seed: number;
  readonly engines: readonly Engine[];
  /** Changes the guard, as a mutation does. */
  readonly tamper?: (guard: Guard) => Guard;
}

/** @throws Failure if the program breaks a promise */
export async function examine(draft: Draft, { seed, engines, tamper = (guard) => guard }: Conditions): Promise<Report> {
  const text = programText(draft);
  if (text === undefined) return nothing;
  const chance = chanceOf(seed);
  const decl = modelDecl(text);
  const settings = chance.is(0.5) ? {} : drawnSettings(decl, chance);
  const given = Object.entries(settings).map(([name, value]) => ` --set ${name}=${value}`);
  const fail = (kind: string, detail: string): never => {
    throw new Failure(kind, detail, text + given.join(""));
  };
  const { value, diagnostics } = buildGraphs(programOf(text), { settings });
  const [built] = value ?? [];
  if (built === undefined) {
    // An integer setting may have a value that the program does not allow, the default included.
    const isOpen = decl.params.some((param) => param.kind === "attribute" && param.choices[0]?.text === "int");
    if (isOpen || given.length > 0) return nothing;
    return fail(
      "a checked program is not built",
      diagnostics.map(({ code, message }) => `${code}: ${message}`).join("; "),
    );
  }
  const graph = { ...built, guard: tamper(built.guard) };
  const values = new Map(Object.entries(graph.settings).map(([name, value]) => [name, read(value)]));
  const { admitted, refused } = drawShapes(graph.guard, chance);
  for (const shapes of admitted) expectFit(graph, decl, shapes, values, fail);
  for (const shapes of refused) expectMisfit(draft, graph, decl, shapes, values, fail);
  const report = { built: true, admitted: admitted.length, refused: refused.length };
  const operators = new Set(nodesOf(graph).map(({ op }) => op.name));
  const runs = [...affordable(graph, admitted), ...largeShapes(graph, chance)].slice(-3);
  if (runs.length === 0) return { ...report, compared: new Map(), operators };
  const it = preparedCase(graph, runs, chance, fail);
  it.samples.forEach(({ want }, i) => {
    const env = bind(decl, runs[i]!, values);
    const declared = typeof env === "string" ? [] : declaredShapes(decl, env);
    const got = Object.values(want).map(({ shape }) => shape);
    if (JSON.stringify(got) !== JSON.stringify(declared))
      fail("a shape differs from its declaration", `${JSON.stringify(got)} instead of ${JSON.stringify(declared)}`);
  });
  if (Object.keys(graph.settings).length > 0) expectSameRenamed(draft, it, fail);
  const compared = new Map<string, number>();
  const slacks = it.samples.map((sample) => slackOf(it, sample, chance));
  for (const engine of engines) {
    if (!chance.is(engine.share)) continue;
    const got = await engine.run(it).catch((error: unknown) => fail(`${engine.name} fails`, String(error)));
    if (got === undefined) continue;
    it.samples.forEach(({ want, sizes }, run) => {
      const { slack, seen } = slacks[run]!;
      // docs/numbers.md says where engines differ about NaN and infinities; test/docs/numbers.test.ts compares them.
      if (seen.nan || seen.overflow || (seen.infinite && !isOfElements(graph))) return;
      Object.entries(want).forEach(([name, array], i) => {
        const wrong = differs(got[run]![i]!, array, slack[i]!, engine.exact ? 1e-9 : 1e-4);
        if (wrong !== undefined) fail(`${engine.name} differs`, `${name} at ${JSON.stringify(sizes)}: ${wrong}`);
      });
      compared.set(engine.name, (compared.get(engine.name) ?? 0) + 1);
    });
  }
  return { ...report, compared, operators };
}

type Fail = (kind: string, detail: string) => never;

const read = (text: string): string | number | boolean =>
  text === "true" ? true : text === "false" ? false : Number.isNaN(Number(text)) ? text : Number(text);

function drawnSettings(decl: Decl, chance: Chance): Record<string, string> {
  return Object.fromEntries(
    decl.params.flatMap((param) => {
      if (param.kind !== "attribute") return [];
      const [first] = param.choices;
      const values =
        first?.text === "int"
          ? ["1", "2", "3", "4", "6"]
          : first?.text === "bool"
            ? ["true", "false"]
            : param.choices.map(({ text }) => text);
      return [[param.name.text, chance.pick(values)]];
    }),
  );
}

/** Returns shapes that the guard admits and shapes that it refuses: random ones, and neighbours of those admitted. */
function drawShapes(guard: Guard, chance: Chance): { readonly admitted: Shapes[]; readonly refused: Shapes[] } {
  const [admitted, refused] = [new Map<string, Shapes>(), new Map<string, Shapes>()];
  const sort = (shapes: Shapes): void => {
    const kind = "sizes" in admissionOf(guard, shapes) ? admitted : refused;
    if (kind.size < 8) kind.set(JSON.stringify(shapes), shapes);
  };
  for (let attempt = 0; attempt < 60 && admitted.size < 6; attempt++) {
    const limit = chance.pick([2, 5, 9, 13]);
    const sizes = Object.fromEntries(guard.variables.map(({ name }) => [name, 1 + chance.below(limit)]));
    const shapes = shapesAt(guard, sizes);
    if (shapes !== undefined) sort(shapes);
  }
  for (const shapes of [...admitted.values()])
    for (const { name } of guard.inputs) {
      const shape = [...shapes[name]!];
      if (shape.length === 0) continue;
      const axis = chance.below(shape.length);
      shape[axis] = Math.max(1, shape[axis]! + chance.pick([-1, 1, 2]));
      sort({ ...shapes, [name]: shape });
    }
  return { admitted: [...admitted.values()], refused: [...refused.values()] };
}

/** Returns the declared shapes at these sizes; undefined if there are none. */
function shapesAt(guard: Guard, sizes: Readonly<Record<string, number>>): Shapes | undefined {
  const shapes = Object.fromEntries(
    guard.inputs.map(({ name, axes }) => [name, axes.map(({ size }) => evaluate(size, sizes))]),
  );
  return Object.values(shapes)
    .flat()
    .every((size) => size >= 1 && size < 100_000)
    ? shapes
    : undefined;
}

function admissionOf(guard: Guard, shapes: Shapes) {
  return checkGuard(
    guard,
    Object.fromEntries(guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }])),
  );
}

/** Returns the values of the variables that the guard finds. */
function admittedSizes(guard: Guard, shapes: Shapes): Readonly<Record<string, number>> {
  const admission = admissionOf(guard, shapes);
  return "sizes" in admission ? { ...admission.sizes } : {};
}

/** Expects that what the guard admits is what the program declares, and that nothing goes wrong there. */
function expectFit(graph: ModelGraph, decl: Decl, shapes: Shapes, settings: Env, fail: Fail): void {
  const sizes = admittedSizes(graph.guard, shapes);
  const where = `${JSON.stringify(shapes)} is admitted`;
  const env = bind(decl, shapes, settings);
  if (typeof env === "string") return fail("the guard admits what is not declared", `${where}, but ${env}`);
  for (const [name, value] of Object.entries(sizes))
    if (env.get(name) !== value)
      fail("a variable has another value", `${where}: ${name} is ${String(env.get(name))}, not ${value}`);
  const wrong = violations(graph, sizes);
  if (wrong.length > 0) fail("the guard admits what fails", `${where}, but ${wrong.join("; ")}`);
}

/** Expects a reason for a refusal: in the signature, in an operator, or in what the checker says about these sizes. */
function expectMisfit(draft: Draft, graph: ModelGraph, decl: Decl, shapes: Shapes, settings: Env, fail: Fail): void {
  const env = bind(decl, shapes, settings);
  if (typeof env === "string") return;
  const sizes = Object.fromEntries(graph.guard.variables.map(({ name }) => [name, Number(env.get(name))]));
  if (violations(graph, sizes).length > 0) return;
  if (!isRight(draft, sizes, graph.settings)) return;
  const admission = admissionOf(graph.guard, shapes);
  const problems = "problems" in admission ? admission.problems.join("; ") : "";
  fail("the guard refuses what works", `${JSON.stringify(shapes)}: ${problems}`);
}

/** Whether the checker accepts the program where its variables have only these values. */
function isRight(
  draft: Draft,
  sizes: Readonly<Record<string, number>>,
  settings: Readonly<Record<string, string>>,
): boolean {
  const model = draft.at(-1)!;
  const where = [...model.where, ...Object.entries(sizes).map(([name, size]) => `${name} == ${size}`)];
  const text = programText([...draft.slice(0, -1), { ...model, where }]);
  return text !== undefined && buildGraphs(programOf(text), { settings }).value !== undefined;
}

/** The most elements of a value and multiply-accumulates of a run, which keep the interpreter quick. */
const most = { elements: 6_000, macs: 300_000 };

function affordable(graph: ModelGraph, all: readonly Shapes[], limit = most): readonly Shapes[] {
  const { sizes } = graph.builder;
  const nodes = nodesOf(graph);
  return all.filter((shapes) => {
    const at = admittedSizes(graph.guard, shapes);
    const number = (size: Parameters<typeof sizes.evaluate>[0]) =>
      Number(sizes.evaluate(size, ({ name }) => BigInt(at[name]!)) ?? Infinity);
    return (
      Object.values(shapes).every((shape) => elements(shape) <= limit.elements) &&
      nodes.every(({ types }) => types.every((type) => number(volume(sizes, type)) <= limit.elements)) &&
      nodes.reduce((sum, node) => sum + number(macsOf(node, graph.builder)), 0) <= limit.macs
    );
  });
}

/** Whether a size that a graph uses as a number is beyond 32 bits. */
function hasLarge(graph: ModelGraph, at: Readonly<Record<string, number>>): boolean {
  const { sizes } = graph.builder;
  return numbersOf(graph).some(
    ({ value: size }) => Number(sizes.evaluate(size, ({ name }) => BigInt(at[name]!)) ?? 0) >= 2 ** 31,
  );
}

/** Returns one shape at which a size that is used as a number is beyond 32 bits, if there are such sizes. */
function largeShapes(graph: ModelGraph, chance: Chance): readonly Shapes[] {
  if (numbersOf(graph).length === 0) return [];
  for (let attempt = 0; attempt < 60; attempt++) {
    const large = chance.pick(graph.guard.variables.map(({ name }) => name));
    const at = Object.fromEntries(
      graph.guard.variables.map(({ name }) => [
        name,
        name === large ? chance.pick([300, 1200, 50_000]) : 1 + chance.below(3),
      ]),
    );
    const shapes = hasLarge(graph, at) ? shapesAt(graph.guard, at) : undefined;
    if (shapes === undefined || !("sizes" in admissionOf(graph.guard, shapes))) continue;
    const found = affordable(graph, [shapes], { elements: 150_000, macs: 1_000_000 });
    if (found.length > 0) return found;
  }
  return [];
}

/** Values of which some are equal, and some are on the edge of what a function is defined for. */
const few = [-2, -1, -0.5, 0, 0.5, 1, 2, 3];

function preparedCase(graph: ModelGraph, runs: readonly Shapes[], chance: Chance, fail: Fail): Case {
  const seed = chance.below(2 ** 30);
  const hasIntegers = graph.guard.inputs.some(({ dtype }) => dtype === "i32");
  const infinite = !hasIntegers && isOfElements(graph) && chance.is(0.5);
  const values = infinite ? [...few, Infinity, -Infinity] : chance.is(0.1) ? few : undefined;
  try {
    return prepareCase(graph.name, graph, runs, seed, values);
  } catch (error) {
    return fail("the interpreter fails", error instanceof Error ? error.message : String(error));
  }
}

/** Expects the same results if settings have other names, which no caller or callee can confuse with its own. */
function expectSameRenamed(draft: Draft, { graph, weights, samples }: Case, fail: Fail): void {
  const other = renamed(draft);
  const text = programText(other);
  const settings = Object.fromEntries(
    Object.entries(graph.settings).map(([name, value]) => [`${name}_${draft.at(-1)!.name}`, value]),
  );
  const [same] = (text === undefined ? undefined : buildGraphs(programOf(text), { settings }).value) ?? [];
  if (same === undefined) return fail("renamed settings make a program wrong", text ?? "");
  const [sample] = samples;
  const results = evaluateGraph(
    same.results.map(({ value }) => value),
    environmentOf({ graph: same, weights }, sample!),
  );
  same.results.forEach(({ name, order }, i) => {
    const got = arrange(results[i]!, order);
    const wrong = differs(got, sample!.want[name]!, new Float64Array(got.data.length), 0);
    if (wrong !== undefined) fail("renamed settings give another result", `${name}: ${wrong}\n${text!}`);
  });
}

/** Where a graph gets its data from in a run. */
function environmentOf({ graph, weights }: Pick<Case, "graph" | "weights">, { inputs, sizes }: Sample): Environment {
  const orders = new Map(graph.weights.map((weight) => [weight.path, weight.groups.flat()]));
  return {
    input: (input) => named(inputs[input.name]!, input.order),
    weight: ({ path }) => named(weights[path]!, orders.get(path)!),
    sizes: (variable) => BigInt(sizes[variable.name]!),
    builder: graph.builder,
  };
}

/** By how much rounding in float32 moves the elements of the results. */
interface Slack {
  readonly slack: readonly Float64Array[];
  readonly seen: Peculiar;
}

function slackOf(it: Case, sample: Sample, chance: Chance): Slack {
  const { graph } = it;
  const { want } = sample;
  const seen: Peculiar = { nan: false, infinite: false, overflow: false };
  const env = environmentOf(it, sample);
  const slack = Object.values(want).map(({ data }) => new Float64Array(data.length));
  const seed = chance.below(2 ** 30);
  for (const run of [0, 1, 2, 3]) {
    const steps: Steps = { chance: chanceOf(seed + (run >> 1)), direction: run % 2 === 0 ? 1 : -1 };
    const rough = evaluateRoughly(
      graph.results.map(({ value }) => value),
      env,
      steps,
      seen,
    );
    graph.results.forEach(({ name, order }, i) => {
      const { data } = arrange(rough[i]!, order);
      want[name]!.data.forEach((value, at) => {
        const moved = Object.is(data[at], value) || data[at] === value ? 0 : Math.abs(data[at]! - value);
        slack[i]![at] = Math.max(slack[i]![at]!, Number.isNaN(moved) ? Infinity : moved);
      });
    });
  }
  return { slack, seen };
}

/** Says where an array differs by more than the tolerance, and 64 times the slack. Elements of chaotic results are not compared. */
function differs(got: NdArray, want: NdArray, slack: Float64Array, tolerance: number): string | undefined {
  const type = ({ dtype, shape }: NdArray): string => `${dtype}[${shape.join(", ")}]`;
  if (type(got) !== type(want)) return `${type(got)} instead of ${type(want)}`;
  const at = want.data.findIndex((value, i) => {
    const found = got.data[i]!;
    if (
      found === value ||
      (Number.isNaN(found) && Number.isNaN(value)) ||
      slack[i]! > 0.05 * Math.max(1, Math.abs(value))
    )
      return false;
    if (want.dtype !== "f32") return slack[i] === 0;
    // What led to a large number may have been beyond float32.
    if (Math.abs(value) > 1e18) return !Number.isFinite(value);
    return !(Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value)) + 64 * slack[i]!);
  });
  return at < 0 ? undefined : `${got.data[at]} instead of ${want.data[at]} at ${at} of ${type(want)}`;
}
