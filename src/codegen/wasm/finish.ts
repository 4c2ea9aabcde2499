/** @file What stores the elements of a producer's result: the functions that follow run on them before. */
import type { Finish, Located } from "../../primitives/wasm/emitter.ts";
import { storeUpTo, loadUpTo } from "../../primitives/wasm/loops.ts";
import { set, type V128 } from "../../wasm/code.ts";
import { loadSplat } from "../../wasm/f32x4.ts";
import { i32, plus } from "../../wasm/i32.ts";
import type { FunctionBody, ModuleBody } from "../../wasm/module.ts";
import { chained } from "./chain.ts";
import { spreadOf, type Group } from "./groups.ts";
import type { SizedValue } from "./sized-plan.ts";

/** Makes the end of a producer in a function. `locate` says where values are. */
export function finishOf(
  module: ModuleBody,
  f: FunctionBody,
  { producer, steps, result, inputs }: Group,
  locate: (value: SizedValue) => Located,
): Finish {
  const functions = steps.filter((step) => step !== producer);
  if (functions.length === 0)
    return { before: [], store: (x, { address, offset, lanes = 4 }) => storeUpTo(address, x, lanes, offset) };
  const target = locate(result).at;
  const own = inputs.filter((input) => functions.some((step) => step.inputs.includes(input)));
  const distances = new Map(own.filter((it) => spreadOf(it, result) === "same").map((it) => [it, f.int()]));
  const splats = new Map(own.filter((it) => spreadOf(it, result) === "one").map((it) => [it, f.vector()]));
  return {
    before: [
      [...distances].map(([input, distance]) => set(distance, i32.sub(locate(input).at, target))),
      [...splats].map(([input, splat]) => set(splat, loadSplat(locate(input).at))),
    ],
    store: (x, { address, channel, offset = 0, lanes = 4 }) => {
      const read = (value: SizedValue): V128 => {
        if (value === producer) return x;
        const [distance, splat] = [distances.get(value), splats.get(value)];
        if (splat !== undefined) return splat;
        const from = distance === undefined ? i32.add(locate(value).at, channel) : i32.add(address, distance);
        return loadUpTo(plus(from, offset), lanes);
      };
      const [before, y] = chained(module, f, functions, read);
      return [before, storeUpTo(address, y, lanes, offset)];
    },
  };
}
