/** @file Runs plans with several threads, which share all that can be divided. */
import type { SizedPlan } from "../../src/codegen/wasm/sized-plan.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { startHelper } from "../../src/runtime/node/start-helper.ts";
import { Team, type Heap } from "../../src/runtime/wasm/team.ts";
import type { Features } from "../../src/wasm/module.ts";
import { page, runWasm, type Space } from "./wasm.ts";

/** What the team keeps in the memory: first its words, then the module. */
const wordsEnd = 1024;
const modulesEnd = 128 * page;

export interface Threads {
  readonly run: typeof runWasm;
  /** How many parts helpers have computed. */
  readonly helped: number;
  close(): void;
}

/** Starts threads. Each unit is a part of its own, so that they meet as often as possible. */
export async function startThreads(count: number): Promise<Threads> {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
  let end = 64;
  const heap: Heap = {
    memory,
    take: (bytes) => {
      const at = end;
      end = Math.ceil((at + bytes) / 64) * 64;
      if (end > modulesEnd) throw new Error("the module is too large for this test");
      return { at, allocated: bytes };
    },
    free: () => undefined,
  };
  const team = new Team(heap);
  await team.add(count - 1, startHelper);
  const space: Space = {
    shared: true,
    threads: count,
    start: modulesEnd,
    upTo: (bytes) => {
      const missing = Math.ceil((bytes - memory.buffer.byteLength) / page) + 1;
      if (missing > 0) memory.grow(missing);
      return memory;
    },
  };
  let helped = 0;
  return {
    get helped() {
      return helped;
    },
    run: (plan: SizedPlan, features: Features, inputs: readonly NdArray[], prepared: readonly NdArray[]) =>
      runWasm(
        plan,
        features,
        inputs,
        prepared,
        ({ exports, code, bytes, integers }) => {
          end = wordsEnd;
          const parts = code.steps.map(({ units, needsHost }) =>
            units > 1 && !needsHost ? Math.min(units, 0xffff) : 0,
          );
          /** Those that this thread does not compute. */
          let others = parts.reduce((sum, count) => sum + count, 0);
          const counted = (i: number) => (from: number, to: number) => {
            if (parts[i]! > 0) others--;
            exports[String(i)]!(from, to);
          };
          const functions = { ...exports, ...Object.fromEntries(parts.map((_, i) => [String(i), counted(i)])) };
          team.run(team.load({ steps: code.steps, parts, bytes, integers, perThread: code.perThread, functions }));
          helped += others;
        },
        space,
      ),
    close: () => team.close(),
  };
}
