/** @file Runs a model as an ES module: as a session, as WebAssembly, or by straight-line TensorFlow.js calls. */
import * as tf from "@tensorflow/tfjs-core";
import type { Program } from "../../../check/program.ts";
import { buildFactory } from "../../../compile.ts";
import type { Plan } from "../../../plan/plan.ts";
import {
  instantiate,
  model,
  type LoadedModel,
  type LoadOptions,
  type NodeBackend,
  type Tensors,
} from "../../../runtime/node/index.ts";
import { withTensors, type Arrays, type Engine } from "./engine.ts";

export interface Kernel {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly milliseconds: number;
}

/** An engine that can also list the kernels that a run calls. */
export interface ModuleEngine extends Engine {
  profile(inputs: Arrays): Promise<{ readonly results: Arrays; readonly kernels: readonly Kernel[] }>;
}

/** Creates the engine. The plan is for `esmProfile`. @throws DataError if it cannot run as `options` say */
export async function moduleEngine(
  program: Program,
  plan: Plan,
  weights: Arrays,
  on: NodeBackend,
  options: Pick<LoadOptions, "debug" | "engine" | "warmUp"> = {},
): Promise<ModuleEngine> {
  const { name } = plan.graph;
  const models = await instantiate(buildFactory(program, [plan]), `${name}.js`, model);
  const loaded = await models[name]!.load(weights, options);
  return {
    on,
    ranAs: () => loaded,
    run: (inputs) => withTensors(inputs, (given) => loaded.run(given)),
    profile: async (inputs) => {
      let kernels: readonly Kernel[] = [];
      const results = await withTensors(inputs, async (given) => {
        const profiled = await profile(loaded, given);
        kernels = profiled.kernels;
        return profiled.results;
      });
      return { results, kernels };
    },
    dispose: () => loaded.dispose(),
  };
}

async function profile(loaded: LoadedModel, given: Tensors) {
  let results: Tensors = {};
  const { kernels } = await tf.profile(() => (results = loaded.run(given)));
  // A tfjs operator that consists of kernels is listed after them.
  const own = kernels.filter(({ name }) => !name.endsWith("__op"));
  const timed = own.map(async ({ name, outputShapes, kernelTimeMs }): Promise<Kernel> => {
    const time = await kernelTimeMs;
    return { name, shapes: outputShapes, milliseconds: typeof time === "number" ? time : NaN };
  });
  return { results, kernels: await Promise.all(timed) };
}
