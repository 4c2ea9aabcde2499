/** @file Reads the plan of a model from the file next to its module, and puts numbers in the place of sizes. */
import { replaced } from "../../codegen/wasm/attributes.ts";
import { mostElements, type SizedPlan, type SizedStep, type SizedValue } from "../../codegen/wasm/sized-plan.ts";
import { isSealed } from "../../codegen/seal.ts";
import type { ModelDefinition } from "../../contract/definition.ts";
import { evaluate } from "../../contract/guard.ts";
import { elements } from "../../contract/ndarray.ts";
import type { PlanData, PlanFile, ValueData } from "../../contract/plan-data.ts";
import { primitives } from "../../primitives/table.ts";
import { DataError } from "../../weights/data-error.ts";

/**
 * Returns the plan of a model; undefined if the file has none.
 * @throws DataError if the file is damaged or belongs to another module
 */
export function readPlan(bytes: Uint8Array, { name, hash, guard }: ModelDefinition): PlanData | undefined {
  const text = new TextDecoder().decode(bytes);
  const again = "build the program again, or delete the file";
  if (!isSealed(text, [])) throw new DataError(`it was changed after it was built; ${again}`);
  const file = JSON.parse(text) as PlanFile;
  if (hash !== undefined && file.hash !== hash)
    throw new DataError(`it belongs to another build of the program; ${again}`);
  if (!Object.hasOwn(file.models, name)) return undefined;
  const data = file.models[name]!;
  const expected = guard.inputs.map(({ dtype, axes }) => `${dtype} ${axes.length}`).join();
  if (data.inputs.map(({ dtype, shape }) => `${dtype} ${shape.length}`).join() !== expected)
    throw new DataError(`its inputs are not those of the module; ${again}`);
  return data;
}

/** Returns the plan at sizes that the guard admits; undefined if a value is too large for 32-bit addresses. */
export function planOf(data: PlanData, admitted: Readonly<Record<string, number>>): SizedPlan | undefined {
  const sizes = data.sizes.map((size) => evaluate(size, admitted));
  const typed = ({ shape, dtype }: ValueData) => ({ shape: shape.map((index) => sizes[index]!), dtype });
  const numbered = (value: unknown) => {
    if (typeof value !== "object" || value === null || !("$" in value)) return undefined;
    return { by: typeof value.$ === "number" ? sizes[value.$] : Number(value.$) };
  };
  const inputs = data.inputs.map((it) => ({ kind: "input", ...typed(it) }) as const);
  const prepared = data.prepared.map((it) => ({ kind: "prepared", ...typed(it) }) as const);
  const values: SizedValue[] = [...inputs, ...prepared];
  const steps = data.steps.map((it): SizedStep => {
    const primitive = primitives.find(({ name }) => name === it.primitive);
    if (primitive === undefined) throw new DataError(`there is no primitive ${it.primitive}`);
    const attributes = replaced(it.attributes, numbered);
    const operands = it.inputs.map((index) => values[index]!);
    const step = { kind: "step", ...typed(it), primitive, attributes, inputs: operands } as const;
    values.push(step);
    return step;
  });
  if (values.some(({ shape }) => !(elements(shape) <= mostElements))) return undefined;
  return { inputs, prepared, steps, results: data.results.map(({ value }) => values[value]!) };
}
