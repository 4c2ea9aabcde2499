/** @file The sizes for which a model is made ready when it is loaded. */
import { checkGuard, evaluate, type Given, type Guard } from "../contract/guard.ts";
import { DataError } from "../weights/data-error.ts";

/** Sizes by the names that the model declares; `false` if nothing is to be made ready. */
export type WarmUp = Readonly<Record<string, number>> | false;

/** Inputs that the model admits. */
export interface WarmUpAt {
  readonly inputs: Readonly<Record<string, Given>>;
  readonly sizes: Readonly<Record<string, number>>;
  /** Whether the user asked for it. */
  readonly wasAsked: boolean;
}

/**
 * Returns the inputs to make a model ready for; undefined if there are none.
 * @throws DataError if the model does not admit them
 */
export function warmUpAt(
  { model, inputs, variables, ...guard }: Guard,
  wanted: WarmUp | undefined,
): WarmUpAt | undefined {
  if (wanted === false || (wanted === undefined && variables.length > 0)) return undefined;
  if (wanted !== undefined && (typeof wanted !== "object" || wanted === null))
    throw new DataError(`warmUp must be sizes by name, such as { n: 1 }, or false, not ${String(wanted)}`);
  const given = wanted ?? {};
  const names = variables.map(({ name }) => name);
  const [missing, unknown] = [without(names, Object.keys(given)), without(Object.keys(given), names)];
  if (missing.length > 0) throw new DataError(`warmUp needs the sizes of all inputs of ${model}: ${list(missing)} too`);
  if (unknown.length > 0) {
    const there = names.length === 0 ? "all sizes are fixed" : `there are ${list(names)}`;
    throw new DataError(`warmUp has ${list(unknown)}, which no input of ${model} has; ${there}`);
  }
  for (const name of names)
    if (!(Number.isSafeInteger(given[name]) && given[name]! >= 1))
      throw new DataError(`warmUp: \`${name}\` must be a whole number of at least 1, not ${String(given[name])}`);
  const shapes = inputs.map(({ name, dtype, axes }) => [
    name,
    { dtype, shape: axes.map(({ size }) => evaluate(size, given)) },
  ]);
  const at = Object.fromEntries(shapes) as Readonly<Record<string, Given>>;
  const admission = checkGuard({ model, inputs, variables, ...guard }, at);
  if ("problems" in admission) throw new DataError(`warmUp: ${admission.problems[0]!}`, admission.problems.slice(1));
  return { inputs: at, sizes: admission.sizes, wasAsked: wanted !== undefined };
}

const without = (names: readonly string[], others: readonly string[]): readonly string[] =>
  names.filter((name) => !others.includes(name));

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
