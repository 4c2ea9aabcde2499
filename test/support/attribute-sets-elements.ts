/** @file Attribute sets of elementwise operators: activations, functions, arithmetic, choice. */
import type { AttributeSet, AttributeSets } from "./attribute-sets.ts";

/** Sets of a unary function with these attributes: rank 0, 1 and 6, and other dtypes. */
function unary(name: string, attributes: readonly string[] = [], dtypes: readonly string[] = []): AttributeSet[] {
  const [first = "", ...others] = attributes.map((text) => `, ${text}`);
  return [
    { code: `${name}(x${first})`, inputs: "x: [u, n, c, d, h, w]" },
    { code: `${name}(x${first})`, inputs: "x: [t]" },
    { code: `${name}(x${first})`, inputs: "x: []" },
    ...others.map((text) => ({ code: `${name}(x${text})`, inputs: "x: [n, h, w, c]" })),
    ...dtypes.map((dtype) => ({ code: `${name}(x${first})`, inputs: `x: ${dtype}[n, t]` })),
  ];
}

/** Sets of a binary operator: either operand may be the smaller, a number or a size. `b` is an expression over `b`. */
function binary(
  name: string,
  symbol: string,
  dtypes: readonly string[] = [],
  b: (dtype: string) => string = () => "b",
): AttributeSet[] {
  const call = (left: string, right: string) =>
    symbol === "" ? `${name}(${left}, ${right})` : `${left} ${symbol} ${right}`;
  const both = (dtype: string) => call("a", b(dtype));
  return [
    { code: both(""), inputs: "a: [c, n], b: [u, n, c, d, h, w]" },
    { code: both(""), inputs: "a: [u, n, c, d, h, w], b: [u, c, h]" },
    { code: both(""), inputs: "a: [n, h, w, c], b: [w, c, n, h]" },
    { code: both(""), inputs: "a: [n, t], b: []" },
    { code: call("a", "1.5"), inputs: "a: [n, t]" },
    { code: call("2", "a"), inputs: "a: [t, n]" },
    { code: call("a", "t"), inputs: "a: [n, t]" },
    ...dtypes.map((dtype) => ({ code: both(dtype), inputs: `a: ${dtype}[n, c, h, w], b: ${dtype}[w, n]` })),
  ];
}

const logical = (symbol: string): AttributeSet[] => [
  { code: `a ${symbol} b`, inputs: "a: bool[n, d, w], b: bool[u, n, c, d, h, w]" },
  { code: `a ${symbol} b`, inputs: "a: bool[n, h, w, c], b: bool[w, c, n, h]" },
  { code: `a ${symbol} b`, inputs: "a: bool[n, t], b: bool[]" },
];

const notNumbers = [NaN, Infinity, -Infinity, 0, 3];
const ties = [-2.5, -1.5, -0.75, 0.5, 1.5, 2.5, 3.25];

