/** @file A built model, ready for `fuse run`. */
import type { ReadableTarget } from "../../codegen/targets.ts";
import { fail } from "../terminal/failure.ts";
import { chooseModel } from "../terminal/names.ts";
import { readBuilt, type BuiltModel } from "./built-models.ts";
import type { RunOptions } from "./options.ts";
import { backendOf, isOutOfMemory, runEngine, type Runnable } from "./runnable.ts";

/** Reads the model. Ends the command if there are several and none is chosen, or if `--engine` names another engine. */
export async function builtModel(path: string, kind: ReadableTarget, options: RunOptions): Promise<Runnable> {
  const { engine, backend, model: wanted } = options;
  if (engine !== "auto" && engine !== kind)
    fail("engine-unavailable", { engine, reason: `\`${path}\` is for the engine ${kind}` });
  const { models, files } = await readBuilt(path, kind);
  const model = choose(models, wanted);
  return {
    name: model.info.model,
    guard: model.info.guard,
    results: model.info.results,
    sources: files,
    shapeOf: () => undefined,
    execute: async (inputs) => {
      const on = await backendOf(kind, backend);
      try {
        return await runEngine(kind, await model.start(on), inputs, options.repeat);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        return fail("bad-input", { message: `\`${model.info.model}\` needs more memory than is available` });
      }
    },
  };
}

function choose(models: readonly BuiltModel[], wanted: string | undefined): BuiltModel {
  const names = models.map(({ info }) => info.model);
  const found = models.find(({ info }) => wanted === undefined || info.model === wanted);
  if (found === undefined) return fail("unknown-model", { what: "model", name: wanted ?? "", known: names.join(", ") });
  return wanted !== undefined || models.length === 1 ? found : chooseModel(names);
}
