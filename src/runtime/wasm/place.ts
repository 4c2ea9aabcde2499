/** @file A memory with a model's weights in it. */
import type { Packed } from "../../codegen/wasm/emit.ts";
import type { SizedPlan } from "../../codegen/wasm/sized-plan.ts";
import type { NdArray } from "../../contract/ndarray.ts";
import { packed } from "../../contract/packing.ts";
import type { PlanData } from "../../contract/plan-data.ts";
import { evaluate } from "../../contract/prepare-evaluate.ts";
import { parseSteps } from "../../contract/prepare.ts";
import type { LoadWeight } from "../load-weights.ts";
import type { Block, Home } from "./home.ts";

export class Place {
  readonly home: Home;
  /** By their form. */
  readonly #weights = new Map<string, Block>();

  constructor(home: Home) {
    this.home = home;
  }

  /** A view of the memory as it is now: it moves to another buffer when it grows. */
  get ints(): Int32Array {
    return new Int32Array(this.home.memory.buffer);
  }

  /** The address of weights. */
  readonly packed = ({ form }: Packed): number => this.#weights.get(form)!.at;

  /** Puts weights into memory in the forms that the code reads, unless they are there. */
  pack(plan: SizedPlan, forms: readonly Packed[], { prepare, prepared }: PlanData, load: LoadWeight): void {
    const missing = forms.filter(({ form }) => !this.#weights.has(form));
    if (missing.length === 0) return;
    const stepOf = (source: SizedPlan["prepared"][number]) => prepared[plan.prepared.indexOf(source)]!.step;
    const wanted = new Set(missing.flatMap(({ of }) => of.map(stepOf)));
    const arrays = new Map<number, NdArray>(evaluate(parseSteps(prepare), wanted, load));
    for (const { form, of, bytes, moves } of missing) {
      const block = this.home.take(bytes);
      const sources = of.map((source) => arrays.get(stepOf(source))!);
      const data = packed(sources, bytes / 4, moves);
      this.ints.set(new Int32Array(data.buffer), block.at / 4);
      this.#weights.set(form, block);
    }
  }

  dispose(): void {
    for (const block of this.#weights.values()) this.home.free(block);
    this.#weights.clear();
  }
}
