/** @file The prepared tensors of a SavedModel: nodes shared by its models, constant or fed from a separate file. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { elements, typedArrays, type NdArray } from "../../contract/ndarray.ts";
import { printSteps } from "../../contract/prepare.ts";
import type { Plan } from "../../plan/plan.ts";
import { preparationOf } from "../../plan/prepared.ts";
import type { Prepared } from "../../plan/value.ts";
import type { Wire } from "../../primitives/tensorflow/emitter.ts";
import { areEqual, contentOf } from "../content.ts";
import type { NodeEmitter } from "../tensorflow/emitter.ts";
import { placeholder } from "../tensorflow/graph.ts";

/** A node and its content. */
interface Shared {
  readonly wire: Wire;
  readonly array: NdArray;
}

export class SharedTensors {
  /** The tensors that must be fed, by node name. */
  readonly fed = new Map<string, NdArray>();
  readonly #feed: boolean;
  readonly #known = new Map<string, Shared[]>();

  /** `feed` decides whether tensors that depend on weights are fed. */
  constructor(feed: boolean) {
    this.#feed = feed;
  }

  /** Returns the node of a prepared tensor: an existing one with the same content, or a new one with this name. */
  node(e: NodeEmitter, name: string, value: Prepared, digest: string, array: NdArray): Wire {
    const key = `${value.dtype}|${array.shape.join()}|${digest}`;
    const known = this.#known.get(key) ?? [];
    this.#known.set(key, known);
    // Models may read the same path differently.
    const same = known.find((other) => areEqual(contentOf(other.array), contentOf(array)));
    if (same !== undefined) return same.wire;
    const fed = this.#feed && value.path !== undefined;
    const wire = fed ? placeholder(e, name, array.dtype, array.shape) : e.literal(name, array);
    if (fed) this.fed.set(wire.tensor, array);
    known.push({ wire, array });
    return wire;
  }
}

/** Returns a digest of how each tensor is computed. Equal digests mean equal tensors, across models. */
export function digestsOf(values: Iterable<Prepared>): ReadonlyMap<Prepared, string> {
  const digests = new Map<Prepared, string>();
  for (const value of preparationOf(values).places.keys()) {
    const text = `${printSteps([value.op])}|${value.of.map((operand) => digests.get(operand)!).join()}`;
    digests.set(value, bytesToHex(sha256(new TextEncoder().encode(text))));
  }
  return digests;
}

/** Returns the bytes of all prepared tensors. Equal ones of several models count once. */
export function preparedBytes(plans: readonly Plan[]): { readonly weights: number; readonly literals: number } {
  const sums = { weights: 0, literals: 0 };
  const seen = new Set<string>();
  for (const { prepared, graph } of plans) {
    const digests = digestsOf(prepared.map(({ value }) => value));
    for (const { value } of prepared) {
      const shape = value.shape.map((size) => Number(graph.builder.sizes.constant(size)));
      const key = `${value.dtype}|${shape.join()}|${digests.get(value)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      sums[value.path !== undefined ? "weights" : "literals"] +=
        elements(shape) * typedArrays[value.dtype].BYTES_PER_ELEMENT;
    }
  }
  return sums;
}
