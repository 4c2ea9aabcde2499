/** @file Runs a model on files: reads and checks its inputs, computes, writes and compares its results. */
import { backendOf } from "../../contract/backends.ts";
import { checkGuard, type Given } from "../../contract/guard.ts";
import { dtypeNames, named, type NamedArray, type NdArray } from "../../contract/ndarray.ts";
import { openTensor, tensorFile } from "../../node/tensor-files.ts";
import { isPicturePath } from "../../node/pictures.ts";
import type { Diagnostic, Help } from "../../source/diagnostic.ts";
import { diagnostic } from "../../source/reporter.ts";
import type { StoredDType } from "../../weights/tensors.ts";
import { readArray, refuseForeignResults, writeArrays, type DeclaredAxis } from "../files/arrays.ts";
import { protect } from "../files/overwriting.ts";
import { Failure, refuse } from "../terminal/failure.ts";
import { unknownName } from "../terminal/names.ts";
import { numberText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { show, type Terminal } from "../terminal/terminal.ts";
import { builtKind } from "./built-models.ts";
import type { Arrays } from "./engines/engine.ts";
import type { Kernel } from "./engines/esm.ts";
import { compiledEngine } from "./engines/table.ts";
import { withCase } from "./case.ts";
import { largestDifference } from "./expectation.ts";
import type { RunOptions } from "./options.ts";
import type { Runnable, Sizes } from "./runnable.ts";
import { timingText } from "./timing.ts";

/** Executes `fuse run`. */
export async function runModel(file: string, options: RunOptions, terminal: Terminal): Promise<void> {
  const { out = {}, pixels } = options;
  const model = await open(file, options, terminal);
  const pairs = { in: options.in ?? {}, expect: options.expect ?? {} };
  const { in: given, expect } =
    options.case === undefined ? pairs : await withCase(model, options.case, pairs, options.weights);
  const inputNames = model.guard.inputs.map(({ name }) => name);
  const resultNames = model.results.map(({ name }) => name);
  for (const name of Object.keys(given))
    if (!inputNames.includes(name)) unknownName(model.name, "input", name, inputNames);
  for (const name of Object.keys({ ...out, ...expect }))
    if (!resultNames.includes(name)) unknownName(model.name, "result", name, resultNames);
  const read = [...Object.values(given), ...Object.values(expect)].map(tensorFile);
  protect([...model.sources, ...read], Object.values(out).map(tensorFile));
  await refuseForeignResults(Object.values(out));

  const inputs = await readInputs(model, given, pixels);
  const sizes = await admit(model, inputs, given);
  const wanted = await readExpectations(model, expect, sizes, pixels);
  const executed = await model.execute(inputs, sizes);
  if (options.debug) terminal.out(kernelTable(executed.kernels));
  const { engine, whyCalls } = executed;
  if (
    whyCalls !== undefined &&
    backendOf(executed.on)?.compiled === true &&
    options.engine !== "calls" &&
    !options.debug
  ) {
    const args = { engine: compiledEngine, reason: whyCalls };
    show(terminal, [diagnostic("engine-unavailable", undefined, args, { severity: "warning" })]);
  }
  const how = options.debug ? ", as the program writes it" : "";
  terminal.out(`${model.name} on ${executed.on} (${engine})${how}: ${timingText(executed.timings)}`);

  const results = model.results.map(({ name, axes }) => ({ name, array: named(executed.results[name]!, axes) }));
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
    if (want === undefined) return [];
    const misfit = misshapen(name, array, want);
    return misfit === undefined ? compare(name, array, want, options.tolerance, terminal) : [misfit];
  });
  if (failures.length > 0) throw new Failure(failures);
}

/** A program is recognized by its name. Any other path with the name of a built model is one. */
async function open(file: string, options: RunOptions, terminal: Terminal): Promise<Runnable> {
  const kind = builtKind(file);
  if (kind === undefined) return (await import("./of-program.ts")).programModel(file, options, terminal);
  return (await import("./of-file.ts")).builtModel(file, kind, options);
}

async function readInputs(
  { guard }: Runnable,
  given: Readonly<Record<string, string>>,
  pixels: RunOptions["pixels"],
): Promise<Arrays> {
  const inputs: (readonly [string, NdArray])[] = [];
  for (const { name, axes } of guard.inputs) {
    if (!Object.hasOwn(given, name)) continue;
    const declared = axes.map(({ axis, size }): DeclaredAxis => [axis, typeof size === "number" ? size : undefined]);
    inputs.push([name, await readArray(given[name]!, declared, pixels)]);
  }
  return Object.fromEntries(inputs);
}

/**
 * Reads the expected results. Ends the command if one has another shape or dtype than the result will have, as far as
 * known.
 */
