/** @file What a model file records about its Fuse program, as JSON: enough to run it again with its guard. */
import type {
  Guard,
  GuardCondition,
  GuardRelation,
  GuardInput,
  GuardRequirement,
  GuardVariable,
  SizeExpr,
} from "../contract/guard.ts";
import type { DType } from "../contract/ndarray.ts";
import { DataError, inPlace } from "../weights/data-error.ts";
import { duplicateKey, field, fieldReader, isObject, parseJson } from "../weights/json.ts";

export interface ModelInfo {
  /** The version of Fuse. */
  readonly version: string;
  /** The program's path, as the user gave it. */
  readonly source: string;
  /** A hash of the program and everything it imports. */
  readonly hash: string;
  /** Its name in the program. */
  readonly model: string;
  readonly guard: Guard;
  /** In the order of the file's outputs. */
  readonly results: readonly ResultInfo[];
}

export interface ResultInfo {
  readonly name: string;
  readonly dtype: DType;
  /** The axis names, in order. */
  readonly axes: readonly string[];
}

/** The longest text that is read, in characters. A guard takes a few hundred per input. */
const maxLength = 1_000_000;
/** The deepest nesting of expressions, far deeper than a person writes them. */
const maxDepth = 200;

/** Returns the information as JSON, always the same text for the same model. */
export function printModelInfo({ version, source, hash, model, guard, results }: ModelInfo): string {
  return JSON.stringify({ version, source, hash, model, guard, results });
}

/**
 * Reads what `printModelInfo` wrote. The text may be hostile. The result has this shape and a bounded size, its
 * expressions can be evaluated, and it holds nothing else.
 * @throws DataError in one line
 */
export function parseModelInfo(text: string): ModelInfo {
  if (text.length > maxLength) bad(`it has ${text.length} characters`);
  const json = inPlace(unreadable, () => parseJson(text));
  const twice = duplicateKey(text);
  if (twice !== undefined) bad("a key appears twice");
  const info = {
    version: name(json, "version"),
    source: name(json, "source"),
    hash: name(json, "hash"),
    model: name(json, "model"),
    guard: guardOf(field(json, "guard")),
    results: list(json, "results", (result) => ({
      name: name(result, "name"),
      dtype: dtypeOf(result),
      axes: list(result, "axes", textOf),
    })),
  };
  const names = info.results.map((result) => result.name);
  if (new Set(names).size < names.length) bad("two results have the same name");
  return info;
}

const unreadable = "the metadata of the Fuse program it was built from cannot be read";

function bad(reason: string): never {
  throw new DataError(`${unreadable}: ${reason}`);
}

const { text: textOf, name, list, dtype: dtypeOf } = fieldReader(bad);

function guardOf(json: unknown): Guard {
  if (!isObject(json)) bad("the guard is missing");
  const inputs = list(json, "inputs", inputOf);
  const names = inputs.map((input) => input.name);
  if (new Set(names).size < names.length) bad("two inputs have the same name");
  const known = new Set<string>();
  const variables = list(json, "variables", (item): GuardVariable => {
    const variable = {
      name: name(item, "name"),
      input: name(item, "input"),
      axis: name(item, "axis"),
      factor: expression(field(item, "factor"), known),
      offset: expression(field(item, "offset"), known),
    };
    const given = inputs.find((input) => input.name === variable.input);
    if (given?.axes.every(({ axis }) => axis !== variable.axis) ?? true) bad("a size belongs to no axis");
    if (known.has(variable.name)) bad("two sizes have the same name");
    known.add(variable.name);
    return variable;
  });
  for (const { axes } of inputs) for (const { size } of axes) expression(size, known);
  return {
    model: name(json, "model"),
    inputs,
    variables,
    requirements: list(json, "requirements", (item): GuardRequirement => {
      const told = { text: name(item, "text"), at: name(item, "at") };
      return { ...condition(item, known), ...told };
    }),
  };
}

function inputOf(json: unknown): GuardInput {
  return {
    name: name(json, "name"),
    dtype: dtypeOf(json),
    axes: list(json, "axes", (axis) => ({
      axis: name(axis, "axis"),
      size: expression(field(axis, "size")),
      declared: name(axis, "declared"),
    })),
    at: name(json, "at"),
  };
}

function condition(json: unknown, known: ReadonlySet<string>, depth = 0): GuardCondition {
  if (field(json, "op") !== "or") return relation(json, known);
  if (depth > maxDepth) bad("a requirement is nested too deep");
  return { op: "or", of: list(json, "of", (way) => list({ way }, "way", (one) => condition(one, known, depth + 1))) };
}

function relation(json: unknown, known: ReadonlySet<string>): GuardRelation {
  const op = field(json, "op");
  if (op !== "==" && op !== "!=" && op !== ">=" && op !== "divides") bad("a requirement is unknown");
  return { op, a: expression(field(json, "a"), known), b: expression(field(json, "b"), known) };
}

/** Reads an expression over these variables; over any if they are omitted. */
function expression(json: unknown, known?: ReadonlySet<string>, depth = 0): SizeExpr {
  if (typeof json === "number") return Number.isSafeInteger(json) ? json : bad("a size is not an integer");
  if (typeof json === "string") return (known?.has(json) ?? true) ? json : bad("a size is unknown");
  if (!Array.isArray(json) || json.length !== 3 || depth > maxDepth) return bad("a size is not an expression");
  const [operation, a, b] = json as readonly unknown[];
  if (operation !== "+" && operation !== "*" && operation !== "/" && operation !== "floor" && operation !== "ceil")
    return bad("a size is not an expression");
  return [operation, expression(a, known, depth + 1), expression(b, known, depth + 1)];
}
