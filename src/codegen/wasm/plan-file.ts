/** @file Writes plans as data, next to a module: the runtime compiles them to WebAssembly. */
import type { PlanData, PlanFile, ValueData } from "../../contract/plan-data.ts";
import { printSteps } from "../../contract/prepare.ts";
import { sizeExpr } from "../../ir/size-expr.ts";
import type { Plan } from "../../plan/plan.ts";
import { preparationOf } from "../../plan/prepared.ts";
import type { PlanValue } from "../../plan/value.ts";
import type { Size } from "../../sizes/size.ts";
import { seal } from "../seal.ts";
import { replaced } from "./attributes.ts";

/** The program that the models come from, matching the module next to the file. */
interface Info {
  readonly hash: string;
  /** The version of Fuse. */
  readonly version: string;
}

/** Returns the text of the file, sealed. The plans are for `wasmProfile`. */
export function emitPlanFile(plans: readonly Plan[], { hash, version }: Info): string {
  const models = Object.fromEntries(plans.map((plan) => [plan.graph.name, planData(plan)]));
  const content = "0".repeat(64);
  return seal(JSON.stringify({ version, hash, content, models } satisfies PlanFile), []);
}

/** Whether a file begins like a plan file. */
export const isPlanFile = (start: Uint8Array): boolean =>
  /^\{"version":"\d+\.\d+\.[^"]*","hash":"[0-9a-f]{16}"/.test(String.fromCharCode(...start));

function planData(plan: Plan): PlanData {
  const { sizes } = plan.graph.builder;
  const indices = new Map<Size, number>();
  const indexOf = (size: Size): number => {
    const known = indices.get(size);
    if (known !== undefined) return known;
    indices.set(size, indices.size);
    return indices.size - 1;
  };
  const written = (value: unknown) => {
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return { by: unusual(value) };
    const isSize = typeof value === "object" && value !== null && sizes.owns(value);
    return isSize ? { by: { $: indexOf(value as Size) } } : undefined;
  };
  const typed = ({ shape, dtype }: PlanValue): ValueData => ({ shape: shape.map(indexOf), dtype });
  const prepared = plan.prepared.map(({ value }) => value);
  const { steps: prepare, places } = preparationOf(prepared);
  const values = [...plan.inputs, ...prepared, ...plan.steps.map(({ value }) => value)];
  const numbers = new Map<PlanValue, number>(values.map((value, i) => [value, i]));
  return {
    inputs: plan.inputs.map(typed),
    prepared: prepared.map((value) => ({ ...typed(value), step: places.get(value)! })),
    prepare: printSteps(prepare),
    steps: plan.steps.map(({ value }) => ({
      ...typed(value),
      primitive: value.primitive.name,
      attributes: replaced(value.attributes, written),
      inputs: value.inputs.map((input) => numbers.get(input)!),
    })),
    results: plan.results.map(({ name, value }) => ({ name, value: numbers.get(value)! })),
    sizes: [...indices.keys()].map((size) => sizeExpr(sizes, size)),
  };
}

/** A number that JSON lacks. */
const unusual = (value: number) => ({ $: Object.is(value, -0) ? "-0" : String(value) });
