/** @file Run-time sizes, as int64 arithmetic on the shapes of the inputs. */
import type { OnnxEmitter, OnnxWire } from "../../primitives/onnx/emitter.ts";
import { longs } from "../../primitives/onnx/literals.ts";
import type { OnnxOperator } from "../../primitives/onnx/operators.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { remember } from "../remember.ts";
import type { SizeArithmetic } from "../steps.ts";

/**
 * Returns arithmetic on tensors of shape [1], for solving the guard. ONNX quotients truncate; remainders have the
 * divisor's sign.
 */
export function guardArithmetic(e: OnnxEmitter): SizeArithmetic<OnnxWire> {
  const of = (op: OnnxOperator) => (a: OnnxWire, b: OnnxWire) => e.node(op, [a, b]);
  const [add, sub, divide] = [of("Add"), of("Sub"), of("Div")];
  const floor = (a: OnnxWire, b: OnnxWire) => divide(sub(a, e.node("Mod", [a, b])), b);
  return {
    int: (n) => longs(e, [Number(n)]),
    add,
    sub,
    mul: of("Mul"),
    divide,
    floor,
    ceil: (a, b) => floor(sub(add(a, b), longs(e, [1])), b),
  };
}

export interface SizeWires {
  /** A tensor of rank 0. */
  scalar(size: Size): OnnxWire;
  /** A tensor of rank 1. */
  vector(list: readonly Size[]): OnnxWire;
}

/** A tensor of shape [1], and whether it is known to be non-negative. */
interface Part {
  readonly wire: OnnxWire;
  readonly natural: boolean;
  /** Whether it is the literal 1. */
  readonly isOne?: boolean;
}

/** Computes each size once. `within` runs the function that creates the nodes of a size, under this name. */
export function sizeWires(
  e: OnnxEmitter,
  sizes: Sizes,
  variable: (variable: SizeVar) => OnnxWire,
  within: <T>(name: string, make: () => T) => T,
): SizeWires {
  const ones = new Map<Size, Part>();
  const scalars = new Map<Size, OnnxWire>();
  const vectors = new Map<string, OnnxWire>();
  const number = (n: number): Part => ({ wire: longs(e, [n]), natural: n >= 0, isOne: n === 1 });
  const apply = (op: OnnxOperator, a: Part, b: Part, natural = a.natural && b.natural): Part => ({
    wire: e.node(op, [a.wire, b.wire]),
    natural,
  });
  /**
   * ONNX truncates, which is exact for a multiple of the divisor. The remainder has the divisor's sign. ONNX Runtime
   * (DivMulFusion) computes a product with 1 / b as a quotient, even of integers.
   */
  const floor = (a: Part, b: Part): Part =>
    a.natural && b.natural && a.isOne !== true
      ? apply("Div", a, b)
      : apply("Div", apply("Sub", a, apply("Mod", a, b), false), b);
  const compute = (size: Size): Part =>
    sizes.fold<Part>(size, {
      int: (n) => number(Number(n)),
      variable: (v) => ({ wire: variable(v), natural: true }),
      add: (a, b) => apply("Add", a, b),
      sub: (a, b) => apply("Sub", a, b, false),
      mul: (a, b) => apply("Mul", a, b),
      divide: (a, b) => apply("Div", a, b),
      floor,
      ceil: (a, b) => floor(apply("Add", a, apply("Sub", b, number(1), b.natural)), b),
    });
  const one = (size: Size): Part => {
    const known = e.known(size);
    if (known !== undefined) return number(known);
    return remember(ones, size, () => within(sizes.print(size), () => compute(size)));
  };
  return {
    scalar: (size) =>
      remember(scalars, size, () =>
        within(sizes.print(size), () => e.node("Squeeze", [one(size).wire, longs(e, [0])])),
      ),
    vector: (list) => {
      const known = list.map((size) => e.known(size));
      const numbers = known.filter((size) => size !== undefined);
      if (numbers.length === list.length) return longs(e, numbers);
      const key = list.map(({ id }) => id).join();
      return remember(vectors, key, () => join(list));
    },
  };

  /** Adjacent numbers become one literal. */
  function join(list: readonly Size[]): OnnxWire {
    const parts: (OnnxWire | number[])[] = [];
    for (const size of list) {
      const known = e.known(size);
      const last = parts.at(-1);
      if (known === undefined) parts.push(one(size).wire);
      else if (Array.isArray(last)) last.push(known);
      else parts.push([known]);
    }
    const wires = parts.map((part) => (Array.isArray(part) ? longs(e, part) : part));
    const printed = `[${list.map((size) => sizes.print(size)).join(", ")}]`;
    return wires.length === 1 ? wires[0]! : within(printed, () => e.node("Concat", wires, { axis: { int: 0 } }));
  }
}