export const elements: AttributeSets = {
  abs: unary("abs", [], ["i32"]),
  celu: unary("celu", ["alpha: 0.3", "alpha: 2"]),
  clamp: [
    ...unary("clamp", ["min: -0.5, max: 0.25", "max: 1.5", "min: 0.75"]),
    { code: "clamp(x, min: -1, max: 2)", inputs: "x: i32[n, t]" },
    { code: "clamp(x, max: 0)", inputs: "x: i32[t]" },
  ],
  elu: unary("elu", ["alpha: 0.3", "alpha: 2"]),
  gelu: [...unary("gelu", ["approximate: tanh", "approximate: none"])],
  isinf: [...unary("isinf"), { code: "isinf(x)", inputs: "x: [n, t]", values: notNumbers }],
  isnan: [...unary("isnan"), { code: "isnan(x)", inputs: "x: [n, t]", values: notNumbers }],
  leaky_relu: unary("leaky_relu", ["negative_slope: 0.3", "negative_slope: 1.5"]),
  neg: [
    { code: "-x", inputs: "x: [u, n, c, d, h, w]" },
    { code: "-x", inputs: "x: []" },
    { code: "-x", inputs: "x: i32[n, t]" },
  ],
  prelu: [
    { code: "prelu(x)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "prelu(x, axis: d)", inputs: "x: [u, n, c, d: 3, h, w]" },
    { code: "prelu(x, axis: t)", inputs: "x: [t: 5]" },
    { code: "prelu(x, axis: c)", inputs: "x: [n, h, w, c: 1]" },
  ],
  round: [...unary("round"), { code: "round(x)", inputs: "x: [n, t]", values: ties }],
  square: unary("square", [], ["i32"]),

  add: [
    ...binary("add", "+", ["i32"]),
    { code: "a + b", inputs: "a: [u, n, c, d, e, h, w], b: [h, n]" },
    { code: "a + b", inputs: "a: [u, n, c, d, e, h, w], b: [w, h, e, d, c, n, u]" },
    { code: "a + 1", inputs: "a: [u, n, c, d, e, h, w]" },
  ],
  div: binary("div", "/"),
  equal: [
    ...binary("equal", "==", ["i32", "bool"]),
    { code: "a == b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] },
  ],
  greater: [...binary("greater", ">", ["i32"]), { code: "a > b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] }],
  greater_equal: [
    ...binary("greater_equal", ">=", ["i32"]),
    { code: "a >= b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] },
  ],
  less: [...binary("less", "<", ["i32"]), { code: "a < b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] }],
  less_equal: [
    ...binary("less_equal", "<=", ["i32"]),
    { code: "a <= b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] },
  ],
  logical_and: logical("and"),
  logical_not: [
    { code: "not x", inputs: "x: bool[u, n, c, d, h, w]" },
    { code: "not x", inputs: "x: bool[]" },
  ],
  logical_or: logical("or"),
  maximum: binary("maximum", "", ["i32"]),
  minimum: binary("minimum", "", ["i32"]),
  // The remainder of an integer divided by 0 is undefined.
  mod: binary("mod", "%", ["i32"], (dtype) => (dtype === "i32" ? "(2 * b + 1)" : "b")),
  mul: binary("mul", "*", ["i32"]),
  not_equal: [
    ...binary("not_equal", "!=", ["i32", "bool"]),
    { code: "a != b", inputs: "a: [n, t], b: [t]", values: [-1, 0.5, 2] },
  ],
  pow: [...binary("pow", ""), { code: "pow(abs(a), b)", inputs: "a: [n, c, h, w], b: [w, n]" }],
  sub: binary("sub", "-", ["i32"]),
  where: [
    { code: "where(m, a, b)", inputs: "m: bool[c, n], a: [u, n, c, d, h, w], b: [d, u]" },
    { code: "where(m, a, b)", inputs: "m: bool[n, c, h, w], a: [c], b: [w, n]" },
    { code: "where(m, a, b)", inputs: "m: bool[u, c, h], a: bool[n, d, w], b: bool[u, n, c, d, h, w]" },
    { code: "where(m, a, b)", inputs: "m: bool[u, c, h], a: [u, n, c, d, e, h, w], b: [d, n, w]" },
    { code: "where(m, a, b)", inputs: "m: bool[], a: [n, t], b: [t, n]" },
    { code: "where(m, 1, x)", inputs: "m: bool[t], x: [n, t]" },
    { code: "where(m, a, b)", inputs: "m: bool[t, n], a: i32[n, t], b: i32[t]" },
    { code: "where(m, a, b)", inputs: "m: bool[n, t], a: bool[t], b: bool[n, t, c]" },
  ],
  cast: [
    { code: "cast(x, i32)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "cast(x, bool)", inputs: "x: [n, t]", values: [0, 1, -0.25] },
    { code: "cast(x, f32)", inputs: "x: [n, t]" },
    { code: "cast(x, f32)", inputs: "x: i32[n, t]" },
    { code: "cast(x, bool)", inputs: "x: i32[n, t]" },
    { code: "cast(x, i32)", inputs: "x: bool[t]" },
    { code: "cast(x, f32)", inputs: "x: bool[n, c, h, w]" },
  ],
};