async function readExpectations(
  model: Runnable,
  expected: Readonly<Record<string, string>>,
  sizes: Sizes,
  pixels: RunOptions["pixels"],
): Promise<ReadonlyMap<string, NdArray>> {
  const wanted = new Map<string, NdArray>();
  const failures: Diagnostic[] = [];
  for (const { name, dtype, axes } of model.results) {
    if (!Object.hasOwn(expected, name)) continue;
    const shape = model.shapeOf(name, sizes);
    const want = await readArray(
      expected[name]!,
      axes.map((axis, i): DeclaredAxis => [axis, shape?.[i]]),
      pixels,
    );
    wanted.set(name, want);
    if (shape !== undefined)
      failures.push(...[misshapen(name, { dtype, shape }, want)].flatMap((found) => found ?? []));
  }
  if (failures.length > 0) throw new Failure(failures);
  return wanted;
}

function misshapen(
  name: string,
  result: Pick<NdArray, "dtype" | "shape">,
  want: Pick<NdArray, "dtype" | "shape">,
): Diagnostic | undefined {
  const [found, expected] = [result, want].map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`);
  if (found === expected) return undefined;
  return diagnostic("expectation-shape", undefined, { name, found: found!, expected: expected! });
}

/** Returns the sizes that the guard finds. Ends the command with everything that it rejects. */
async function admit({ guard }: Runnable, inputs: Arrays, paths: Readonly<Record<string, string>>): Promise<Sizes> {
  const found = new Map<string, Given>(Object.entries(inputs));
  const missing = guard.inputs.filter(({ name }) => !Object.hasOwn(inputs, name));
  const code = missing.map(({ name }) => `--in ${name}=PATH`).join(" ");
  const helps: Help[] = missing.length === 0 ? [] : [{ text: "pass it", code }];
  for (const { name, dtype } of guard.inputs) {
    const array = found.get(name);
    if (array !== undefined && array.dtype !== dtype && !isPicturePath(paths[name]!)) {
      // A person knows the dtype of the file, not the one that it is read as.
      found.set(name, { ...array, dtype: numpyName((await openTensor(paths[name]!)).dtype) });
      helps.push({ text: "convert it in NumPy", code: `${name}.astype(np.${dtypeNames[dtype]})` });
    }
  }
  const admission = checkGuard(guard, Object.fromEntries(found));
  return "sizes" in admission ? admission.sizes : refuse(admission.problems, helps);
}

/** `uint8` for U8 */
const numpyName = (dtype: StoredDType): string =>
  dtype.toLowerCase().replace(/^([uif])(?=\d+$)/, (letter) => ({ u: "uint", i: "int", f: "float" })[letter] ?? letter);

/** Reports that a result matches, or returns what is wrong. */
function compare(name: string, got: NamedArray, want: NdArray, tolerance: number, terminal: Terminal): Diagnostic[] {
  const worst = largestDifference(got, want, tolerance);
  const place = worst === undefined || worst.difference === 0 ? "" : ` at ${placeText(got, worst.index)}`;
  const largest = `largest difference ${numberText(worst?.difference ?? 0)}`;
  if (worst === undefined || worst.within) {
    const missing = Array.from(want.data).filter(Number.isNaN).length;
    terminal.out(`${name} matches: ${largest}${place}${missing === 0 ? "" : `, NaN as expected: ${missing}`}`);
    return [];
  }
  const args = {
    name,
    difference: `${numberText(worst.got, 7)} instead of ${numberText(worst.want, 7)}`,
    place: placeText(got, worst.index),
  };
  const notes = [`${largest}, tolerance ${numberText(tolerance)}`];
  return [diagnostic("expectation-failed", undefined, args, { notes })];
}

const axesText = ({ axes, shape }: NamedArray) => `[${axes.map((axis, i) => `${axis}: ${shape[i]}`).join(", ")}]`;
const placeText = ({ axes }: NamedArray, index: readonly number[]) =>
  `[${axes.map((axis, i) => `${axis}: ${index[i]}`).join(", ")}]`;

/** Few enough to read at a glance. */
const fewNumbers = 12;

/** Returns all numbers if there are few; otherwise `min 0 mean 0.41 max 1`, and how many are not finite. */
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
  if (finite === 0) return `no finite numbers${others}`;
  return `min ${numberText(min)}  mean ${numberText(sum / finite)}  max ${numberText(max)}${others}`;
}

function kernelTable(kernels: readonly Kernel[]): string {
  const rows = kernels.map(({ name, shapes, milliseconds }) => {
    return [name, shapes.map((shape) => `[${shape.join(", ")}]`).join(" "), milliseconds.toFixed(2)];
  });
  return `${table(["kernel", "result", "ms"], rows, [2])}\n`;
}
