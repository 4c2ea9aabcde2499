/** @file The engines that random programs run on, and how often. */
import type { NdArray } from "../../../src/contract/ndarray.ts";
import { evaluatePlan } from "../../../src/plan/evaluate.ts";
import type { Case } from "../../support/compare.ts";
import { esm, testedEngines, type TestedEngine } from "../../support/engines.ts";

export interface Engine {
  readonly name: string;
  /** Whether it computes in float64, as the interpreter does. */
  readonly exact: boolean;
  /** The share of programs that it runs: the slow ones run few. */
  readonly share: number;
  /** Returns the results of the samples, in order of declaration; undefined if the format cannot express the model. */
  run(it: Case): Promise<readonly (readonly NdArray[])[] | undefined>;
}

const plans: Engine = {
  name: "plan",
  exact: true,
  share: 1,
  run: ({ plan, weights, samples }) =>
    Promise.resolve(
      samples.map(({ inputs, want }) => {
        const got = evaluatePlan(plan, inputs, (path) => weights[path]!);
        return Object.keys(want).map((name) => got[name]!);
      }),
    ),
};

/** An engine that runs a share of the programs. */
export const sharing = (engine: TestedEngine, share: number): Engine => ({
  name: engine.name,
  exact: false,
  share,
  async run({ graph, weights, samples }) {
    const runs = await engine.run(
      { graph, weights },
      samples.map(({ inputs }) => inputs),
    );
    return "unsupported" in runs ? undefined : runs;
  },
});

const shareOf = ({ kind, backend }: TestedEngine): number =>
  kind === "onnx" ? 0.6 : kind !== "esm" ? 0.2 : backend === "wasm" ? 1 : 0.3;

/** Half of the modules are for all backends. */
const mixed = (engine: TestedEngine): TestedEngine =>
  engine.kind === "esm" ? esm(engine.backend!, ({ results }) => results.length % 2 === 0) : engine;

/** All engines. */
export const engines: readonly Engine[] = [
  plans,
  ...testedEngines.flatMap((engine) => (engine.skipped ? [] : [sharing(mixed(engine), shareOf(engine))])),
];
