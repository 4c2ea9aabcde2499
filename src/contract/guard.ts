/** @file The entry guard of a model as data, and its check, after which no shape error can happen. Imports nothing from the compiler. */
import type { DType } from "./ndarray.ts";

/** A size as data: a number, a variable of the signature, or an operation. `/` is exact. */
export type SizeExpr = number | string | readonly ["+" | "*" | "/" | "floor" | "ceil", SizeExpr, SizeExpr];

export interface GuardAxis {
  readonly axis: string;
  /** The expected size, in terms of the guard's variables. */
  readonly size: SizeExpr;
  /** The axis as the author wrote it: `h: 32*i`. */
  readonly declared: string;
}

export interface GuardInput {
  readonly name: string;
  readonly dtype: DType;
  readonly axes: readonly GuardAxis[];
  /** File and line: `net.fuse:3`. */
  readonly at: string;
}

/** A variable of the signature, solved from one axis of one input: size = factor * variable + offset. */
export interface GuardVariable {
  readonly name: string;
  readonly input: string;
  readonly axis: string;
  /** In terms of the earlier variables, like `offset`. */
  readonly factor: SizeExpr;
  readonly offset: SizeExpr;
}

/** `a op b`. `divides` means that `a` is not 0 and `b` is a multiple of `a`. */
export interface GuardRelation {
  readonly op: "==" | "!=" | ">=" | "divides";
  readonly a: SizeExpr;
  readonly b: SizeExpr;
}

/** A relation, or several alternatives, which may be nested. All conditions of at least one alternative must hold. */
export type GuardCondition = GuardRelation | { readonly op: "or"; readonly of: readonly (readonly GuardCondition[])[] };

export type GuardRequirement = GuardCondition & {
  /** The requirement as text for users: `h >= 64`. */
  readonly text: string;
  readonly at: string;
};

export interface Guard {
  readonly model: string;
  readonly inputs: readonly GuardInput[];
  readonly variables: readonly GuardVariable[];
  readonly requirements: readonly GuardRequirement[];
}

/** The properties of a tensor that the guard checks. The dtype may be one that Fuse does not have. */
export interface Given {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The values of the variables, in an object without a prototype; or all problems, one sentence each. */
export type Admission = { readonly sizes: Readonly<Record<string, number>> } | { readonly problems: readonly string[] };

type Sizes = Record<string, number>;

/** Checks the inputs. Runs before every run of the model, so valid inputs only take a few microseconds. */
export function checkGuard(guard: Guard, given: Readonly<Record<string, Given>>): Admission {
  const problems: string[] = [];
  for (const input of guard.inputs) {
    const found = tensorNamed(given, input.name);
    const problem = found === undefined ? missing(input) : misfit(input, found);
    if (problem !== undefined) problems.push(problem);
  }
  for (const name of Object.keys(given)) {
    if (!guard.inputs.some((input) => input.name === name)) problems.push(unknown(guard, name));
  }
  const sizes = Object.create(null) as Sizes;
  for (const variable of guard.variables) {
    const place = placeOf(guard, variable.input, variable.axis);
    const size = place === undefined ? undefined : sizeAt(given, place);
    if (place === undefined || size === undefined || size < 1) continue;
    const factor = evaluate(variable.factor, sizes);
    const offset = evaluate(variable.offset, sizes);
    const value = (size - offset) / factor;
    if (Number.isSafeInteger(value) && value >= 1) sizes[variable.name] = value;
    else if (factor === 0) problems.push(undetermined(place, variable, sizes));
    else if (!Number.isNaN(value)) problems.push(unsolvable(place, size, factor, offset, variable, sizes));
  }
  for (const input of guard.inputs) {
    for (let index = 0; index < input.axes.length; index++) {
      const place = { input, index };
      const size = sizeAt(given, place);
      if (size === undefined) continue;
      if (size < 1) problems.push(`${placeName(place)} must be at least 1 ${declared(place)}, got ${size}.`);
      else {
        const expected = evaluate(input.axes[index]!.size, sizes);
        if (expected !== size && isKnown(input.axes[index]!.size, sizes))
          problems.push(wrongSize(guard, given, place, size, expected, sizes));
      }
    }
  }
  for (const requirement of guard.requirements) {
    const compared = expressionsOf(requirement);
    if (isMet(requirement, sizes) || !compared.every((expression) => isKnown(expression, sizes))) continue;
    const values = valuesOf(compared, sizes);
    const but = values === "" ? "" : `, but ${values}`;
    problems.push(`${requirement.text} is required (${requirement.at})${but}.`);
  }
  return problems.length === 0 ? { sizes } : { problems: problems.map((problem) => `${guard.model}: ${problem}`) };
}

/** Returns the value under an assignment; NaN if a variable has no value or an exact division leaves a remainder. */
export function evaluate(expression: SizeExpr, sizes: Readonly<Record<string, number>>): number {
  if (typeof expression === "number") return expression;
  if (typeof expression === "string") return sizes[expression] ?? NaN;
  const a = evaluate(expression[1], sizes);
  const b = evaluate(expression[2], sizes);
  const value = compute(expression[0], a, b);
  return Number.isSafeInteger(value) ? value : NaN;
}

function compute(operation: Exclude<SizeExpr, number | string>[0], a: number, b: number): number {
  switch (operation) {
    case "+":
      return a + b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "floor":
      return Math.floor(a / b);
    case "ceil":
      return Math.ceil(a / b);
  }
}

function expressionsOf(condition: GuardCondition): SizeExpr[] {
  if (condition.op === "or") return condition.of.flat().flatMap(expressionsOf);
  const { op, a, b } = condition;
  // In the order of `k % j == 0`.
  return op === "divides" ? [b, a] : [a, b];
}

function isMet(requirement: GuardCondition, sizes: Sizes): boolean {
  if (requirement.op === "or") return requirement.of.some((way) => way.every((one) => isMet(one, sizes)));
  const a = evaluate(requirement.a, sizes);
  const b = evaluate(requirement.b, sizes);
  if (Number.isNaN(a) || Number.isNaN(b)) return false;
  switch (requirement.op) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case ">=":
      return a >= b;
    case "divides":
      return b % a === 0;
  }
}

