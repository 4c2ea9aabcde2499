/** @file `fuse build`: writes a program as files of a target. */
import { Option, type Command } from "commander";
import { defaultTarget, targetNames, targets } from "../../codegen/targets.ts";
import { backendNames } from "../../contract/backends.ts";
import type { BuildOptions } from "../build/options.ts";
import {
  costsOption,
  described,
  matchingOptions,
  maxWeightsOption,
  modelOption,
  optimizationOptions,
  refuseContradiction,
  setOption,
  sizes,
} from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

const forBackends = targetNames.filter((name) => targets[name].profileFor !== undefined).join(", ");
const forSizes = targetNames.filter((name) => targets[name].fixesSizes).join(", ");
const withoutWeights = targetNames.filter((name) => !targets[name].holdsWeights).join(", ");

export function build(command: Command, terminal: Terminal): void {
  command
    .description(
      `Writes all models of a program as ${described(targetNames, targets)}. ` +
        "Settings are built in; input sizes stay as open as the program leaves them.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("only this model"))
    .addOption(setOption())
    .addOption(new Option("--target <target>", "output format").choices(targetNames).default(defaultTarget))
    .addOption(
      new Option("--backend <backend>", `${forBackends}: build for this backend only, which may be faster`).choices(
        backendNames,
      ),
    )
    .option(
      "--weights <file>",
      `weights to include in the files; ${withoutWeights}: checked and written next to the module`,
    );
  for (const option of matchingOptions()) command.addOption(option);
  for (const option of optimizationOptions()) command.addOption(option);
  command
    .addOption(maxWeightsOption())
    .addOption(
      new Option(
        "--at <sizes>",
        "input sizes to optimize for, where nothing can be proved for all: h=512,w=512 (others: 1 for n, 64); " +
          `${forSizes}: the input sizes that the files are for, all of them`,
      ).argParser(sizes),
    )
    .addOption(costsOption())
    .option("-o, --outdir <folder>", "output folder, created if needed (default: next to the program)")
    .action(async (file: string, options: BuildOptions) => {
      const { backend, target } = options;
      refuseContradiction(command, targets[target].fixesSizes ? { ...options, at: undefined } : options);
      if (backend !== undefined && targets[target].profileFor === undefined)
        command.error(`error: --backend needs --target ${forBackends}: ${target} runs on every backend`);
      await buildFile(file, options, terminal);
    });
}

async function buildFile(file: string, options: BuildOptions, terminal: Terminal): Promise<void> {
  const { openFile } = await import("../files/programs.ts");
  const program = await openFile(file);
  const { writeOutputs } = await import("../build/outputs.ts");
  const { targetFiles } = await import("../build/target-files.ts");
  return writeOutputs(program, await targetFiles(program, file, options, terminal), terminal);
}
