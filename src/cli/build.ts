/** @file `fuse build`: writes a program as a module. */
import { Option, type Command } from "commander";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildModule, buildPlans } from "../compile.ts";
import type { NdArray, NumberArray } from "../ir/ndarray.ts";
import { writeAtomically } from "../node/files.ts";
import type { Backend } from "../plan/profile.ts";
import type { StoredDType } from "../weights/tensors.ts";
import { fail, writing } from "./failure.ts";
import { bytesText } from "./numbers.ts";
import {
  matchingOptions,
  maxWeightsOption,
  modelOption,
  setOption,
  type MatchingOptions,
  type ModelOptions,
} from "./options.ts";
import { isSameFile, refuseForeign } from "./overwriting.ts";
import { made, openFile } from "./programs.ts";
import type { Terminal } from "./terminal.ts";
import { encodeWeights, fittingWeights, isMadeByFuse, limitWeights, readAll, type Weighted } from "./weight-files.ts";

interface Options extends ModelOptions, MatchingOptions {
  readonly backend?: Backend;
  readonly weights?: string;
  readonly maxWeights: number;
  readonly outdir?: string;
}

interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const backends: readonly Backend[] = ["cpu", "wasm", "tensorflow"];

export function build(command: Command, terminal: Terminal): void {
  command
    .description(
      "Writes an ES module for TensorFlow.js with all models of a program, and its types. " +
        "Settings become part of the module; the sizes of inputs stay as open as the program leaves them.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("only this model"))
    .addOption(setOption())
    .addOption(new Option("--target <target>", "what to write").choices(["esm"]).default("esm"))
    .addOption(new Option("--backend <backend>", "for this backend only, which may be faster").choices(backends))
    .option("--weights <file>", "check that these weights fit, and write them beside the module");
  for (const option of matchingOptions()) command.addOption(option);
  command
    .addOption(maxWeightsOption())
    .option("-o, --outdir <folder>", "where to write; made if it is not there (default: beside the program)")
    .action((file: string, options: Options) => buildFile(file, options, terminal));
}

async function buildFile(file: string, options: Options, terminal: Terminal): Promise<void> {
  const { model, set = {}, backend, weights, maxWeights, outdir = dirname(file) } = options;
  const program = await openFile(file);
  const plans = made(buildPlans(program, { model, settings: set, backend }), terminal);
  const models = plans.map(({ graph, manifest }) => ({ name: graph.name, manifest }));
  for (const each of models) limitWeights(each, maxWeights);
  const outputs: Output[] = [];
  for (const { path, text } of buildModule(program, plans)) {
    const output = { path: join(outdir, path), bytes: new TextEncoder().encode(text) };
    await refuseForeign(output.path, isModule);
    outputs.push(output);
  }
  if (weights !== undefined) {
    const path = outputs[0]!.path.replace(/\.js$/, ".safetensors");
    const bytes = await collectWeights(models, weights, options, terminal);
    if (isSameFile(path, weights)) terminal.out(`${path} fits`);
    else {
      await refuseForeign(path, isMadeByFuse);
      outputs.push({ path, bytes });
    }
  }
  await makeFolder(outdir);
  for (const { path, bytes } of outputs) {
    await writing(path, () => writeAtomically(path, bytes));
    terminal.out(`wrote ${path} (${bytesText(bytes.length)})`);
  }
}

const isModule = (start: Uint8Array) => String.fromCharCode(...start).startsWith("// Made by fuse ");

/** The weights of all models in one file; ends the command if one model does not find all of its own. */
async function collectWeights(
  models: readonly Weighted[],
  path: string,
  options: MatchingOptions,
  terminal: Terminal,
): Promise<Uint8Array> {
  const all = new Map<string, NdArray>();
  const dtypes = new Map<NumberArray, StoredDType>();
  for (const model of models) {
    const found = await fittingWeights(model, path, options);
    for (const [name, array] of await readAll(found, path, terminal)) {
      all.set(name, array);
      dtypes.set(array.data, found.dtypeOf(array.data));
    }
  }
  return encodeWeights(all, (data) => dtypes.get(data) ?? "F32");
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code !== "string") throw error;
    const reasons: Readonly<Record<string, string>> = {
      EEXIST: "is a file, not a folder",
      ENOTDIR: "a part of the path is not a folder",
      EACCES: "permission denied",
      EROFS: "the disk is read-only",
    };
    fail("unwritable-file", { path, reason: reasons[code] ?? code });
  }
}
