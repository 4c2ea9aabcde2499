/** @file The memory of the values of a plan: which of them share a buffer, and when it is in use. */
import { elements } from "../../contract/ndarray.ts";
import { Later } from "../../wasm/bytes.ts";
import { placed } from "./arena.ts";
import { isComputed, spreadOf, type Group } from "./groups.ts";
import type { SizedPlan, SizedStep, SizedValue } from "./sized-plan.ts";

/** Part of the memory of a run. Moments are the indices of groups. */
interface Buffer {
  readonly bytes: number;
  /** Its offset, once everything has been placed. */
  readonly offset: Later;
  readonly from: number;
  to: number;
}

/** Returns the value whose memory a view shows. */
export function ownerOf(value: SizedValue): SizedValue {
  let owner = value;
  while (owner.kind === "step" && owner.primitive.wasm === "view") owner = owner.inputs[0]!;
  return owner;
}

export class Buffers {
  readonly #all: Buffer[] = [];
  readonly #of = new Map<SizedValue, Buffer>();

  constructor(plan: SizedPlan, groups: readonly Group[]) {
    const lastUse = new Map<SizedValue, number>();
    groups.forEach(({ inputs }, at) => inputs.forEach((input) => lastUse.set(ownerOf(input), at)));
    for (const result of plan.results) lastUse.set(ownerOf(result), groups.length);
    groups.forEach((group, at) => {
      const { result } = group;
      const reused = group.inputs.find((input) => canOverwrite(input, group) && lastUse.get(ownerOf(input)) === at);
      const buffer = (reused && this.#of.get(ownerOf(reused))) ?? this.#take(4 * elements(result.shape), at, at);
      buffer.to = Math.max(buffer.to, lastUse.get(result) ?? at);
      this.#of.set(result, buffer);
    });
  }

  /** Returns the offset of a computed step. */
  offsetOf(step: SizedStep): Later {
    return this.#of.get(step)!.offset;
  }

  /** Returns the offset of memory that one group needs while it runs. */
  scratch(bytes: number, at: number): Later {
    return this.#take(bytes, at, at).offset;
  }

  /** Returns the offset of memory that nothing overwrites. */
  lasting(bytes: number): Later {
    return this.#take(bytes, -1, Infinity).offset;
  }

  /** Decides all offsets. Returns the size of all memory. */
  place(): number {
    const { offsets, bytes } = placed(this.#all);
    this.#all.forEach(({ offset }, i) => {
      offset.value = offsets[i]!;
    });
    return bytes;
  }

  #take(bytes: number, from: number, to: number): Buffer {
    const buffer = { bytes, offset: new Later(), from, to };
    this.#all.push(buffer);
    return buffer;
  }
}

/** Whether the result may take the place of an input: elements are read just before those of the same place are written. */
function canOverwrite(input: SizedValue, { producer, result, inputs }: Group): boolean {
  const owner = ownerOf(input);
  const views = inputs.filter((other) => ownerOf(other) === owner);
  return (
    owner.kind === "step" &&
    isComputed(owner) &&
    views.length === 1 &&
    spreadOf(input, result) === "same" &&
    producer?.inputs.includes(input) !== true
  );
}
