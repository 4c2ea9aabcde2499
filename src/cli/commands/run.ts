/** @file `fuse run`: computes a model's results. Engines are loaded only when needed. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { readableTargets, targets } from "../../codegen/targets.ts";
import { backends, nodeBackendNames } from "../../contract/backends.ts";
import { pictureEndings } from "../../node/picture-formats.ts";
import { defaultEngine, engineNames, engines } from "../run/engines/table.ts";
import type { RunOptions } from "../run/options.ts";
import {
  costsOption,
  described,
  matchingOptions,
  maxWeightsOption,
  modelOption,
  optimizationOptions,
  refuseContradiction,
  pairs,
  setOption,
} from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

const backendChoices: readonly RunOptions["backend"][] = ["auto", ...nodeBackendNames];
const engineChoices: readonly RunOptions["engine"][] = ["auto", ...engineNames];
const builtFiles = readableTargets.map((name) => `${name}: its ${targets[name].reader?.suffix ?? "folder"}`).join(", ");
const pixels: readonly RunOptions["pixels"][] = ["0..1", "0..255"];

/** Options that have no meaning for a built model. */
const flags = {
  set: "--set",
  weights: "--weights",
  weightsPrefix: "--weights-prefix",
  rename: "--rename",
  debug: "--debug",
  costs: "--costs",
  optimizeLimit: "--optimize-limit",
} satisfies Partial<Record<keyof RunOptions, string>>;

/** Reads NAME=PATH. */
const path = pairs("NAME=PATH");

export function run(command: Command, terminal: Terminal): void {
  command
    .description(
      `Runs a model from a program, or one that \`fuse build\` wrote for another target (${builtFiles}). ` +
        `A PATH is a picture (${pictureEndings}), an .npy, or a tensor in a file: case.safetensors#in.x`,
    )
    .argument("<file>", "program or built model")
    .addOption(modelOption("model to run, if there are several"))
    .addOption(setOption())
    .option("--weights <file>", "a .safetensors file, or a model.json of TensorFlow.js");
  for (const option of matchingOptions()) command.addOption(option);
  command
    .addOption(maxWeightsOption())
    .addOption(new Option("--in <name=path>", "an input (repeatable)").argParser(path))
    .addOption(new Option("--out <name=path>", "file to write a result to (repeatable)").argParser(path))
    .addOption(new Option("--expect <name=path>", "expected value of a result (repeatable)").argParser(path))
    .option("--case <file>", "inputs and expected results: the tensors in.NAME and out.NAME of a .safetensors file")
    .option("--tolerance <t>", "largest allowed difference: |got - want| <= t * max(1, |want|)", tolerance, 1e-4)
    .addOption(
      new Option("--backend <backend>", `backend to run on: ${described(nodeBackendNames, backends)}`)
        .choices(backendChoices)
        .default("auto"),
    )
    .addOption(
      new Option(
        "--engine <engine>",
        `how to run the model: ${described(engineNames, engines)} (auto: ${defaultEngine})`,
      )
        .choices(engineChoices)
        .default("auto"),
    )
    .addOption(costsOption());
  for (const option of optimizationOptions()) command.addOption(option);
  command
    .addOption(new Option("--pixels <range>", "value range of image pixels").choices(pixels).default("0..1"))
    .option(
      "--repeat <n>",
      "run once to warm up and then n times, and print the median time and quartiles",
      repetitions,
    )
    .option(
      "--debug",
      "run the model as the program writes it: list the kernels and their times, and name the first value that is not finite",
    )
    .action(async (file: string, options: RunOptions) => {
      const { isWritable } = await import("../files/arrays.ts");
      for (const [name, path] of Object.entries(options.out ?? {}))
        if (!isWritable(path))
          command.error(
            `error: --out ${name}=${path}: a result is written as a picture (${pictureEndings}), .npy or FILE.safetensors#NAME`,
          );
      if (options.debug && options.repeat !== undefined)
        command.error("error: --debug and --repeat exclude each other: looking at values takes time");
      if (options.debug && options.optimizeLimit !== undefined)
        command.error("error: --debug and --optimize-limit exclude each other: it looks at the model as written");
      const { builtKind } = await import("../run/built-models.ts");
      const misplaced = [
        ...Object.entries(flags).flatMap(([name, flag]) =>
          options[name as keyof typeof flags] === undefined ? [] : [flag],
        ),
        ...(options.optimize ? [] : ["--no-optimize"]),
      ];
      if (builtKind(file) !== undefined && misplaced[0] !== undefined)
        command.error(`error: ${misplaced[0]} is only for programs, and ${file} is not one`);
      refuseContradiction(command, options);
      const { runModel } = await import("../run/run.ts");
      await runModel(file, options, terminal);
    });
}

function tolerance(text: string): number {
  const value = /^[\d.]+(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError("Expected a number of at least 0.");
  return value;
}

/** The most repetitions. */
const most = 1_000_000;

function repetitions(text: string): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
  return value;
}
