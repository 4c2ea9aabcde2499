/** @file Runs a model on files: reads and checks its inputs, computes, writes and compares its results. */
import type { ModelGraph } from "../ir/graph.ts";
import { checkGuard } from "../ir/guard.ts";
import { named, type NamedArray, type NdArray } from "../ir/ndarray.ts";
import { manifestOf } from "../plan/manifest.ts";
import { numbersAt } from "../plan/memory.ts";
import type { NamedTensors } from "../runtime/node/index.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { diagnostic } from "../source/reporter.ts";
import { fileOf, readArray, writeArrays, type DeclaredAxis } from "./arrays.ts";
import { execute, type Kernel } from "./execution.ts";
import { largestDifference } from "./expectation.ts";
import { fail, Failure } from "./failure.ts";
import { numberText } from "./numbers.ts";
import { protect } from "./overwriting.ts";
import { oneGraph, openFile, refuse, unknownName } from "./programs.ts";
import type { RunOptions } from "./run.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { fittingWeights, limitWeights, readAll } from "./weight-files.ts";

/** Carries out `fuse run`. */
export async function runModel(file: string, options: RunOptions, terminal: Terminal): Promise<void> {
  const { in: given = {}, out = {}, expect = {}, backend, pixels } = options;
  const program = await openFile(file);
  const graph = oneGraph(program, options, terminal);
  const inputNames = graph.inputs.map(({ name }) => name);
  const resultNames = graph.results.map(({ name }) => name);
  for (const name of Object.keys(given))
    if (!inputNames.includes(name)) unknownName(graph.name, "input", name, inputNames);
  for (const name of Object.keys({ ...out, ...expect }))
    if (!resultNames.includes(name)) unknownName(graph.name, "result", name, resultNames);
  const read = [...Object.values(given), ...Object.values(expect)].map(fileOf);
  protect([file, options.weights ?? file, ...read], Object.values(out).map(fileOf));

  const inputs = await readInputs(graph, given, pixels);
  const sizes = admit(graph, inputs);
  const wanted = await readExpectations(graph, expect, sizes, pixels);
  const weights = await readWeights(graph, options, terminal);
  const executed = await execute({ program, graph, weights, inputs, sizes }, backend, options.debug ?? false);
  if (options.debug) terminal.out(kernelTable(executed.kernels));
  terminal.out(`${graph.name} on ${executed.backend}: ${milliseconds(executed.milliseconds)}`);

  const results = graph.results.map(({ name, order }) => ({ name, array: named(executed.results.get(name)!, order) }));
  const outputs = results.flatMap(({ name, array }) =>
    Object.hasOwn(out, name) ? [{ name, array, path: out[name]! }] : [],
  );
  await writeArrays(outputs, pixels);
  for (const { name, array } of results) {
    const path = outputs.find((output) => output.name === name)?.path;
    terminal.out(`${name} ${axesText(array)}  ${statistics(array)}${path === undefined ? "" : `  -> ${path}`}`);
  }
  const failures = results.flatMap(({ name, array }) => {
    const want = wanted.get(name);
    return want === undefined ? [] : compare(name, array, want, options.tolerance, terminal);
  });
  if (failures.length > 0) throw new Failure(failures);
}

async function readInputs(
  graph: ModelGraph,
  given: Readonly<Record<string, string>>,
  pixels: RunOptions["pixels"],
): Promise<Record<string, NdArray>> {
  const { sizes } = graph.builder;
  const inputs: (readonly [string, NdArray])[] = [];
  for (const { name, order, type } of graph.inputs) {
    if (!Object.hasOwn(given, name)) continue;
    const axes = order.map((axis): DeclaredAxis => {
      const size = sizes.constant(type.axes.get(axis)!);
      return [axis, size === undefined ? undefined : Number(size)];
    });
    inputs.push([name, await readArray(given[name]!, axes, pixels)]);
  }
  return Object.fromEntries(inputs);
}