/** An axis of an input. */
interface Place {
  readonly input: GuardInput;
  readonly index: number;
}

function placeOf(guard: Guard, inputName: string, axis: string): Place | undefined {
  const input = guard.inputs.find(({ name }) => name === inputName);
  const index = input?.axes.findIndex((candidate) => candidate.axis === axis) ?? -1;
  return input === undefined || index < 0 ? undefined : { input, index };
}

function tensorNamed(given: Readonly<Record<string, Given>>, name: string): Given | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

/** Returns the size of an axis; undefined if the tensor is missing or its rank is wrong, which is reported elsewhere. */
function sizeAt(given: Readonly<Record<string, Given>>, { input, index }: Place): number | undefined {
  const shape = tensorNamed(given, input.name)?.shape;
  return shape?.length === input.axes.length ? shape[index] : undefined;
}

/** Whether all variables have a value. If one has none, that was reported already, and checks that depend on it would only repeat it. */
function isKnown(expression: SizeExpr, sizes: Sizes): boolean {
  return variablesOf(expression).every((name) => name in sizes);
}

function variablesOf(expression: SizeExpr): string[] {
  if (typeof expression === "number") return [];
  if (typeof expression === "string") return [expression];
  return [...variablesOf(expression[1]), ...variablesOf(expression[2])];
}

// The functions below write messages.

/** Writes the values of variables: `h is 32 and w is 100`. */
function valuesOf(expressions: readonly SizeExpr[], sizes: Sizes): string {
  const names = new Set(expressions.flatMap(variablesOf).filter((name) => name in sizes));
  return [...names].map((name) => `${name} is ${sizes[name]}`).join(" and ");
}

const placeName = ({ input, index }: Place) => `${input.name}.${input.axes[index]!.axis}`;

/** Writes where an axis is declared: `(declared "h: k*i", net.fuse:3; k is 2)`. */
function declared({ input, index }: Place, values = ""): string {
  const text = `declared "${input.axes[index]!.declared}", ${input.at}`;
  return values === "" ? `(${text})` : `(${text}; ${values})`;
}

const signature = (input: GuardInput) => `[${input.axes.map((axis) => axis.declared).join(", ")}]`;

function missing(input: GuardInput): string {
  return `${input.name} is missing (declared ${signature(input)}, ${input.at}).`;
}

function unknown(guard: Guard, name: string): string {
  return `there is no input ${JSON.stringify(name)}; the inputs are ${guard.inputs.map((input) => input.name).join(", ")}.`;
}

function misfit(input: GuardInput, { dtype, shape }: Given): string | undefined {
  if (dtype !== input.dtype) return `${input.name} must be ${input.dtype} (${input.at}), got ${dtype}.`;
  if (shape.length === input.axes.length) return undefined;
  const axes = input.axes.length === 1 ? "1 axis" : `${input.axes.length} axes`;
  const got = `${shape.length}: [${shape.join(", ")}]`;
  return `${input.name} must have ${axes} (declared ${signature(input)}, ${input.at}), got ${got}.`;
}

/** Describes a variable that its axis does not determine, because the sizes of other axes make its factor 0. */
function undetermined(place: Place, { name, factor, offset }: GuardVariable, sizes: Sizes): string {
  return `${placeName(place)} does not determine ${name} ${declared(place, valuesOf([factor, offset], sizes))}.`;
}

function unsolvable(
  place: Place,
  size: number,
  factor: number,
  offset: number,
  variable: GuardVariable,
  sizes: Sizes,
): string {
  const value = (size - offset) / factor;
  const where = declared(place, valuesOf([variable.factor, variable.offset], sizes));
  if (Number.isInteger(value) || !Number.isFinite(value)) {
    const bound = `${factor < 0 ? "at most" : "at least"} ${offset + factor}`;
    return `${placeName(place)} must be ${bound} ${where}, got ${size}.`;
  }
  const multiple = `a multiple of ${Math.abs(factor)}`;
  const form = offset === 0 ? multiple : `${Math.abs(offset)} ${offset > 0 ? "more" : "less"} than ${multiple}`;
  const nearest = [Math.floor(value), Math.ceil(value)]
    .map((v) => Math.max(v, 1) * factor + offset)
    .filter((candidate) => candidate >= 1)
    .sort((a, b) => a - b);
  const hint = nearest.length === 0 ? "" : ` Nearest: ${[...new Set(nearest)].join(", ")}.`;
  return `${placeName(place)} must be ${form} ${where}, got ${size}.${hint}`;
}

function wrongSize(
  guard: Guard,
  given: Readonly<Record<string, Given>>,
  place: Place,
  size: number,
  expected: number,
  sizes: Sizes,
): string {
  const expression = place.input.axes[place.index]!.size;
  if (typeof expression === "string") {
    const source = guard.variables.find((variable) => variable.name === expression);
    const other = source && placeOf(guard, source.input, source.axis);
    if (other !== undefined && sizeAt(given, other) === expected)
      return `${placeName(place)} is ${size}, but ${placeName(other)} is ${expected} ${declared(place)}.`;
  }
  const values = valuesOf([expression], sizes);
  if (Number.isNaN(expected)) return `${placeName(place)} does not match ${declared(place, values)}, got ${size}.`;
  return `${placeName(place)} must be ${expected} ${declared(place, values)}, got ${size}.`;
}
