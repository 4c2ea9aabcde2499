/** @file `fuse weights`: lists, checks, initialises and converts the weights of a model. */
import { Option, InvalidArgumentError, type Command } from "commander";
import { dtypeOf, shapeOf, type ManifestEntry } from "../../contract/manifest.ts";
import { elements } from "../../contract/ndarray.ts";
import { writeAtomically } from "../../node/files.ts";
import { weightFiles } from "../../node/tensor-files.ts";
import { manifestOf } from "../../plan/manifest.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { diagnostic } from "../../source/reporter.ts";
import { printShape, quote } from "../../weights/data-error.ts";
import { initialise } from "../../weights/init.ts";
import { nonFinite } from "../../weights/finite.ts";
import { isMadeByFuse } from "../../weights/made-by.ts";
import type { WeightProblems } from "../../weights/match.ts";
import type { WritableDType } from "../../weights/safetensors.ts";
import { protect, refuseForeign } from "../files/overwriting.ts";
import { blockNamed, checked, oneGraph, openFile, sourcesOf } from "../files/programs.ts";
import {
  arraysOf,
  encodeWeights,
  fittingWeights,
  limitWeights,
  nonFiniteWeights,
  parametersOf,
  readAll,
  type EncodedWeights,
  type Weighted,
} from "../files/weights.ts";
import { warnOfNonFinite, warnOfUnused } from "../files/weight-warnings.ts";
import { initText } from "../summary/block-weights.ts";
import { blockWeights } from "../summary/block.ts";
import { readOrFail, writeOrFail } from "../terminal/failure.ts";
import { countText, plural } from "../terminal/numbers.ts";
import {
  matchingOptions,
  maxWeightsOption,
  modelOption,
  setOption,
  type MatchingOptions,
  type ModelOptions,
} from "../terminal/options.ts";
import { table } from "../terminal/table.ts";
import { show, type Terminal } from "../terminal/terminal.ts";

const dtypes: Readonly<Record<string, WritableDType>> = { f32: "F32", f16: "F16", bf16: "BF16" };

interface Options extends ModelOptions, MatchingOptions {
  readonly check?: string;
  readonly init?: string;
  readonly convert?: string;
  readonly output?: string;
  readonly seed: number;
  readonly dtype?: string;
  readonly maxWeights: number;
}

