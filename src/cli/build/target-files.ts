/** @file The files that `fuse build` writes: those of a target, with the weights inside or next to them. */
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Program } from "../../check/program.ts";
import { programName, type Target } from "../../codegen/target.ts";
import { targets } from "../../codegen/targets.ts";
import { build, buildPlans } from "../../compile.ts";
import { readCosts } from "../files/costs.ts";
import { beginningOf, isSameFile } from "../files/overwriting.ts";
import { valueOrFail } from "../files/programs.ts";
import { limitWeights } from "../files/weights.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { BuildOptions } from "./options.ts";
import type { Output } from "./outputs.ts";
import { collectWeights, heldWeights } from "./weights.ts";

/**
 * Returns the files. Ends the command if weights are missing or do not fit, or if the target cannot express the
 * program.
 */
export async function targetFiles(
  program: Program,
  file: string,
  options: BuildOptions,
  terminal: Terminal,
): Promise<readonly Output[]> {
  const { model, set = {}, target: name, backend, weights, maxWeights, outdir = dirname(file) } = options;
  const target = targets[name];
  const costs = await readCosts(options.costs);
  const optimize = options.optimize && { at: options.at, limit: options.optimizeLimit };
  const plans = valueOrFail(
    buildPlans(program, { model, settings: set, target: name, backend, costs, optimize }),
    terminal,
  );
  for (const { graph, manifest } of plans) limitWeights({ name: graph.name, manifest }, maxWeights);
  const held = target.holdsWeights ? { weights: await heldWeights(plans, file, options, terminal) } : {};
  const locate = (path: string) => seenFrom(outdir, path);
  const outputs = valueOrFail(build(program, name, plans, { ...held, locate, at: options.at }), terminal).map(
    ({ path, bytes }) => output(target, join(outdir, path), bytes),
  );
  if (weights === undefined || target.holdsWeights) return outputs;
  const path = join(outdir, `${programName(file)}.safetensors`);
  const bytes = await collectWeights(plans, weights, options, terminal);
  if (!isSameFile(path, weights)) return [...outputs, output(target, path, bytes)];
  terminal.out(`${path} matches the program`);
  return outputs;
}

function output({ isOurs }: Target, path: string, bytes: Uint8Array): Output {
  const beside = (name: string) => beginningOf(join(dirname(path), name));
  return { path, bytes, isOurs: (start) => isOurs(path, start, beside) };
}

/** Returns a relative path with the slashes of a URL; undefined between drives. */
function seenFrom(folder: string, path: string): string | undefined {
  const seen = relative(folder, path);
  return isAbsolute(seen) ? undefined : seen.split(sep).join("/");
}
