/** @file `fuse build`: writes a program as files of a target. */
import { Option, type Command } from "commander";
import type { Backend } from "../../plan/profile.ts";
import type { BuildOptions } from "../build/options.ts";
import { matchingOptions, maxWeightsOption, modelOption, setOption } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

const targetNames: readonly BuildOptions["target"][] = ["esm", "saved-model", "graph-model", "onnx"];
const backends: readonly Backend[] = ["cpu", "wasm", "tensorflow"];

export function build(command: Command, terminal: Terminal): void {
  command
    .description(
      "Writes all models of a program: as an ES module for TensorFlow.js with its types and its source map (esm), " +
        "as a SavedModel of TensorFlow (saved-model), as graph models of TensorFlow.js (graph-model), or as ONNX models (onnx). " +
        "Settings become part of what is written; the sizes of inputs stay as open as the program leaves them.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("only this model"))
    .addOption(setOption())
    .addOption(new Option("--target <target>", "what to write").choices(targetNames).default("esm"))
    .addOption(new Option("--backend <backend>", "esm: for this backend only, which may be faster").choices(backends))
    .option("--weights <file>", "become part of the files; esm: check that they fit, and write them beside the module");
  for (const option of matchingOptions()) command.addOption(option);
  command
    .addOption(maxWeightsOption())
    .option("-o, --outdir <folder>", "where to write; made if it is not there (default: beside the program)")
    .action(async (file: string, options: BuildOptions) => {
      if (options.backend !== undefined && options.target !== "esm")
        command.error(`error: --backend is for --target esm: ${options.target} runs on every backend`);
      await buildFile(file, options, terminal);
    });
}

/** Loads what the target needs, and nothing else. */
async function buildFile(file: string, options: BuildOptions, terminal: Terminal): Promise<void> {
  const { openFile } = await import("../files/programs.ts");
  const program = await openFile(file);
  const { writeOutputs } = await import("../build/outputs.ts");
  if (options.target === "esm") {
    const { moduleOutputs } = await import("../build/module.ts");
    return writeOutputs(program, await moduleOutputs(program, file, options, terminal), terminal);
  }
  const { targetOutputs, targets } = await import("../build/targets.ts");
  const outputs = await targetOutputs(targets[options.target], program, file, options, terminal);
  return writeOutputs(program, outputs, terminal);
}
