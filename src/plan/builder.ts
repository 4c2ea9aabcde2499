/** @file Makes values of a plan: interns them, simplifies data movement, and prepares whatever depends on weights only. */
import { elements, type DType, type NdArray } from "../contract/ndarray.ts";
import { evaluate } from "../contract/prepare-evaluate.ts";
import type { PrepareOp } from "../contract/prepare.ts";
import type { Weight } from "../ir/graph.ts";
import type { Positional, PrimitiveShape } from "../ir/lowering.ts";
import type { Axis } from "../ir/type.ts";
import type { Primitive } from "../primitives/primitive.ts";
import { scalar } from "../primitives/scalar.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import { maxLiterals, prepared, type MakeStep } from "./preparation.ts";
import { simpler } from "./simplify.ts";
import type { Computation, Note, PlanInput, PlanValue, Prepared } from "./value.ts";

export class PlanBuilder {
  readonly sizes: Sizes;
  /** The note for values made from now on. */
  note: Note = { name: undefined, purpose: "value", origin: undefined };
  readonly #interned = new Map<string, PlanValue>();
  readonly #own = new Map<Positional, PlanValue>();
  readonly #notes = new Map<PlanValue, Note>();

  constructor(sizes: Sizes) {
    this.sizes = sizes;
  }

  /** The number of values so far, which is the id of the next one. */
  get count(): number {
    return this.#own.size;
  }

  /** Makes an input. Called once per name. */
  input(name: string, dtype: DType, axes: readonly (readonly [Axis, Size])[]): PlanInput {
    const shape = axes.map(([, size]) => size);
    const key = `input|${name}`;
    return this.#intern(key, this.note, (id) => ({
      kind: "input",
      id,
      name,
      dtype,
      shape,
      axes: axes.map(([axis]) => axis),
    }));
  }

  weight(weight: Weight): Prepared {
    const shape = weight.groups.flat().map((axis) => weight.type.axes.get(axis)!);
    return this.#prepared({ op: "load", path: weight.path }, [], { shape, dtype: weight.type.dtype }, weight.path);
  }

  /** Makes a prepared value of literal data. */
  constant({ dtype, shape, data }: NdArray): Prepared {
    const op: PrepareOp = { op: "constant", dtype, shape, data: [...data] };
    return this.#prepared(op, [], { shape: shape.map((size) => this.sizes.int(size)), dtype }, "constant");
  }

  /** Makes a rank-0 tensor of a number, or of a size that may be a run-time size. */
  scalar(value: number | Size, dtype: DType = "f32"): PlanValue {
    const number = typeof value === "number" ? value : this.sizes.constant(value);
    if (number === undefined) return this.emit(scalar, [], { value, dtype });
    const op: PrepareOp = { op: "constant", dtype, shape: [], data: [Number(number)] };
    return this.#prepared(op, [], { shape: [], dtype }, "constant");
  }

  /** Applies a primitive. Returns a simpler value, one prepared at load, or an existing equal one, where possible. */
  emit<A>(primitive: PrimitiveShape<A>, inputs: readonly Positional[], attributes: A): PlanValue {
    if (!isPrimitive(primitive)) throw new InternalError(`${primitive.name} is not a primitive`);
    const own = inputs.map((input) => this.own(input));
    const { shape, dtype } = primitive.shape(own, attributes, this.sizes);
    const asked: Computation = { kind: "computation", id: -1, primitive, inputs: own, attributes, shape, dtype };
    const simple = simpler(asked, this);
    if (simple !== undefined) return simple;
    const operands = asked.inputs.filter((input) => input.kind === "prepared");
    if (operands.length === asked.inputs.length) {
      const purpose = purposeOf(asked);
      const step: MakeStep = (op, of, shape, dtype) => this.#step(op, of, shape, dtype, purpose);
      const made = prepared(asked, operands, this.sizes, step);
      if (made !== undefined) return made;
    }
    const key = `${primitive.name}|${own.map((input) => input.id).join()}|${this.#text(attributes)}`;
    return this.#intern(key, { ...this.note, purpose: purposeOf(asked) }, (id) => ({ ...asked, id }));
  }

  /** Returns a value made here with its full type. */
  own(value: Positional): PlanValue {
    const found = this.#own.get(value);
    if (found === undefined) throw new InternalError("a lowering uses a value that the planner did not make");
    return found;
  }

  noteOf(value: PlanValue): Note {
    const note = this.#notes.get(value);
    if (note === undefined) throw new InternalError("a value without a note");
    return note;
  }

  /** Sets the note of a value that has no name yet. */
  annotate(value: PlanValue, note: Note): void {
    if (this.noteOf(value).name === undefined) this.#notes.set(value, note);
  }

  /** One step of a preparation; of constants, the literal that it comes to. */
  #step(op: PrepareOp, of: readonly Prepared[], shape: readonly number[], dtype: DType, purpose: string): Prepared {
    const positional = { shape: shape.map((size) => this.sizes.int(size)), dtype };
    const isLiteral =
      of.length > 0 && of.every((operand) => operand.op.op === "constant") && elements(shape) <= maxLiterals;
    if (!isLiteral) return this.#prepared(op, of, positional, purpose);
    const operands = of.map((operand) => operand.op);
    const steps = [...operands, { ...op, of: [...of.keys()] }];
    const [made] = evaluate(steps, new Set([of.length]), () => {
      throw new InternalError("a constant loads a weight");
    });
    return this.#prepared({ op: "constant", dtype, shape, data: [...made![1].data] }, [], positional, purpose);
  }

  #prepared(op: PrepareOp, of: readonly Prepared[], { shape, dtype }: Positional, purpose: string): Prepared {
    const key = `prepared|${dtype}|${of.map(({ id }) => id).join()}|${this.#text(op)}`;
    const path = op.op === "load" ? op.path : of.find((operand) => operand.path !== undefined)?.path;
    const note = { ...this.note, purpose };
    return this.#intern(key, note, (id) => ({ kind: "prepared", id, op, of, path, shape, dtype }));
  }

  #intern<T extends PlanValue>(key: string, note: Note, make: (id: number) => T): T {
    const known = this.#interned.get(key);
    if (known !== undefined) return known as T;
    const made = make(this.count);
    this.#interned.set(key, made);
    this.#own.set(made, made);
    this.#notes.set(made, note);
    return made;
  }

  /** Returns the exact text of attributes. Sizes are interned, so their ids identify them. */
  #text(value: unknown): string {
    if (Object.is(value, -0)) return "-0";
    if (Array.isArray(value)) return `[${value.map((item) => this.#text(item)).join()}]`;
    if (typeof value !== "object" || value === null)
      return typeof value === "string" ? JSON.stringify(value) : String(value);
    if (this.sizes.owns(value)) return `#${(value as Size).id}`;
    const entries = Object.entries(value).map(([name, item]) => `${name}:${this.#text(item)}`);
    return `{${entries.join()}}`;
  }
}

function isPrimitive<A>(shape: PrimitiveShape<A>): shape is Primitive<A> {
  return "esm" in shape;
}

/** The function of an elementwise primitive says more than its name. */
function purposeOf({ primitive, attributes }: Computation): string {
  const named = typeof attributes === "object" && attributes !== null && "function" in attributes;
  return named ? String(attributes.function) : primitive.name;
}
