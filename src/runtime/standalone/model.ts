/** @file Models of standalone modules: loading weights, checking inputs, running, disposal. */
import { checkGuard, evaluate, type Guard } from "../../contract/guard.ts";
import { dtypeNames } from "../../contract/ndarray.ts";
import { checksum, type StandaloneDefinition } from "../../contract/standalone.ts";
import { DataError, quote } from "../../weights/data-error.ts";
import { GuardError } from "../guard-error.ts";
import { findWeights, type WeightOptions } from "../load-weights.ts";
import { dtypeOf, isTensorArray, requireNames, requireOutputs, requireSound } from "../typed-arrays.ts";
import type { TensorArray, TypedArray } from "../typed-arrays.ts";
import type { WeightSource } from "../weight-source.ts";
import { Program } from "./program.ts";
import { readAnywhere } from "./read.ts";

export interface StandaloneOptions extends WeightOptions {
  /** The file of machine code, as a path, a URL or its bytes, if it is not next to the module. */
  readonly code?: string | URL | ArrayBuffer | Uint8Array | undefined;
}

/** An array, or one in the shape that the module was built for. */
export type Input = TensorArray | TypedArray;

/** Creates a model from its definition. */
export function model(definition: StandaloneDefinition) {
  const { name, guard, manifest, sizes } = definition;
  return {
    name,
    guard,
    manifest,
    sizes,
    load: async (source?: WeightSource | null, options: StandaloneOptions = {}): Promise<Loaded> => {
      const load = await findWeights(definition, source ?? undefined, options, readAnywhere);
      const code = await readCode(definition, options.code ?? definition.code);
      return new Loaded(definition, await Program.load(definition, code, load));
    },
  };
}

/** @throws DataError if it is not the file that was built with the module */
async function readCode(
  definition: StandaloneDefinition,
  place: string | URL | ArrayBuffer | Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const isPlace = typeof place === "string" || place instanceof URL;
  const bytes = new Uint8Array(isPlace ? await readAnywhere(place) : place);
  if (checksum(bytes) === definition.checksum) return bytes;
  const where = isPlace ? quote(String(place)) : `the machine code of ${definition.name}`;
  throw new DataError(`${where} does not belong to this module, or is damaged; build the program again`);
}

/** A model with weights, which owns its memory until disposal. */
export class Loaded {
  readonly name: string;
  readonly #definition: StandaloneDefinition;
  #program: Program | undefined;

  constructor(definition: StandaloneDefinition, program: Program) {
    this.name = definition.name;
    this.#definition = definition;
    this.#program = program;
  }

  run(given: Readonly<Record<string, Input>>, out: Readonly<Record<string, TypedArray | undefined>> = {}) {
    if (this.#program === undefined) throw new Error(`${this.name}: run() was called after dispose()`);
    const { guard, sizes } = this.#definition;
    requireNames(guard, given, isTensorArray(given) || dtypeOf(given) !== undefined, "run");
    const arrays = Object.fromEntries(
      Object.entries(given).map(([name, input]) => [name, withShape(guard, name, input, sizes)]),
    );
    requireSound(this.name, arrays);
    const described = Object.entries(arrays).map(
      ([name, { shape, data }]) => [name, { dtype: dtypeOf(data)!, shape }] as const,
    );
    const admission = checkGuard(guard, Object.fromEntries(described));
    if ("problems" in admission) throw new GuardError(admission.problems[0]!, admission.problems.slice(1));
    requireSizes(this.name, admission.sizes, sizes);
    const results = this.#program.results.map(
      ({ name, dtype, shape }) => [name, { dtype: dtypeNames[dtype], shape }] as const,
    );
    requireOutputs(out, Object.fromEntries(results));
    return this.#program.run(arrays, out);
  }

  dispose(): void {
    this.#program = undefined;
  }
}

/** Gives an array that has none the shape that the module was built for. */
function withShape(guard: Guard, name: string, input: Input, sizes: Readonly<Record<string, number>>): TensorArray {
  if (dtypeOf(input) === undefined) return input as TensorArray;
  const data = input as TypedArray;
  const axes = guard.inputs.find((one) => one.name === name)?.axes;
  return { shape: axes?.map(({ size }) => evaluate(size, sizes)) ?? [data.length], data };
}

/** @throws GuardError unless the machine code is for the sizes */
function requireSizes(
  model: string,
  given: Readonly<Record<string, number>>,
  built: Readonly<Record<string, number>>,
): void {
  const names = Object.keys(built);
  if (names.every((name) => given[name] === built[name])) return;
  const list = (sizes: Readonly<Record<string, number>>) => names.map((name) => `${name}=${sizes[name]}`).join(",");
  throw new GuardError(
    `${model}: the module was built for ${list(built)}, not for ${list(given)}: build another one with --at ${list(given)}.`,
  );
}
