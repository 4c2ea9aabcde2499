/** @file `fuse build --target esm`: the ES module, what stands beside it, and its weights if they are given. */
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Program } from "../../check/program.ts";
import { mapMark } from "../../codegen/esm/source-map.ts";
import { isEngine } from "../../codegen/tensorflow/engine.ts";
import { buildEngine, buildModule, buildPlans } from "../../compile.ts";
import type { NdArray, NumberArray } from "../../contract/ndarray.ts";
import type { StoredDType } from "../../weights/tensors.ts";
import { isSameFile } from "../files/overwriting.ts";
import { valueOrFail } from "../files/programs.ts";
import { encodeWeights, fittingWeights, isMadeByFuse, limitWeights, readAll, type Weighted } from "../files/weights.ts";
import type { MatchingOptions } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { BuildOptions } from "./options.ts";
import type { Output } from "./outputs.ts";

export async function moduleOutputs(
  program: Program,
  file: string,
  options: BuildOptions,
  terminal: Terminal,
): Promise<readonly Output[]> {
  const { model, set = {}, backend, weights, maxWeights, outdir = dirname(file) } = options;
  const plans = valueOrFail(buildPlans(program, { model, settings: set, backend }), terminal);
  const models = plans.map(({ graph, manifest }) => ({ name: graph.name, manifest }));
  for (const each of models) limitWeights(each, maxWeights);
  // Of the backends only TensorFlow runs graphs.
  const graph = backend === undefined || backend === "tensorflow";
  const outputs: Output[] = buildModule(program, plans, (source) => seenFrom(outdir, source), graph).map(
    ({ path, text }) => ({ path: join(outdir, path), bytes: new TextEncoder().encode(text), isOurs: isModule }),
  );
  const beside = (ending: string) => outputs[0]!.path.replace(/\.js$/, ending);
  if (graph) outputs.push({ path: beside(".graph"), bytes: buildEngine(program, plans), isOurs: isEngine });
  if (weights === undefined) return outputs;
  const path = beside(".safetensors");
  const bytes = await collectWeights(models, weights, options, terminal);
  if (isSameFile(path, weights)) terminal.out(`${path} fits`);
  else outputs.push({ path, bytes, isOurs: isMadeByFuse });
  return outputs;
}

function isModule(start: Uint8Array): boolean {
  const text = String.fromCharCode(...start);
  return text.startsWith("// Made by fuse ") || text.startsWith(mapMark);
}

/** A relative path as URLs have it; undefined between disks. */
function seenFrom(folder: string, path: string): string | undefined {
  const seen = relative(folder, path);
  return isAbsolute(seen) ? undefined : seen.split(sep).join("/");
}

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
