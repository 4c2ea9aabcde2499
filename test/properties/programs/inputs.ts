/** @file Inputs of random routines, made for the tensors that a template needs. */
import type { DType } from "../../../src/contract/ndarray.ts";
import type { Expr } from "../../../src/parser/ast.ts";
import { textOf } from "../../../src/source/source.ts";
import type { Chance } from "./chance.ts";
import type { Param } from "./draft.ts";
import { namesIn, type Port } from "./templates.ts";

/** A value in scope, with the sizes of its axes as text. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly axes: ReadonlyMap<string, string>;
  /** Whether its type is the same in every world. */
  readonly isUniform: boolean;
}

/** Makes a new input of a routine for a port. Some of its sizes become patterns. */
export function freshInput(
  { dtype, axes }: Port,
  name: string,
  bound: Map<string, string>,
  chance: Chance,
): Value & Param {
  const sizes = axes.map(({ axis, size, text }): readonly [string, string] => {
    const names = namesIn(axis, size);
    if (names.length === 0) return [axis, chance.is(0.05) ? String(1 + chance.below(6)) : text];
    if (size === undefined && !bound.has(axis) && chance.is(0.25)) {
      const i = chance.is(0.3) ? axis : `${axis}${chance.below(3)}`;
      const pattern = chance.pick([
        `2*${i}`,
        `${i} + 1`,
        `${i} + 2`,
        `3*${i}`,
        `2*${i} + 1`,
        `${i}`,
        `4*${i}`,
        "2",
        "3",
      ]);
      bound.set(axis, pattern);
      return [axis, pattern];
    }
    for (const variable of names)
      if (!bound.has(variable)) bound.set(variable, chance.is(0.7) ? variable : `${variable}${chance.below(3)}`);
    return [axis, size === undefined ? bound.get(axis)! : written(size, bound)];
  });
  const list = sizes.map(([axis, size]) => (axis === size ? axis : `${axis}: ${size}`));
  return {
    name,
    text: `${name}: ${dtype === "f32" ? "" : dtype}[${list.join(", ")}]`,
    dtype,
    axes: new Map(sizes),
    isUniform: true,
  };
}

/** Writes a port as a parameter. */
export function portText({ name, dtype, axes }: Port): string {
  const list = axes.map(({ axis, text }) => (axis === text ? axis : `${axis}: ${text}`));
  return `${name}: ${dtype === "f32" ? "" : dtype}[${list.join(", ")}]`;
}

/** Binds the variables of a pattern such that it has this size, if it is linear. */
export function solve(axis: string, pattern: Expr | undefined, size: string, bound: Map<string, string>): void {
  const bind = (name: string, text: string): void => {
    if (!bound.has(name)) bound.set(name, text);
  };
  if (pattern === undefined) return bind(axis, size);
  if (pattern.kind === "call" && pattern.args === undefined) return bind(pattern.callee.text, size);
  if (pattern.kind !== "binary") return;
  const { op, left, right } = pattern;
  const whole = inBrackets(size);
  if (op === "+" && right.kind === "number") solve(axis, left, `${whole} - ${right.raw}`, bound);
  else if (op === "*" && left.kind === "number") solve(axis, right, `${whole} / ${left.raw}`, bound);
}

/** Writes a pattern with other names. */
function written(size: Expr, bound: ReadonlyMap<string, string>): string {
  return textOf(size.span).replaceAll(/[a-z_]\w*/g, (name) => (bound.has(name) ? inBrackets(bound.get(name)!) : name));
}

export const inBrackets = (size: string): string => (/^\w+$/.test(size) ? size : `(${size})`);
