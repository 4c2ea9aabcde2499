/** @file The engines that `fuse calibrate` measures. */
import { automatic, type NodeBackend } from "../../contract/backends.ts";
import type { Costs } from "../../plan/costs.ts";
import { useOneThread } from "../../runtime/node/backend.ts";
import { DataError } from "../../weights/data-error.ts";
import { defaultEngine, engineNames, engines, type RunAs } from "../run/engines/table.ts";
import type { RunOptions } from "../run/options.ts";
import { backendOf } from "../run/runnable.ts";
import { Failure } from "../terminal/failure.ts";
import { measureCosts, shippedCosts } from "./measure.ts";

/** The costs of an engine: measured here, and as shipped. */
export interface Calibration {
  /** The engine and, if it has one, its backend. */
  readonly title: string;
  readonly measured: Costs;
  readonly shipped: Costs;
}

/** Measures an engine with one thread, as shipped costs are measured. Ends the command if it is unavailable. */
export async function calibrated(engine: RunAs, choice: RunOptions["backend"]): Promise<Calibration> {
  await useOneThread();
  const on = await backendOf(engine, choice);
  const machine = { engine, on };
  return {
    title: on === undefined ? engine : `${engine} on ${on}`,
    measured: await measureCosts(machine),
    shipped: shippedCosts(machine),
  };
}

/** Measures the best engine of each backend, and the engines without one. Instead of one that is unavailable, it yields why. */
export async function* calibratedAll(): AsyncGenerator<Calibration | string> {
  const own = engineNames.filter((name) => engines[name].backend === "none");
  const all: readonly (readonly [RunAs, NodeBackend | "auto"])[] = [
    ...automatic.map((backend) => [bestOf(backend), backend] as const),
    ...own.map((name) => [name, "auto"] as const),
  ];
  for (const [engine, choice] of all)
    try {
      yield await calibrated(engine, choice);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof Failure)) throw error;
      yield `${engine} is unavailable: ${error.message}`;
    }
}

/** Returns the fastest engine of a backend. */
const bestOf = (backend: NodeBackend): RunAs =>
  engineNames.find((name) => engines[name].backend === backend) ?? defaultEngine;
