/** @file The tensors that a block has of its own: its `weight` and `const` statements. */
import type { Initializer } from "../../contract/manifest.ts";
import { isI32, type NdArray } from "../../contract/ndarray.ts";
import type { TensorType } from "../../ir/type.ts";
import type { Expr, WeightStmt } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import { textOf } from "../../source/source.ts";
import { report, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import { requireAtLeast } from "../prove/obligations.ts";
import { checkOwnTensor } from "../text/signature.ts";
import { claim } from "./apply.ts";
import { readInitializer } from "./attributes.ts";
import { value } from "./expression.ts";
import { typeOf } from "./types.ts";

/** Requires at least one element along every axis. */
function hasElements(frame: Frame, { kind, name, type: written }: WeightStmt, type: TensorType): boolean {
  const one = frame.context.sizes.int(1);
  return written.axes.every(({ name: axis, span }) =>
    requireAtLeast(frame, type.axes.get(axis.text)!, one, {
      span,
      what: `axis \`${axis.text}\` of ${kind} \`${name.text}\``,
    }),
  );
}

/** Evaluates a `weight` or `const` statement. */
export function ownTensor(frame: Frame, stmt: WeightStmt): Val {
  const { builder, sizes, reservedAxes } = frame.context;
  const { errors } = frame.world.reporter;
  checkOwnTensor(stmt, reservedAxes, frame.world.reporter);
  const type = typeOf(frame, stmt.type, new Map());
  if (type === undefined || frame.world.reporter.errors > errors || !hasElements(frame, stmt, type)) return unknown;
  if (stmt.kind === "const") {
    const isList = stmt.value.kind === "list";
    const shape = isList ? shapeOf(frame, stmt, type) : undefined;
    // A single number fills the tensor.
    const data = isList ? shape && literal(frame, stmt, type, shape) : element(frame, stmt, type, stmt.value);
    return data === undefined ? unknown : { kind: "tensor", value: builder.constant(type, data) };
  }
  const init = initializerOf(frame, stmt, type);
  if (init === undefined) return unknown;
  const axes = [...type.axes];
  const one = sizes.int(1);
  const weight = builder.weight([...frame.scope, stmt.name.text].join("."), {
    name: stmt.name.text,
    dtype: type.dtype,
    groups: [axes],
    init,
    fan: { out: axes[0]?.[1] ?? one, in: axes.slice(1).reduce((product, [, size]) => sizes.mul(product, size), one) },
  });
  return claim(frame, weight, stmt) ? { kind: "tensor", value: weight } : unknown;
}

/** Reads the initial value of a weight, which its dtype must hold. */
function initializerOf(frame: Frame, stmt: WeightStmt, { dtype }: TensorType): Initializer | undefined {
  const { value: given } = stmt;
  if (dtype === "bool" && given.kind === "bool") return { kind: "constant", value: Number(given.value) };
  const init = readInitializer(frame, given);
  if (init === undefined || dtype === "f32") return init;
  // A value that depends on a parameter is unknown until the model is built.
  if (init.kind === "constant" && Number.isNaN(init.value)) return init;
  if (init.kind === "constant" && (dtype === "i32" ? isI32(init.value) : [0, 1].includes(init.value))) return init;
  const [expected, help] =
    dtype === "i32"
      ? ["whole numbers from -2147483648 to 2147483647", "use zeros, ones or a whole number"]
      : ["true or false", "use zeros, ones, true or false"];
  const what = `${dtype} weight \`${stmt.name.text}\``;
  report(
    frame,
    "dtype-mismatch",
    given.span,
    { what, expected, found: `\`${textOf(given.span)}\`` },
    { helps: [help] },
  );
  return undefined;
}

/** Returns the shape of a constant, whose sizes are numbers; undefined if one is not, which is then reported. */
function shapeOf(frame: Frame, stmt: WeightStmt, { axes }: TensorType): number[] | undefined {
  const sizes = [...axes.values()].map((size) => frame.context.sizes.constant(frame.world.facts.apply(size)));
  const open = sizes.indexOf(undefined);
  if (open < 0) return sizes.map(Number);
  const spec = stmt.type.axes[open]!;
  const number = stmt.type.dtype?.text === "bool" ? "false" : "0";
  const code = `const ${stmt.name.text}: ${textOf(stmt.type.span)} = ${number}`;
  const size = spec.size === undefined ? spec.name.text : textOf(spec.size.span);
  const helps = [{ text: "a single number fills a tensor of any size", code }];
  report(frame, "const-size", spec.span, { name: stmt.name.text, size }, { helps });
  return undefined;
}

/** Reads nested lists of numbers in the declared axis order. */
function literal(frame: Frame, stmt: WeightStmt, type: TensorType, shape: readonly number[]): NdArray | undefined {
  const data: number[] = [];
  const axes = [...type.axes.keys()];
  const read = (expr: Expr, depth: number): boolean => {
    if (depth === shape.length) {
      const item = element(frame, stmt, type, expr);
      const number = typeof item === "object" ? frame.context.sizes.constant(item) : item;
      if (item !== undefined && number === undefined) mismatch(frame, stmt, expr, ...notANumber);
      data.push(Number(number));
      return number !== undefined;
    }
    const size = shape[depth]!;
    if (expr.kind !== "list") {
      const found = `is a ${expr.kind === "bool" ? "bool" : "number"}`;
      mismatch(frame, stmt, expr, found, `a list of ${size} for axis \`${axes[depth]}\``);
      return false;
    }
    if (expr.items.length !== size) {
      mismatch(frame, stmt, expr, `has ${expr.items.length} items`, `${size} for axis \`${axes[depth]}\``);
      return false;
    }
    return expr.items.every((item) => read(item, depth + 1));
  };
  return read(stmt.value, 0) ? { dtype: type.dtype, shape, data: Float64Array.from(data) } : undefined;
}

const notANumber = ["contains something other than a number", "a number"] as const;

/** Reads a number of a constant, which may be a size; undefined if its dtype does not hold it, which is then reported. */
function element(frame: Frame, stmt: WeightStmt, { dtype }: TensorType, expr: Expr): number | Size | undefined {
  if (expr.kind === "list") return mismatch(frame, stmt, expr, ...notANumber);
  const val = value(frame, expr);
  if (val.kind === "unknown") return undefined;
  if (val.kind === "bool" && dtype === "bool") return Number(val.value);
  if (val.kind !== "number" && val.kind !== "size")
    return val.kind === "bool"
      ? mismatch(frame, stmt, expr, "contains a bool", "a number")
      : mismatch(frame, stmt, expr, ...notANumber);
  if (dtype === "bool") return mismatch(frame, stmt, expr, "contains a number", "true or false");
  const number = val.kind === "number" ? val.value : frame.context.sizes.constant(val.size);
  if (number === undefined && val.kind === "size") return val.size;
  // A float that depends on a parameter is NaN until the model is built.
  if (dtype !== "i32" || isI32(Number(number)) || Number.isNaN(number)) return Number(number);
  const found = Number.isInteger(Number(number)) ? `${number}, which is too large` : "a float";
  return mismatch(frame, stmt, expr, `contains ${found}`, "i32");
}

/** Reports a value that differs from the declaration of its constant. */
function mismatch(frame: Frame, stmt: WeightStmt, expr: Expr, found: string, expected: string): undefined {
  const labels = [{ span: stmt.type.span, text: "declared here" }];
  report(frame, "const-mismatch", expr.span, { found, expected }, { labels });
}