/** What results should be; ends the command if that has another shape or dtype than the result will have. */
async function readExpectations(
  graph: ModelGraph,
  expected: Readonly<Record<string, string>>,
  sizes: Readonly<Record<string, number>>,
  pixels: RunOptions["pixels"],
): Promise<ReadonlyMap<string, NdArray>> {
  const number = numbersAt(graph.builder.sizes, sizes);
  const wanted = new Map<string, NdArray>();
  const failures: Diagnostic[] = [];
  for (const { name, order, value } of graph.results) {
    if (!Object.hasOwn(expected, name)) continue;
    const { dtype, axes } = value.type;
    const shape = order.map((axis) => number(axes.get(axis)!));
    const want = await readArray(
      expected[name]!,
      order.map((axis, i): DeclaredAxis => [axis, shape[i]]),
      pixels,
    );
    wanted.set(name, want);
    const [found, expectation] = [{ dtype, shape }, want].map((type) => `${type.dtype}[${type.shape.join(", ")}]`);
    if (found !== expectation)
      failures.push(diagnostic("expectation-shape", undefined, { name, found: found!, expected: expectation! }));
  }
  if (failures.length > 0) throw new Failure(failures);
  return wanted;
}

/** The sizes that the guard finds; ends the command with all that it refuses. */
function admit(graph: ModelGraph, inputs: Readonly<Record<string, NdArray>>): Readonly<Record<string, number>> {
  const admission = checkGuard(graph.guard, inputs);
  if ("sizes" in admission) return admission.sizes;
  const missing = graph.inputs.filter(({ name }) => !Object.hasOwn(inputs, name));
  const code = missing.map(({ name }) => `--in ${name}=PATH`).join(" ");
  return refuse(admission.problems, missing.length === 0 ? [] : [{ text: "give it", code }]);
}

async function readWeights(graph: ModelGraph, options: RunOptions, terminal: Terminal): Promise<NamedTensors> {
  const model = { name: graph.name, manifest: manifestOf(graph) };
  limitWeights(model, options.maxWeights);
  if (model.manifest.length === 0) return {};
  if (options.weights === undefined) {
    const helps = [{ text: "give them", code: "--weights FILE" }];
    return fail("bad-input", { message: `\`${graph.name}\` needs its weights` }, { helps });
  }
  const found = await fittingWeights(model, options.weights, options);
  return Object.fromEntries(await readAll(found, options.weights, terminal));
}

/** Says that a result is as expected, or what is wrong. */
function compare(name: string, got: NamedArray, want: NdArray, tolerance: number, terminal: Terminal): Diagnostic[] {
  const worst = largestDifference(got, want, tolerance);
  const place = worst === undefined || worst.difference === 0 ? "" : ` at ${placeText(got, worst.index)}`;
  const largest = `the largest difference is ${numberText(worst?.difference ?? 0)}`;
  if (worst === undefined || worst.within) {
    terminal.out(`${name} is as expected: ${largest}${place}`);
    return [];
  }
  const args = {
    name,
    difference: `${numberText(worst.got, 7)} instead of ${numberText(worst.want, 7)}`,
    place: placeText(got, worst.index),
  };
  const notes = [`${largest}, the tolerance ${numberText(tolerance)}`];
  return [diagnostic("expectation-failed", undefined, args, { notes })];
}

const axesText = ({ axes, shape }: NamedArray) => `[${axes.map((axis, i) => `${axis}: ${shape[i]}`).join(", ")}]`;
const placeText = ({ axes }: NamedArray, index: readonly number[]) =>
  `[${axes.map((axis, i) => `${axis}: ${index[i]}`).join(", ")}]`;

/** As many numbers as one reads at a glance. */
const fewNumbers = 12;

/** All numbers if there are few; else `min 0  mean 0.41  max 1`, and how many are not finite. */
function statistics({ data }: NdArray): string {
  if (data.length <= fewNumbers) return Array.from(data, (value) => numberText(value)).join("  ");
  let [min, max, sum, finite] = [Infinity, -Infinity, 0, 0];
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    finite++;
  }
  const others = finite === data.length ? "" : `  not finite ${data.length - finite}`;
  if (finite === 0) return `no finite number${others}`;
  return `min ${numberText(min)}  mean ${numberText(sum / finite)}  max ${numberText(max)}${others}`;
}

function kernelTable(kernels: readonly Kernel[]): string {
  const rows = kernels.map(({ name, shapes, milliseconds }) => {
    return [name, shapes.map((shape) => `[${shape.join(", ")}]`).join(" "), milliseconds.toFixed(2)];
  });
  return `${table(["kernel", "result", "ms"], rows, [2])}\n`;
}

/** Three digits. */
const milliseconds = (time: number): string => `${time < 100 ? time.toPrecision(3) : Math.round(time)} ms`;