export function weights(command: Command, terminal: Terminal): void {
  command
    .description(
      "Lists the weights that a model needs, with their axes in storage order, which is PyTorch's. " +
        "With an option, it checks whether a file has them, writes initial ones, or converts those of another tool.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("model, if there are several, or a block to list its weights"))
    .addOption(setOption())
    .addOption(new Option("--check <file>", "check whether these weights match").conflicts(["init", "convert"]))
    .addOption(new Option("--init <file>", "write initial weights to this file").conflicts("convert"))
    .option("--seed <number>", "random seed for --init", parseSeed, 0)
    .option(
      "--convert <source>",
      "read a .safetensors file, or a model.json of TensorFlow.js, and write its weights to -o",
    )
    .option("-o, --output <file>", "the .safetensors file that --convert writes");
  for (const option of matchingOptions()) command.addOption(option);
  command
    .addOption(new Option("--dtype <dtype>", "storage format").choices(Object.keys(dtypes)))
    .addOption(maxWeightsOption())
    .action(async (file: string, options: Options) => {
      if ((options.convert === undefined) !== (options.output === undefined))
        command.error("error: --convert SOURCE and -o FILE must be used together");
      const program = await openFile(file);
      const block = blockNamed(program, options.model);
      if (block !== undefined) {
        if ((options.set ?? options.check ?? options.init ?? options.convert) !== undefined)
          command.error(`error: ${options.model} is a block with open sizes: its weights can only be listed`);
        checked(program, terminal);
        terminal.out(blockWeights(program, block));
        return;
      }
      const graph = oneGraph(program, options, terminal);
      const model = { name: graph.name, manifest: manifestOf(graph) };
      if (model.manifest.length === 0) {
        show(terminal, [diagnostic("nothing-to-do", undefined, { reason: `\`${model.name}\` has no weights` })]);
        return;
      }
      if (options.check !== undefined) await checkFile(model, options.check, options, terminal);
      else if (options.init !== undefined)
        await initialiseFile(model, sourcesOf(program), options.init, options, terminal);
      else if (options.convert !== undefined)
        await convertFile(model, sourcesOf(program), options.convert, options, terminal);
      else terminal.out(listing(model));
    });
}

function parseSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function listing({ name, manifest }: Weighted): string {
  const rows = manifest.map((entry) => {
    const axes = entry.groups.flat().map(([axis, size]) => `${axis}: ${size}`);
    return [
      entry.path,
      `[${axes.join(", ")}]`,
      dtypeOf(entry),
      initText(entry.init),
      countText(elements(shapeOf(entry))),
    ];
  });
  const head = ["weight", "axes", "dtype", "init", "parameters"];
  return `${table(head, rows, [4])}\n\n${name}: ${sumText(manifest)}`;
}

function sumText(manifest: readonly ManifestEntry[]): string {
  const count = parametersOf(manifest);
  return `${plural(manifest.length, "tensor")}, ${plural(count, "parameter")}`;
}

async function checkFile(model: Weighted, path: string, options: MatchingOptions, terminal: Terminal): Promise<void> {
  const found = await fittingWeights(model, path, options);
  const counts = await nonFiniteWeights(found, path, terminal);
  terminal.out(`${path} matches ${model.name}: ${sumText(model.manifest)}`);
  listUnused(found.extra, terminal);
  warnOfUnused(path, [found], terminal);
  warnOfNonFinite(path, counts, terminal);
}

async function initialiseFile(
  model: Weighted,
  programs: readonly string[],
  path: string,
  { seed, dtype, maxWeights }: Options,
  terminal: Terminal,
): Promise<void> {
  protect(programs, [path]);
  await refuseForeign(path, isMadeByFuse);
  limitWeights(model, maxWeights);
  const entries = new Map(model.manifest.map((entry) => [entry.path, entry]));
  const arrays = await arraysOf(entries, "initialising", (entry) => initialise(entry, seed), terminal);
  await writeWeights(path, encodeWeights(arrays, dtypes[dtype ?? "f32"]!), model, terminal);
}

async function convertFile(
  model: Weighted,
  programs: readonly string[],
  source: string,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const path = options.output!;
  const read = await readOrFail(source, () => weightFiles(source));
  protect([...programs, ...read, ...(options.rename ?? [])], [path]);
  await refuseForeign(path, isMadeByFuse);
  limitWeights(model, options.maxWeights);
  const found = await fittingWeights(model, source, options);
  const arrays = await readAll(found, source, terminal);
  const dtype = options.dtype === undefined ? found.dtypeOf : dtypes[options.dtype]!;
  await writeWeights(path, encodeWeights(arrays, dtype), model, terminal);
  listUnused(found.extra, terminal);
  warnOfUnused(source, [found], terminal);
  const counted = [...arrays].flatMap(([name, array]) => {
    const count = nonFinite(array);
    return count === undefined ? [] : [[name, count] as const];
  });
  warnOfNonFinite(source, new Map(counted), terminal);
}

async function writeWeights(
  path: string,
  { bytes, kept }: EncodedWeights,
  model: Weighted,
  terminal: Terminal,
): Promise<void> {
  await writeOrFail(path, () => writeAtomically(path, bytes));
  terminal.out(`wrote ${path} (${bytesText(bytes.length)}): ${sumText(model.manifest)}`);
  if (kept.length > 0)
    terminal.out(
      [`kept as f32, because values would be lost (${kept.length}):`, ...kept.map((line) => `  ${line}`)].join("\n"),
    );
}

function listUnused(extra: WeightProblems["extra"], terminal: Terminal): void {
  if (extra.length === 0) return;
  const lines = extra.map(({ name, shape }) => `  ${quote(name)} ${printShape(shape)}`);
  terminal.out([`unused (${extra.length}):`, ...lines].join("\n"));
}
