/** @file Emits a plan as the nodes of a graph format, step by step. Shared by the TensorFlow and ONNX formats. */
import type { GuardVariable, SizeExpr } from "../contract/guard.ts";
import type { Origin } from "../ir/graph.ts";
import type { Plan } from "../plan/plan.ts";
import type { Computation, Note, PlanInput, PlanValue, Prepared } from "../plan/value.ts";
import type { SizeAlgebra, SizeVar } from "../sizes/size.ts";
import { InternalError } from "../source/internal-error.ts";
import { Refusal } from "./refusal.ts";
import { remember } from "./remember.ts";

/** A step that a format cannot express. */
export interface Unsupported {
  readonly primitive: string;
  readonly reason: string;
  readonly origin: Origin | undefined;
}

/** Arithmetic on the tensors that represent sizes at run time. */
export type SizeArithmetic<W> = Omit<SizeAlgebra<W>, "variable">;

/** Adds nodes to a graph. `W` is a tensor in it. */
interface GraphWriter<W> {
  readonly arithmetic: SizeArithmetic<W>;
}

/** How a format writes a plan, given an emitter `E` that adds the nodes. */
export interface StepFormat<E extends GraphWriter<W>, W> {
  /** Begins a graph. `variable` returns the tensor of a guard variable; it is not called before the first step. */
  emitter(variable: (variable: SizeVar) => W): E;
  input(e: E, input: PlanInput): W;
  /** Emits a prepared tensor. `name` is that of a weight in it, if there is one. Names may repeat. */
  prepared(e: E, value: Prepared, name: string): W;
  /** Emits a step. Throws a `Refusal` if the format cannot express it. */
  step(e: E, value: Computation, inputs: readonly W[], note: Note): W;
  /** Stands in for a rejected step, so that the steps after it are checked too. */
  placeholder(e: E, value: Computation): W;
  /** Returns the size of an axis of an input. */
  axisSize(e: E, input: PlanInput, wire: W, axis: number): W;
}

export interface EmittedSteps<E, W> {
  readonly e: E;
  readonly wireOf: (value: PlanValue) => W;
  /** Empty if the nodes compute what the plan says. */
  readonly unsupported: readonly Unsupported[];
}

/** Adds the inputs, the prepared tensors and the steps of a plan to a new graph, in this order. */
export function emitSteps<E extends GraphWriter<W>, W>(plan: Plan, format: StepFormat<E, W>): EmittedSteps<E, W> {
  const wires = new Map<PlanValue, W>();
  const wireOf = (value: PlanValue): W => {
    const wire = wires.get(value);
    if (wire === undefined) throw new InternalError(`a ${value.kind} is used before it is made`);
    return wire;
  };
  const e = format.emitter(({ name }) => variable(name));
  const solved = new Map<string, W>();

  function variable(name: string): W {
    const found = plan.graph.guard.variables.find((candidate) => candidate.name === name);
    if (found === undefined) throw new InternalError(`the guard does not find ${name}`);
    return remember(solved, name, () => solve(found));
  }

  /** Returns (size of the axis - offset) / factor. The guard has checked that it is whole. */
  function solve({ input: name, axis, factor, offset }: GuardVariable): W {
    const input = plan.inputs.find((given) => given.name === name);
    if (input === undefined) throw new InternalError(`there is no input ${name}`);
    const { arithmetic } = e;
    const size = format.axisSize(e, input, wireOf(input), input.axes.indexOf(axis));
    const shifted = offset === 0 ? size : arithmetic.sub(size, computed(arithmetic, offset, variable));
    return factor === 1 ? shifted : arithmetic.divide(shifted, computed(arithmetic, factor, variable));
  }

  for (const input of plan.inputs) wires.set(input, format.input(e, input));
  for (const { value, note } of plan.prepared)
    wires.set(value, format.prepared(e, value, value.path ?? note.name ?? note.purpose));
  const unsupported: Unsupported[] = [];
  for (const { value, note } of plan.steps) {
    try {
      wires.set(value, format.step(e, value, value.inputs.map(wireOf), note));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unsupported.push({ primitive: value.primitive.name, reason: error.reason, origin: note.origin });
      wires.set(value, format.placeholder(e, value));
    }
  }
  return { e, wireOf, unsupported };
}

/** Returns `encoder/conv/relu`: the enclosing blocks of a step, and its name or purpose. */
export function stepPath({ name, purpose, origin }: Note): string {
  return [...(origin?.scope ?? []), name ?? purpose].join("/");
}

function computed<W>(arithmetic: SizeArithmetic<W>, size: SizeExpr, variable: (name: string) => W): W {
  if (typeof size === "number") return arithmetic.int(BigInt(size));
  if (typeof size === "string") return variable(size);
  const [operation, left, right] = size;
  const a = computed(arithmetic, left, variable);
  const b = computed(arithmetic, right, variable);
  return arithmetic[operations[operation]](a, b);
}

const operations = { "+": "add", "*": "mul", "/": "divide", floor: "floor", ceil: "ceil" } as const;
