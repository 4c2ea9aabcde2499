/** @file Calls whose results for NaN and infinities are documented: what each engine gives. */

/** A call of `x`, whose elements are f32. The result is `y`. */
export interface NotFiniteCase {
  readonly code: string;
  /** The type of `x`, and its elements. */
  readonly input: string;
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly result: string;
}

const [nan, inf] = [NaN, Infinity];

const onElements = (code: string, result = ""): NotFiniteCase => ({
  code,
  input: "[c]",
  shape: [4],
  x: [nan, inf, -inf, 1],
  result: `${result}[c]`,
});

const onRows = (code: string, rows: readonly (readonly number[])[], result: string): NotFiniteCase[] =>
  rows.map((row) => ({ code, input: "[c]", shape: [row.length], x: row, result }));

const rows = [
  [1, nan, 3],
  [inf, 1, -inf],
];

const onImages = (code: string, result: string): NotFiniteCase[] =>
  [
    [1, nan, 3, 4],
    [1, inf, -inf, 4],
    [-inf, -inf, -inf, -inf],
  ].map((x) => ({ code, input: "[n, h: 2, w: 2]", shape: [1, 2, 2], x, result }));

export const notFiniteCases: readonly NotFiniteCase[] = [
  ...[
    "relu",
    "relu6",
    "elu",
    "selu",
    "sigmoid",
    "tanh",
    "silu",
    "gelu",
    "softplus",
    "mish",
    "hardswish",
    "hardsigmoid",
  ].map((name) => onElements(`${name}(x)`)),
  ...["abs", "exp", "log", "sqrt", "square", "sign", "floor", "erf"].map((name) => onElements(`${name}(x)`)),
  ...["leaky_relu(x)", "clamp(x, min: -2, max: 2)", "clamp(x, min: -2)", "clamp(x, max: 2)", "hardtanh(x)"].map(
    (code) => onElements(code),
  ),
  ...[
    "maximum(x, 0.5)",
    "minimum(x, 0.5)",
    "x + 1",
    "x * 0",
    "1 / x",
    "0 / (x - x)",
    "x % 2",
    "2 % x",
    "-2 % x",
    "pow(x, 0.5)",
  ].map((code) => onElements(code)),
  ...["x > 0", "x == x", "x != x", "isnan(x)", "isinf(x)", "cast(x, bool)"].map((code) => onElements(code, "bool")),
  { code: "cast(x, i32)", input: "[c]", shape: [5], x: [nan, inf, -inf, 3e9, -3e9], result: "i32[c]" },
  ...["max", "min", "sum", "mean", "prod", "logsumexp"].flatMap((name) => onRows(`${name}(x, axis: c)`, rows, "[]")),
  ...["argmax", "argmin"].flatMap((name) => onRows(`${name}(x, axis: c)`, rows, "i32[]")),
  ...["softmax", "log_softmax", "cumsum", "cumprod", "normalize"].flatMap((name) =>
    onRows(`${name}(x, axis: c)`, rows, "[c]"),
  ),
  ...onRows("softmax(x, axis: c)", [[-inf, -inf, -inf]], "[c]"),
  ...["maxpool", "avgpool"].flatMap((name) => onImages(`${name}(x, kernel: 2)`, "[n, h: 1, w: 1]")),
  ...["adaptive_maxpool", "adaptive_avgpool"].flatMap((name) => onImages(`${name}(x, h: 1, w: 1)`, "[n, h: 1, w: 1]")),
  ...["max", "mean"].flatMap((name) => onImages(`${name}(x, axis: [h, w])`, "[n]")),
  ...onImages("upsample(x, 2, mode: bilinear)", "[n, h: 4, w: 4]").slice(0, 1),
];
