/** @file Runs plans as standalone modules do: from the definition as it is printed, on typed arrays. */
import { runInThisContext } from "node:vm";
import { definitionOf, printDefinition } from "../../src/codegen/standalone/emit.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { typedArrays, type NdArray } from "../../src/contract/ndarray.ts";
import type { StandaloneDefinition } from "../../src/contract/standalone.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { model } from "../../src/runtime/standalone/model.ts";
import type { Arrays } from "./interpret.ts";

/** Returns a model for certain sizes, from its definition as JavaScript. */
export function standaloneModel(plan: Plan, at: Readonly<Record<string, number>>) {
  const built = definitionOf({ plan, at });
  if ("tooLarge" in built) throw new Error(`${plan.graph.name} needs ${built.tooLarge} bytes of memory`);
  const { definition } = built;
  const printed = runInThisContext(`(${printDefinition(definition, "undefined")})`) as StandaloneDefinition;
  return model({ ...printed, code: definition.code });
}

/** Runs a plan at the sizes of its inputs. Returns the results in order. @throws Error with the guard's problems */
export async function runStandalone(plan: Plan, inputs: Arrays, weights: Arrays): Promise<readonly NdArray[]> {
  const admission = checkGuard(plan.graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("\n"));
  const loaded = await standaloneModel(plan, admission.sizes).load(weights, { warn: () => undefined });
  const given = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
    return [name, { shape, data: typedArrays[dtype].from(data) }] as const;
  });
  const results = loaded.run(Object.fromEntries(given));
  loaded.dispose();
  return plan.results.map(({ name, value: { dtype } }) => ({ dtype, ...results[name]! }));
}
