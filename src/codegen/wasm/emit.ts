/** @file Compiles a plan at known sizes into one WebAssembly module that runs in one block of memory. */
import { elements } from "../../contract/ndarray.ts";
import { unchanged, type Move } from "../../contract/packing.ts";
import { merged } from "../../primitives/wasm/copy.ts";
import type { Finish, Kernel, KernelEmitter, Located } from "../../primitives/wasm/emitter.ts";
import { hostFunctions } from "../../primitives/wasm/host.ts";
import { invariant } from "../../source/internal-error.ts";
import type { Later } from "../../wasm/bytes.ts";
import type { I32, V128 } from "../../wasm/code.ts";
import { i32, int, loadInt } from "../../wasm/i32.ts";
import { call, FunctionBody, ModuleBody, type Features } from "../../wasm/module.ts";
import { Buffers, ownerOf } from "./buffers.ts";
import { chained } from "./chain.ts";
import { elementwise } from "./elementwise.ts";
import { finishOf } from "./finish.ts";
import { groupsOf, type Group } from "./groups.ts";
import { timeOf } from "./time.ts";
import type { SizedPlan, SizedPrepared, SizedStep, SizedValue } from "./sized-plan.ts";

/** Weights in the form that the code reads. The module imports their address by the name. */
export interface Packed {
  readonly name: string;
  /** Equal ones hold the same numbers. */
  readonly form: string;
  readonly of: readonly SizedPrepared[];
  readonly bytes: number;
  /** What `packed` makes it with. */
  readonly moves: readonly Move[];
}

/** Numbers at an offset in the memory of the run. */
export interface Table {
  readonly offset: Later;
  readonly data: Float32Array | Int32Array;
}

/** Where a result is: an input, weights, or at an offset in the memory of the run. */
export type ResultAt = { readonly input: number } | { readonly packed: Packed } | { readonly offset: Later };

export interface WasmCode {
  /** Imports `memory`, the addresses `arena`, `own` (of the thread's memory) and those of the packed weights; exports `run`. */
  readonly module: ModuleBody;
  /** The bytes of memory that a run needs. */
  readonly arena: number;
  /** The bytes of memory that each thread needs for itself, a multiple of 64. */
  readonly perThread: number;
  /** The offset in the arena at which the addresses of the inputs are, 4 bytes each. */
  readonly control: number;
  readonly tables: readonly Table[];
  /** Named w0, w1, … in this order. */
  readonly packed: readonly Packed[];
  readonly results: readonly ResultAt[];
  /** One for each function that `run` calls; they are exported by number. */
  readonly steps: readonly CodeStep[];
}

/** A function that computes units of work, from one to before another. */
export interface CodeStep {
  readonly name: string;
  readonly units: number;
  /** How long it takes with one thread, about, in picoseconds. */
  readonly time: number;
  /** Whether it calls functions of the host, which only the thread that loaded the model has. */
  readonly needsHost: boolean;
}

export function emitWasm(plan: SizedPlan, features: Features): WasmCode {
  return new Emission(plan, features).code();
}

class Emission {
  readonly #plan: SizedPlan;
  readonly #features: Features;
  readonly #module: ModuleBody;
  readonly #groups: readonly Group[];
  readonly #buffers: Buffers;
  readonly #tables: Table[] = [];
  readonly #packed = new Map<string, Packed>();
  readonly #constants = new Map<SizedStep, Table>();
  readonly #control: Later;
  #perThread = 0;

  constructor(plan: SizedPlan, features: Features) {
    this.#plan = plan;
    this.#features = features;
    this.#groups = groupsOf(plan);
    this.#buffers = new Buffers(plan, this.#groups);
    this.#module = new ModuleBody(hostFunctions);
    this.#control = this.#buffers.lasting(4 * plan.inputs.length);
  }

  code(): WasmCode {
    const steps: CodeStep[] = [];
    const run = new FunctionBody(0, this.#features);
    this.#groups.forEach((group, at) => {
      const calls = this.#module.hostCalls;
      const made = this.#kernelsOf(group, at).map(({ units, write }) => {
        const f = new FunctionBody(2, this.#features);
        const [from, to] = f.parameters;
        return { units, step: this.#module.add(f.add(write(f, from!, to!))) };
      });
      const needsHost = this.#module.hostCalls > calls;
      for (const { units, step } of made) {
        run.add(call(step, int(0), int(units)));
        this.#module.export(String(steps.length), step);
        steps.push({ name: nameOf(group), units, time: timeOf(group), needsHost });
      }
    });
    this.#module.export("run", this.#module.add(run));
    const results = this.#plan.results.map((result) => this.#resultAt(result));
    const arena = this.#buffers.place();
    const packed = [...this.#packed.values()];
    const control = this.#control.value;
    return {
      module: this.#module,
      arena,
      perThread: this.#perThread,
      control,
      tables: this.#tables,
      packed,
      results,
      steps,
    };
  }

