/** @file Assembles a WebAssembly module: functions over one imported memory. */
import { Bytes, unsigned, type Code } from "./bytes.ts";
import {
  type Expression,
  type I32,
  type Instructions,
  type Local,
  type Statement,
  type V128,
  type ValueType,
} from "./code.ts";
import { f32x4, relaxedMadd } from "./f32x4.ts";

const valueTypes = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const satisfies Record<ValueType, number>;

/** What the machine has besides plain WebAssembly with SIMD. */
export interface Features {
  /** Relaxed SIMD, whose products and sums may be rounded once. */
  readonly relaxed: boolean;
}

/** A function without results, in the making. */
export class FunctionBody {
  readonly #features: Features;
  readonly parameters: readonly Local<"i32">[];
  readonly #locals: ValueType[] = [];
  readonly #body: Statement[] = [];

  /** Makes a function with this number of integer parameters. */
  constructor(parameters: number, features: Features) {
    this.#features = features;
    this.parameters = Array.from({ length: parameters }, (_, index) => localOf("i32", index));
  }

  int(): Local<"i32"> {
    return this.#local("i32");
  }

  vector(): Local<"v128"> {
    return this.#local("v128");
  }

  vectors(count: number): readonly Local<"v128">[] {
    return Array.from({ length: count }, () => this.vector());
  }

  /** Returns a * b + c for floats. */
  madd(a: V128, b: V128, c: V128): V128 {
    return this.#features.relaxed ? relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  add(...statements: readonly Statement[]): this {
    this.#body.push(...statements);
    return this;
  }

  get code(): Code {
    const runs: [count: number, type: ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const locals = [unsigned(runs.length), runs.map(([count, type]) => [unsigned(count), valueTypes[type]])];
    return [locals, this.#body, 0x0b];
  }

  #local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return localOf(type, this.parameters.length + this.#locals.length - 1);
  }
}

const localOf = <T extends ValueType>(type: T, index: number): Local<T> => ({
  type,
  index,
  code: [0x20, unsigned(index)],
});

/** A function of a module. */
export interface FunctionOf {
  readonly index: number;
}

/** A function that a module imports from `env`. */
export interface Import {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
}

/** The memory that a module imports as `env.memory`. */
export interface MemoryOf {
  readonly shared: boolean;
}

/** The module in the making. */
export class ModuleBody {
  readonly #globals: string[] = [];
  readonly #imports: readonly Import[];
  /** The parameters of the functions. */
  readonly #functions: (readonly ValueType[])[] = [];
  readonly #bodies = new Bytes();
  readonly #byKey = new Map<string, FunctionOf>();
  readonly #exports: (readonly [name: string, index: number])[] = [];
  #hostCalls = 0;

  /** Makes a module that imports functions from `env`. */
  constructor(imports: readonly Import[]) {
    this.#imports = imports;
  }

  /** How many calls of imported functions have been written. */
  get hostCalls(): number {
    return this.#hostCalls;
  }

  /** Calls an imported function. */
  imported(name: string, ...operands: readonly Expression[]): Expression {
    this.#hostCalls++;
    const index = this.#imports.findIndex((it) => it.name === name);
    return { type: this.#imports[index]!.result, code: [operands, 0x10, unsigned(index)] };
  }

  /** Imports an integer from `env`; an equal name is the same one. */
  importInt(name: string): I32 {
    const known = this.#globals.indexOf(name);
    const index = known < 0 ? this.#globals.push(name) - 1 : known;
    return { type: "i32", code: [0x23, unsigned(index)] };
  }

  /** Adds a function that is complete. */
  add({ parameters, code }: FunctionBody): FunctionOf {
    this.#functions.push(parameters.map(({ type }) => type));
    // At once, because nested code takes some hundred times the memory of its bytes.
    this.#bodies.addSized(code);
    return { index: this.#imports.length + this.#functions.length - 1 };
  }

  /** Returns the function with this key; makes it if there is none. */
  shared(key: string, make: () => FunctionBody): FunctionOf {
    const found = this.#byKey.get(key);
    if (found !== undefined) return found;
    const added = this.add(make());
    this.#byKey.set(key, added);
    return added;
  }

  export(name: string, { index }: FunctionOf): void {
    this.#exports.push([name, index]);
  }

  /** Returns the bytes. `exported` chooses among the exports; all by default. */
  bytes(memory: MemoryOf, exported: (name: string) => boolean = () => true): Uint8Array<ArrayBuffer> {
    const types = new Types();
    const own = this.#functions.map((parameters) => types.indexOf(parameters));
    const imported = this.#imports.map(({ name, parameters, result }) => [
      nameOf("env"),
      nameOf(name),
      0,
      unsigned(types.indexOf(parameters, result)),
    ]);
    const limits = memory.shared ? [3, unsigned(1), unsigned(mostPages)] : [0, unsigned(1)];
    const imports = [
      [nameOf("env"), nameOf("memory"), 2, limits],
      ...this.#globals.map((name) => [nameOf("env"), nameOf(name), 3, valueTypes.i32, 0]),
      ...imported,
    ];
    const out = new Bytes();
    out.add([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, items: readonly Code[]) => {
      out.add(id);
      out.addSized([unsigned(items.length), items]);
    };
    section(1, types.all);
    section(2, imports);
    section(3, own.map(unsigned));
    section(
      7,
      this.#exports.filter(([name]) => exported(name)).map(([name, index]) => [nameOf(name), 0, unsigned(index)]),
    );
    out.add(10);
    out.addSized([unsigned(this.#functions.length), this.#bodies.all]);
    return out.all;
  }
}

/** 4 GiB, all that 32-bit addresses reach. */
const mostPages = 65536;

/** Calls a function. */
export const call = ({ index }: FunctionOf, ...parameters: readonly Expression<"i32">[]): Instructions => ({
  type: "none",
  code: [parameters, 0x10, unsigned(index)],
});

const nameOf = (text: string): Code => {
  const bytes = new TextEncoder().encode(text);
  return [unsigned(bytes.length), [...bytes]];
};

/** The types of functions, each once. */
class Types {
  readonly #indices = new Map<string, number>();
  readonly all: Code[] = [];

  indexOf(parameters: readonly ValueType[], ...results: readonly ValueType[]): number {
    const of = (types: readonly ValueType[]): Code => [unsigned(types.length), types.map((type) => valueTypes[type])];
    const key = `${parameters.join()}:${results.join()}`;
    const found = this.#indices.get(key);
    if (found !== undefined) return found;
    this.#indices.set(key, this.all.length);
    return this.all.push([0x60, of(parameters), of(results)]) - 1;
  }
}
