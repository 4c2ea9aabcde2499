/** @file Measures the costs of an engine: from the times of pairs of small programs, of which one does more. */
import { esmProfile } from "../../codegen/esm/profile.ts";
import { savedModelProfile } from "../../codegen/saved-model/profile.ts";
import { defaultTarget, targets } from "../../codegen/targets.ts";
import { wasmProfile } from "../../codegen/wasm/profile.ts";
import { build, buildPlans } from "../../compile.ts";
import { openProgram, type Outcome } from "../../graphs.ts";
import { shapeOf } from "../../contract/manifest.ts";
import { elements, type NdArray } from "../../contract/ndarray.ts";
import { planWork, type Work } from "../../plan/cost.ts";
import { costNames, type Costs } from "../../plan/costs.ts";
import { numbersAt } from "../../plan/memory.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Profile } from "../../plan/profile.ts";
import type { NodeBackend } from "../../runtime/node/index.ts";
import { InternalError } from "../../source/internal-error.ts";
import { modelOf } from "../run/built-models.ts";
import type { Arrays, Engine } from "../run/engines/engine.ts";
import { moduleEngine } from "../run/engines/esm.ts";
import { compiledEngine, defaultEngine, isTarget, type RunAs } from "../run/engines/table.ts";
import { quantile, timed } from "../run/timing.ts";
import { filling, modelName, programs, type Pair } from "./programs.ts";

/** An engine with the backend that it runs on, if it needs one. */
export interface Machine {
  readonly engine: RunAs;
  readonly on: NodeBackend | undefined;
}

/** Returns the costs that ship with Fuse. */
export const shippedCosts = (machine: Machine): Costs => profileOf(machine).costs;

/** Returns the profile for which an engine's models are planned. The module is measured by its calls. */
function profileOf({ engine, on }: Machine): Profile {
  if (isTarget(engine)) return targets[engine].profile;
  if (engine === "session") return savedModelProfile;
  return engine === compiledEngine ? wasmProfile : esmProfile(on);
}

/** Measures the costs. The backend must be the current one. */
export async function measureCosts(machine: Machine): Promise<Costs> {
  const costs: Record<keyof Costs, number> = { macs: 0, bytes: 0, rows: 0, resized: 0, step: 0 };
  for (const { cost, pairs, milliseconds } of programs) {
    const found: number[] = [];
    for (const pair of pairs) {
      const { picoseconds, more } = await compare(machine, pair, milliseconds);
      const explained = names.reduce((sum, name) => sum + costs[name] * more(name), 0);
      found.push((picoseconds - explained) / more(cost));
    }
    const median = quantile(
      found.toSorted((a, b) => a - b),
      0.5,
    );
    // Rows and resizes may be free. The others never are, whatever the noise.
    costs[cost] = Math.max(cost === "rows" || cost === "resized" ? 0 : 1, Math.round(median));
  }
  return costs;
}

const names = Object.keys(costNames) as readonly (keyof Costs)[];

/** Returns how much longer the long program takes, and how much more it does of each thing. */
async function compare(machine: Machine, pair: Pair, milliseconds: number) {
  const [short, long] = [await prepare(machine, pair.short), await prepare(machine, pair.long)];
  try {
    const [before, after] = await fastest(short, long, milliseconds);
    return {
      picoseconds: (after - before) * 1e9,
      more: (name: keyof Costs) => long.work[name] - short.work[name],
    };
  } finally {
    short.engine.dispose();
    long.engine.dispose();
  }
}

interface Prepared {
  readonly engine: Engine;
  readonly inputs: Arrays;
  readonly work: Work;
}

async function prepare(machine: Machine, text: string): Promise<Prepared> {
  const { engine, on } = machine;
  const program = openProgram("calibration.fuse", text, { read: () => undefined });
  const target = isTarget(engine) ? engine : defaultTarget;
  const backend = targets[target].profileFor === undefined ? undefined : on;
  // The programs differ in one kind of work, which the optimizer could take away.
  const [made] = sure(buildPlans(program, { model: modelName, target, backend, optimize: false })) as [Plan];
  const number = numbersAt(made.graph.builder.sizes, {});
  const weights = Object.fromEntries(made.manifest.map((entry) => [entry.path, filled(shapeOf(entry))]));
  const inputs = made.inputs.map(({ name, shape }) => [name, filled(shape.map(number))] as const);
  const start = async () => {
    if (!isTarget(engine)) {
      const ways = { engine: engine === defaultEngine ? "calls" : engine } as const;
      return moduleEngine(program, made, weights, on!, ways);
    }
    const files = sure(build(program, engine, [made], { weights: (path) => weights[path]! }));
    return (await modelOf(engine, files)).start(on, 1);
  };
  const work = planWork(made.planFor(profileOf(machine)), number);
  return { engine: await start(), inputs: Object.fromEntries(inputs), work };
}

/** These programs have no mistakes. */
function sure<T>({ value, diagnostics }: Outcome<T>): T {
  if (value === undefined) throw new InternalError(diagnostics.map(({ message }) => message).join("; "));
  return value;
}

function filled(shape: readonly number[]): NdArray {
  return { dtype: "f32", shape, data: new Float32Array(elements(shape)).fill(filling) };
}

/**
 * Runs both in turn. Returns the least time of each in milliseconds. All times are those that the process used, because
 * others may be busy.
 */
async function fastest(short: Prepared, long: Prepared, budget: number): Promise<readonly [number, number]> {
  let [before, after, used] = [Infinity, Infinity, 0];
  const run = async ({ engine, inputs }: Prepared) => {
    const { busy } = (await timed(() => engine.run(inputs))).timing;
    used += busy;
    return busy;
  };
  // The first rounds warm up.
  for (let round = 0; round < leastRounds || used < budget; round++) {
    before = Math.min(before, await run(short));
    after = Math.min(after, await run(long));
  }
  return [before, after];
}

const leastRounds = 3;