  #kernelsOf(group: Group, at: number): readonly Kernel[] {
    const { producer, steps, result, inputs } = group;
    if (producer === undefined) {
      const operands = inputs.map((input) => this.#locate(input));
      const of = (f: FunctionBody, read: (operand: number) => V128) =>
        chained(this.#module, f, steps, (value) => read(inputs.indexOf(value)));
      return [elementwise(operands, this.#locate(result), of)];
    }
    const { wasm } = producer.primitive;
    invariant(typeof wasm === "object" && "kernels" in wasm, `${producer.primitive.name} has kernels`);
    return wasm.kernels(this.#emitterOf(group, producer, at), producer.attributes);
  }

  #emitterOf(group: Group, producer: SizedStep, at: number): KernelEmitter {
    const operands = producer.inputs;
    return {
      features: this.#features,
      operands: operands.map((operand) => this.#locate(operand)),
      result: { ...this.#locate(group.result), dtype: producer.dtype },
      scratch: (bytes) => this.#inArena(this.#buffers.scratch(bytes, at)),
      perThread: (bytes) => {
        this.#perThread = Math.max(this.#perThread, Math.ceil((bytes + 16) / 64) * 64);
        return this.#module.importInt("own");
      },
      table: (data) => this.#inArena(this.#tableOf(data).offset),
      packed: (form, length, of, moves) => {
        const sources = of.map((i) => ownerOf(operands[i]!)).filter((value) => value.kind === "prepared");
        const own = of.map((i) => operands[i]!.shape.join("x")).join(" ");
        return this.#module.importInt(this.#packedAs(`${form} of ${own}`, 4 * length, sources, moves).name);
      },
      finish: (f): Finish => finishOf(this.#module, f, group, (value) => this.#locate(value)),
      function: (key, make) => this.#module.shared(`${at} ${key}`, make),
    };
  }

  #locate(value: SizedValue): Located {
    const owner = ownerOf(value);
    const addressOf = (): I32 => this.#addressOf(owner);
    return {
      shape: value.shape,
      dtype: value.dtype,
      // Weights that are only read in another form are not stored as they are.
      get at() {
        return addressOf();
      },
      isPrepared: owner.kind === "prepared",
    };
  }

  #addressOf(owner: SizedValue): I32 {
    if (owner.kind === "input") return loadInt(this.#inArena(this.#control), 4 * this.#plan.inputs.indexOf(owner));
    if (owner.kind === "prepared") return this.#module.importInt(this.#stored(owner).name);
    if (owner.primitive.wasm !== "constant") return this.#inArena(this.#buffers.offsetOf(owner));
    return this.#inArena(this.#constant(owner).offset);
  }

  /** What the sizes alone decide. */
  #constant(step: SizedStep): Table {
    const known = this.#constants.get(step);
    if (known !== undefined) return known;
    const { data } = step.primitive.reference([], step.attributes, Number);
    const table = this.#tableOf(step.dtype === "f32" ? Float32Array.from(data) : Int32Array.from(data));
    this.#constants.set(step, table);
    return table;
  }

  #inArena(offset: I32): I32 {
    return i32.add(this.#module.importInt("arena"), offset);
  }

  #tableOf(data: Float32Array | Int32Array): Table {
    const table = { offset: this.#buffers.lasting(data.byteLength), data };
    this.#tables.push(table);
    return table;
  }

  /** A prepared tensor as it is. */
  #stored(value: SizedPrepared): Packed {
    return this.#packedAs("stored", 4 * elements(value.shape), [value], [unchanged(value.shape)]);
  }

  #packedAs(form: string, bytes: number, of: readonly SizedPrepared[], moves: readonly Move[]): Packed {
    const key = `${of.map((it) => this.#plan.prepared.indexOf(it)).join()} ${form}`;
    const found = this.#packed.get(key);
    if (found !== undefined) return found;
    const joined = moves.map((move) => ({ ...move, axes: merged(move.axes) }));
    const packed = { name: `w${this.#packed.size}`, form: key, of, bytes, moves: joined };
    this.#packed.set(key, packed);
    return packed;
  }

  #resultAt(result: SizedValue): ResultAt {
    const owner = ownerOf(result);
    if (owner.kind === "input") return { input: this.#plan.inputs.indexOf(owner) };
    if (owner.kind === "prepared") return { packed: this.#stored(owner) };
    if (owner.primitive.wasm === "constant") return { offset: this.#constant(owner).offset };
    return { offset: this.#buffers.offsetOf(owner) };
  }
}

const nameOf = ({ steps }: Group): string => steps.map(({ primitive }) => primitive.name).join(" + ");
