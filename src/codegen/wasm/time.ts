/** @file How long a group of steps takes, about. */
import { elements } from "../../contract/ndarray.ts";
import type { Sized } from "../../primitives/wasm/emitter.ts";
import type { Group } from "./groups.ts";
import { wasmProfile } from "./profile.ts";

const bytesOf = ({ shape }: Sized): number => 4 * elements(shape);

/** Returns the picoseconds that one thread takes: for multiply-accumulates, and for what is read and written. */
export function timeOf({ steps, inputs, result }: Group): number {
  const { macs, bytes, step } = wasmProfile.costs;
  const products = steps.map((it) => it.primitive.macs?.(it.inputs, it.attributes, it) ?? []).flat();
  const count = products.reduce((sum, factors) => sum + elements(factors), 0);
  return step + macs * count + bytes * [...inputs, result].reduce((sum, it) => sum + bytesOf(it), 0);
}
