/** @file Runs a generated module without a file, for the command line, tests and playgrounds. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition } from "../contract/definition.ts";
import type { Model } from "./model.ts";

/** The default export of such a module. */
type Factory = (tf: object, model: (definition: ModelDefinition) => Model) => Readonly<Record<string, Model>>;

/**
 * Returns the models of a module in the form that `emitFactory` prints. `model` is the runtime's function; `name` is the
 * module's name in stack traces and debuggers.
 */
export async function instantiate(
  text: string,
  name: string,
  model: (definition: ModelDefinition) => Model,
): Promise<Readonly<Record<string, Model>>> {
  const source = `${text}\n//# sourceURL=${encodeURI(name)}`;
  const module = (await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`)) as {
    readonly default: Factory;
  };
  return module.default(tf, model);
}
