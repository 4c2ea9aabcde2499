/** @file A model's WebAssembly with its memory. */
import type { Packed, WasmCode } from "../../codegen/wasm/emit.ts";
import { hostFunctions } from "../../primitives/wasm/host.ts";

/** What a run needs in memory. */
export interface Places {
  readonly memory: WebAssembly.Memory;
  /** The address of `arena` bytes. */
  readonly arena: number;
  /** The address of `perThread` bytes, a multiple of 16. */
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

/** Writes the tables into memory and returns the module's functions. */
export function instantiate(
  code: WasmCode,
  module: WebAssembly.Module,
  { memory, arena, own, packed }: Places,
): WasmExports {
  for (const { offset, data } of code.tables)
    new Uint8Array(memory.buffer, arena + offset.value, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  const functions = Object.fromEntries(hostFunctions.map(({ name, of }) => [name, of]));
  const weights = Object.fromEntries(code.packed.map((it) => [it.name, packed(it)]));
  const { exports } = new WebAssembly.Instance(module, { env: { memory, arena, own, ...weights, ...functions } });
  return exports as unknown as WasmExports;
}
