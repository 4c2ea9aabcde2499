/** @file The targets of `fuse build` whose files hold the weights: what each writes, and by what it knows its own files. */
import { dirname, join } from "node:path";
import type { Program } from "../../check/program.ts";
import { isGraphModelOfFuse } from "../../codegen/graph-model/emit.ts";
import { isOnnxOfFuse } from "../../codegen/onnx/read.ts";
import { isNotesOfFuse, isSavedModelOfFuse, paths } from "../../codegen/saved-model/layout.ts";
import type { BinaryFile, WeightedPlan } from "../../codegen/target.ts";
import { buildGraphModel, buildOnnx, buildPlans, buildSavedModel, type Outcome } from "../../compile.ts";
import { graphModelProfile, onnxProfile, savedModelProfile, type Profile } from "../../plan/profile.ts";
import { InternalError } from "../../source/internal-error.ts";
import { inPlace } from "../../weights/data-error.ts";
import { beginsSo } from "../files/overwriting.ts";
import { valueOrFail } from "../files/programs.ts";
import { fittingWeights, isMadeByFuse, limitWeights } from "../files/weights.ts";
import { fail } from "../terminal/failure.ts";
import type { Pairs } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { BuildOptions } from "./options.ts";
import type { Output } from "./outputs.ts";

export interface Target {
  /** For help: what is written. */
  readonly doc: string;
  readonly profile: Profile;
  build(program: Program, models: readonly WeightedPlan[]): Outcome<readonly BinaryFile[]>;
  /** Whether the file at a path, which begins with these bytes, may be replaced. */
  isOurs(path: string, start: Uint8Array): boolean | Promise<boolean>;
}

export const targets = {
  "saved-model": {
    doc: "a folder for TensorFlow, TensorFlow Serving and tfjs-node",
    profile: savedModelProfile,
    build: buildSavedModel,
    isOurs: (path, start) =>
      path.endsWith(paths.model)
        ? isSavedModelOfFuse(start)
        : path.endsWith(paths.weights)
          ? isMadeByFuse(start)
          : isNotesOfFuse(start),
  },
  "graph-model": {
    doc: "a model.json and its shards for TensorFlow.js",
    profile: graphModelProfile,
    build: buildGraphModel,
    // A shard has no mark of its own.
    isOurs: (path, start) =>
      path.endsWith(".json")
        ? isGraphModelOfFuse(start)
        : beginsSo(join(dirname(path), "model.json"), isGraphModelOfFuse),
  },
  onnx: {
    doc: "an .onnx file for each model",
    profile: onnxProfile,
    build: buildOnnx,
    isOurs: (_, start) => isOnnxOfFuse(start),
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;

/** The files of a target; ends the command if the weights are missing or do not fit, or if the format lacks something. */
export async function targetOutputs(
  target: Target,
  program: Program,
  file: string,
  options: BuildOptions,
  terminal: Terminal,
): Promise<readonly Output[]> {
  const { model, set = {}, weights, maxWeights, outdir = dirname(file) } = options;
  const plans = valueOrFail(buildPlans(program, { model, settings: set }, target.profile), terminal);
  const models: WeightedPlan[] = [];
  for (const plan of plans) {
    const weighted = { name: plan.graph.name, manifest: plan.manifest };
    limitWeights(weighted, maxWeights);
    if (plan.manifest.length === 0) models.push({ plan, load: neverAsked });
    else if (weights === undefined) needWeights(file, weighted.name, plans.length > 1 || model !== undefined, set);
    else {
      const { tensors } = await fittingWeights(weighted, weights, options);
      models.push({ plan, load: (path) => inPlace(weights, tensors.get(path) ?? neverAsked) });
    }
  }
  const files = valueOrFail(target.build(program, models), terminal);
  return files.map(({ path, bytes }) => {
    const whole = join(outdir, path);
    return { path: whole, bytes, isOurs: (start) => target.isOurs(whole, start) };
  });
}

function neverAsked(): never {
  throw new InternalError("a model asks for a weight that is not in its manifest");
}

function needWeights(file: string, model: string, isOneOfMany: boolean, settings: Pairs): never {
  const which = isOneOfMany ? ` --model ${model}` : "";
  const set = Object.entries(settings).map(([name, value]) => ` --set ${name}=${value}`);
  const helps = [
    { text: "give them", code: "--weights FILE" },
    {
      text: "random ones, to try it",
      code: `fuse weights ${file}${which}${set.join("")} --init weights.safetensors`,
    },
  ];
  return fail("bad-input", { message: `\`${model}\` needs its weights, which become part of the files` }, { helps });
}
