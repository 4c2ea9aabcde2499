/** @file The weights of a build: passed to a target that holds them, or collected in a separate file. */
import { needsWeights } from "../../codegen/target.ts";
import type { NdArray, NumberArray } from "../../contract/ndarray.ts";
import type { Plan } from "../../plan/plan.ts";
import { InternalError } from "../../source/internal-error.ts";
import { inPlace } from "../../weights/data-error.ts";
import type { StoredDType } from "../../weights/tensors.ts";
import { warnOfUnused, watchFinite } from "../files/weight-warnings.ts";
import { encodeWeights, fittingWeights, readAll, type FittingWeights } from "../files/weights.ts";
import { fail } from "../terminal/failure.ts";
import type { MatchingOptions } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { BuildOptions } from "./options.ts";

/**
 * Returns a function that gives each weight of each model. Ends the command if any are missing or do not fit. Weights
 * are read on demand.
 */
export async function heldWeights(
  plans: readonly Plan[],
  file: string,
  options: BuildOptions,
  terminal: Terminal,
): Promise<(path: string, model: string) => NdArray> {
  const { weights } = options;
  const fitting: FittingWeights[] = [];
  const models = new Map<string, ReadonlyMap<string, () => NdArray>>();
  for (const plan of plans) {
    const { graph, manifest } = plan;
    if (manifest.length === 0) continue;
    if (weights === undefined) refuseWithout(plan, file, plans.length > 1, options);
    else {
      const found = await fittingWeights({ name: graph.name, manifest }, weights, options);
      fitting.push(found);
      models.set(graph.name, found.tensors);
    }
  }
  if (weights !== undefined) warnOfUnused(weights, fitting, terminal);
  const watch = watchFinite(weights ?? "", terminal);
  return (path, model) => {
    const read = models.get(model)?.get(path);
    if (read === undefined) throw new InternalError(`${model} requested ${path}, which is not one of its weights`);
    const array = inPlace(weights!, read);
    watch(path, array);
    return array;
  };
}

function refuseWithout(plan: Plan, file: string, isOneOfMany: boolean, { model, set = {} }: BuildOptions): never {
  const which = isOneOfMany || model !== undefined ? ` --model ${plan.graph.name}` : "";
  const settings = Object.entries(set).map(([name, value]) => ` --set ${name}=${value}`);
  const helps = [
    { text: "pass them", code: "--weights FILE" },
    {
      text: "or try random ones",
      code: `fuse weights ${file}${which}${settings.join("")} --init weights.safetensors`,
    },
  ];
  return fail("bad-input", { message: needsWeights(plan) }, { helps });
}

/** Returns a file with the weights of all models. Ends the command if any of them are missing. */
export async function collectWeights(
  plans: readonly Plan[],
  path: string,
  options: MatchingOptions,
  terminal: Terminal,
): Promise<Uint8Array> {
  const all = new Map<string, NdArray>();
  const dtypes = new Map<NumberArray, StoredDType>();
  const watch = watchFinite(path, terminal);
  const fitting: FittingWeights[] = [];
  for (const { graph, manifest } of plans) {
    const found = await fittingWeights({ name: graph.name, manifest }, path, options);
    fitting.push(found);
    for (const [name, array] of await readAll(found, path, terminal)) {
      watch(name, array);
      // Models may share a tensor as different dtypes: integers, from which f32 is read as well, lose nothing.
      if ((all.get(name)?.dtype ?? "f32") !== "f32") continue;
      all.set(name, array);
      dtypes.set(array.data, found.dtypeOf(array.data));
    }
  }
  warnOfUnused(path, fitting, terminal);
  return encodeWeights(all, (data) => dtypes.get(data) ?? "F32").bytes;
}
