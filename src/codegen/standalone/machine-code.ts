/** @file The machine code of a model at known sizes: what it computes, the numbers it needs, and how it uses memory. */
import { elements } from "../../contract/ndarray.ts";
import type { PrepareStep } from "../../contract/prepare.ts";
import {
  differences,
  placesOf,
  tableSection,
  type Layout,
  type ResultPlace,
  type Table,
} from "../../contract/standalone.ts";
import type { Plan } from "../../plan/plan.ts";
import { preparationOf } from "../../plan/prepared.ts";
import type { Features } from "../../wasm/module.ts";
import { emitWasm, type Packed, type ResultAt } from "../wasm/emit.ts";
import { planAt } from "../wasm/plan-at.ts";
import type { SizedPrepared } from "../wasm/sized-plan.ts";

/** The most bytes of memory: addresses are signed. */
const mostBytes = 2 ** 31 - 65536;

export interface MachineCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: Layout;
  readonly prepare: readonly PrepareStep[];
}

/** Returns the machine code; the bytes of memory that it needs if they are too many. The plan is for WebAssembly. */
export function machineCode(
  plan: Plan,
  sizes: Readonly<Record<string, number>>,
  features: Features,
): MachineCode | { readonly tooLarge: number } {
  const sized = planAt(plan, sizes);
  const largest = Math.max(
    ...[...sized.inputs, ...sized.prepared, ...sized.steps].map(({ shape }) => 4 * elements(shape)),
  );
  if (largest > mostBytes) return { tooLarge: largest };
  const code = emitWasm(sized, features);
  const { steps, places } = preparationOf(plan.prepared.map(({ value }) => value));
  const stepOf = (source: SizedPrepared) => places.get(plan.prepared[sized.prepared.indexOf(source)]!.value)!;
  const tables = code.tables.map(({ offset, data }) => coded(offset.value, data));
  const layout: Layout = {
    inputs: sized.inputs.map(({ shape }) => shape),
    weights: code.packed.map(({ bytes, of, moves }) => ({ length: bytes / 4, of: of.map(stepOf), moves })),
    arena: code.arena,
    own: code.perThread,
    control: code.control,
    tables: tables.map(({ table }) => table),
    results: plan.results.map(({ name }, i) => {
      const { dtype, shape } = sized.results[i]!;
      return { name, dtype, shape, at: placeOf(code.results[i]!, code.packed) };
    }),
  };
  const { end } = placesOf(layout);
  if (end > mostBytes) return { tooLarge: end };
  const module = code.module.bytes({ shared: false }, (name) => name === "run");
  const numbers = section(
    tableSection,
    tables.map(({ words }) => new Uint8Array(words.buffer)),
  );
  return { bytes: joined([module.subarray(0, 8), numbers, module.subarray(8)]), layout, prepare: steps };
}

/** Whether a file begins like one of machine code. */
export function isMachineCode(start: Uint8Array): boolean {
  const title = new TextEncoder().encode(tableSection);
  // A custom section follows the magic number and the version; its length takes up to five bytes.
  const at = 9 + start.subarray(9).findIndex((byte) => byte < 128) + 1;
  return start[0] === 0 && start[1] === 0x61 && start[8] === 0 && title.every((byte, i) => start[at + 1 + i] === byte);
}

function placeOf(result: ResultAt, packed: readonly Packed[]): ResultPlace["at"] {
  if ("input" in result) return ["input", result.input];
  return "packed" in result ? ["weights", packed.indexOf(result.packed)] : ["arena", result.offset.value];
}

/** How far numbers may be from those that they continue: tables of places have rows of up to three, windows four. */
const lags = [0, 1, 2, 3, 4];

/** Writes a table as differences if few of them differ, which compresses well. */
function coded(offset: number, { buffer, byteOffset, length }: Float32Array | Int32Array) {
  const bits = () => new Int32Array(buffer.slice(byteOffset, byteOffset + 4 * length));
  const ways = lags.map((lag) => ({ lag, words: lag === 0 ? bits() : differences(bits(), lag) }));
  const { lag, words } = ways.reduce((best, way) => (variety(way.words) < variety(best.words) ? way : best));
  return { table: [offset, length, lag] satisfies Table, words };
}

const variety = (words: Int32Array): number => new Set(words).size;

/** A custom section, which engines skip. */
function section(name: string, parts: readonly Uint8Array[]): Uint8Array {
  const title = new TextEncoder().encode(name);
  const content = joined([Uint8Array.from([title.length]), title, ...parts]);
  return joined([Uint8Array.from([0, ...unsigned(content.length)]), content]);
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
