/** @file A model's WebAssembly with its memory. */
import type { Packed, WasmCode } from "../../codegen/wasm/emit.ts";
import { hostFunctions } from "../../primitives/wasm/host.ts";

/** What a run needs in memory. */
export interface Places {
  readonly memory: WebAssembly.Memory;
  /** The address of `arena` bytes. */
  readonly arena: number;
  /** The address of `perThread` bytes for each thread, a multiple of 64. */
  readonly own: number;
  /** The address of weights in the form that the code reads. */
  readonly packed: (packed: Packed) => number;
}

/** The functions that the module exports. */
export interface WasmExports {
  run(): void;
  /** The steps of a run by number, each from a unit to before another. */
  readonly [step: string]: (from: number, to: number) => void;
}

/** Returns the integers that the module imports in the main thread. */
export const importedIntegers = (code: WasmCode, { arena, own, packed }: Places): Readonly<Record<string, number>> => ({
  arena,
  own,
  ...Object.fromEntries(code.packed.map((it) => [it.name, packed(it)])),
});

/** Writes the tables into memory and returns the module's functions. */
export function instantiate(code: WasmCode, module: WebAssembly.Module, places: Places): WasmExports {
  const { memory, arena } = places;
  for (const { offset, data } of code.tables)
    new Uint8Array(memory.buffer, arena + offset.value, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  const functions = Object.fromEntries(hostFunctions.map(({ name, of }) => [name, of]));
  const env = { memory, ...importedIntegers(code, places), ...functions };
  const { exports } = new WebAssembly.Instance(module, { env });
  return exports as unknown as WasmExports;
}
