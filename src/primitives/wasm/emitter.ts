/** @file What primitives write their WebAssembly with. Sizes are numbers; every element has 4 bytes, and bools are 0 or 1. */
import type { DType } from "../../contract/ndarray.ts";
import type { Move } from "../../contract/packing.ts";
import type { Size } from "../../sizes/size.ts";
import type { I32, Statement, V128 } from "../../wasm/code.ts";
import type { HostName } from "./host.ts";
import type { Features, FunctionBody } from "../../wasm/module.ts";

/** Attributes with numbers for sizes. */
export type Numbered<A> = A extends Size ? number : A extends object ? { [K in keyof A]: Numbered<A[K]> } : A;

/** A tensor whose sizes are known. */
export interface Sized {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A tensor in memory, row-major. 16 bytes after its end may be read and, if it is the result, overwritten. */
export interface Located extends Sized {
  /** The address of its first element. */
  readonly at: I32;
  /** Whether it is known when weights are loaded. */
  readonly isPrepared: boolean;
}

/** What functions of elements are written with. */
export interface ElementsEmitter {
  readonly f: FunctionBody;
  /** Applies a function of the host to each lane. */
  host(name: HostName, ...operands: readonly V128[]): V128;
}

/** Where up to four neighbouring elements of the result are. */
export interface Place {
  readonly address: I32;
  /** The bytes from the start of the last axis to the first element, without the offset. */
  readonly channel: I32;
  /** Bytes to add to both. */
  readonly offset?: number;
  /** How many elements there are; 4 by default. */
  readonly lanes?: number;
}

/** Stores elements of the result, after the functions of elements that follow have been applied to them. */
export interface Finish {
  /** What it needs before its first use in a function. */
  readonly before: Statement;
  /** May use the vector more than once. */
  store(x: V128, place: Place): Statement;
}

/** Part of the computation of a result. The parts of a primitive run one after the other. */
export interface Kernel {
  /** The number of units of work. Threads may share them. */
  readonly units: number;
  /** Writes a loop over the units from `from` to before `to`. */
  readonly write: (f: FunctionBody, from: I32, to: I32) => Statement;
}

export interface KernelEmitter {
  readonly features: Features;
  readonly operands: readonly Located[];
  readonly result: Located;
  /** Memory for all parts of this primitive, with 16 bytes to spare at its end. */
  scratch(bytes: number): I32;
  /** Memory for one unit at a time: each thread has its own. Has 16 bytes to spare at its end. */
  perThread(bytes: number): I32;
  /** Numbers that the code needs. */
  table(data: Float32Array | Int32Array): I32;
  /**
   * Prepared operands in another form, which is made when weights are loaded. Equal names are equal forms. The moves count the
   * given operands from 0.
   */
  packed(form: string, length: number, operands: readonly number[], moves: readonly Move[]): I32;
  /** Makes what stores the result in a function. Only for primitives that say `finishes`. */
  finish(f: FunctionBody): Finish;
  /** A function that several kernels of this primitive call. Equal keys are equal functions. */
  function(key: string, make: () => FunctionBody): { readonly index: number };
}

/** How a primitive is computed in WebAssembly. */
export type WasmForm<A> =
  /** One by one, from elements at the same place of the inputs, which are broadcast. */
  | {
      /** Computes four elements of the result from those of the inputs, which it may use more than once. */
      elements(e: ElementsEmitter, inputs: readonly V128[], attributes: Numbered<A>, operands: readonly Sized[]): V128;
    }
  /** By code of its own. `finishes` says that it stores each element of the result once, by `finish`. */
  | {
      readonly finishes?: boolean;
      kernels(e: KernelEmitter, attributes: Numbered<A>): readonly Kernel[];
    }
  /** By the reference, when sizes become known: it has no inputs. */
  | "constant"
  /** Not at all: it is its input in another shape. */
  | "view";
