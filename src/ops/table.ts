/** @file All operators by name, and the symbols for some of them. */
import type { AttributeKind } from "../ir/attribute.ts";
import type { Operator } from "../ir/operator.ts";
import * as activation from "./activation.ts";
import * as adaptive from "./adaptive.ts";
import * as argReduce from "./arg-reduce.ts";
import * as convTranspose from "./conv-transpose.ts";
import * as conv from "./conv.ts";
import * as correlate from "./correlate.ts";
import * as dot from "./dot.ts";
import * as elementwise from "./elementwise.ts";
import * as functions from "./functions.ts";
import * as fusion from "./fusion.ts";
import * as gather from "./gather.ts";
import * as gridSample from "./grid-sample.ts";
import * as linear from "./linear.ts";
import * as margin from "./margin.ts";
import * as normalise from "./normalise.ts";
import * as other from "./other.ts";
import * as pixels from "./pixels.ts";
import * as pooling from "./pooling.ts";
import * as reduce from "./reduce.ts";
import * as resize from "./resize.ts";
import * as scan from "./scan.ts";
import * as scatter from "./scatter.ts";
import * as shape from "./shape.ts";
import * as sort from "./sort.ts";
import * as statistics from "./statistics.ts";
import * as triangle from "./triangle.ts";
import * as unfold from "./unfold.ts";

/** The families, in the order of the documentation. */
const modules = {
  fusion,
  reduce,
  statistics,
  argReduce,
  pooling,
  adaptive,
  conv,
  convTranspose,
  correlate,
  unfold,
  linear,
  dot,
  gather,
  scatter,
  normalise,
  activation,
  elementwise,
  functions,
  resize,
  gridSample,
  shape,
  margin,
  pixels,
  scan,
  sort,
  triangle,
  other,
};

/** Families also export other things. Operators are those with a type. */
function isOperator(value: unknown): value is Operator {
  return typeof value === "object" && value !== null && "type" in value && "inputs" in value;
}

/** The operators of each family, by name. */
export const families: Readonly<Record<string, readonly Operator[]>> = Object.fromEntries(
  Object.entries(modules).map(([name, family]) => [
    name,
    Object.values<unknown>(family)
      .filter(isOperator)
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ]),
);

/** All operators by name. No prototype, because a program may call any word. */
export const operators: Readonly<Record<string, Operator>> = Object.assign(
  Object.create(null) as Record<string, Operator>,
  Object.fromEntries(
    Object.values(families)
      .flat()
      .map((record) => [record.name, record]),
  ),
);

/** The operators of the language's symbols. `neg` is the unary minus. */
export const symbols = {
  "+": elementwise.add,
  "-": elementwise.sub,
  "*": elementwise.mul,
  "/": elementwise.div,
  "%": elementwise.mod,
  "==": elementwise.equal,
  "!=": elementwise.not_equal,
  "<": elementwise.less,
  "<=": elementwise.less_equal,
  ">": elementwise.greater,
  ">=": elementwise.greater_equal,
  and: elementwise.logical_and,
  or: elementwise.logical_or,
  not: elementwise.logical_not,
  neg: elementwise.neg,
} satisfies Record<string, Operator>;

const unwritten: readonly AttributeKind[] = ["keyed", "maps", "results"];
const takesAxes: readonly AttributeKind[] = ["keyed", "maps", "axes", "axis"];

/**
 * Names that no axis may have: attributes of operators that take axes as keys or in lists, where the two would be
 * ambiguous. The `c` of a convolution is an axis itself. Single letters stay free, because axes use them.
 */
export const reservedAxisNames: ReadonlySet<string> = new Set(
  Object.values(operators).flatMap(({ attributes }) => {
    const entries = Object.entries(attributes);
    if (!entries.some(([, { kind }]) => takesAxes.includes(kind))) return [];
    return entries.flatMap(([name, { kind, axis }]) =>
      axis || unwritten.includes(kind) || name.length === 1 ? [] : [name],
    );
  }),
);
