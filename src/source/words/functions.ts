/** @file Functions, methods and modules of PyTorch and NumPy that are written differently here. Renamed ones are in the operators' records. */
import { axisList, bySpelling, type Word } from "./word.ts";

const order = "axes have names instead of an order: leave it out";
const values = "values never change and have no device: leave it out";
const product = "a product names the axis to sum over";
const filled = "repeat a number over the axes";
const layer = "a layer is written where it is used, and its label names its weights";
const lists = "a block has no lists of modules: write a pipeline, with labels that name the weights";
const margin = "name the axes that get a margin";

const sameAxes = "x: [n, c, h, w], y: [n, c, h, w]";
const vectors = "u: [c], v: [d]";

/** Returns a whole number among a program's arguments, or what the record shows. */
const size = (arg: string | undefined, otherwise: number): string =>
  arg !== undefined && /^\w+$/.test(arg) ? arg : String(otherwise);

/** Writes an attribute from an argument of PyTorch's: `padding=(1, 0)` is `pad: [1, 0]`. Nothing if it has the default. */
function attribute(name: string, arg: string | undefined, otherwise: string): string {
  if (arg === undefined || arg === otherwise) return "";
  const [, item] = /^[[(](\w+)(?:, *\1)*[\])]$/.exec(arg) ?? [];
  const value = (item ?? arg)
    .replace(/^\(/, "[")
    .replace(/\)$/, "]")
    .replace(/^["'](\w+)["']$/, "$1")
    .toLowerCase();
  return `, ${name}: ${/^[\w.]+$|^\[[\w., ]+\]$/.test(value) ? value : "…"}`;
}

/** The parameters of PyTorch's convolutions, and the attributes of `conv`: `pad` is `same` here and 0 there. */
const convolution = ["in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"];
const convolved = ([, c, kernel, stride, padding = "0", dilation, groups, bias]: readonly (
  string | undefined
)[]): string =>
  `conv(x, c: ${size(c, 64)}${attribute("kernel", kernel ?? "3", "1")}${attribute("stride", stride, "1")}` +
  `${attribute("pad", padding, "'same'")}${attribute("dilation", dilation, "1")}${attribute("groups", groups, "1")}` +
  `${attribute("bias", bias, "True")}) @conv1`;

/** Returns the tensors of a call, or those that the record shows. */
const tensors = (args: readonly string[], ...names: readonly string[]): readonly string[] =>
  names.map((name, i) => (/^[A-Za-z_]\w*$/.test(args[i] ?? "") ? args[i]! : name));

/** Writes `einsum("nd,md->nm", u, v)` as a `dot`: paired axes are in both operands and in the result, summed ones in the operands only. */
function einsum(given: readonly (string | undefined)[]): string {
  const args = given.filter((arg) => arg !== undefined);
  const equation = args.find((arg) => /^["']/.test(arg))?.replace(/["'\s]/g, "");
  const [a, b] = tensors(
    args.filter((arg) => !/^["']/.test(arg)),
    "a",
    "b",
  );
  const [, left, right, result] = /^([A-Za-z]{1,10}),([A-Za-z]{1,10})->([A-Za-z]{0,10})$/.exec(equation ?? "") ?? [];
  const shared = [...(left ?? "nid")].filter((axis) => (right ?? "ndj").includes(axis));
  const isPaired = (axis: string) => (result ?? "nij").includes(axis);
  const batch = shared.filter(isPaired);
  const contract = axisList(shared.filter((axis) => !isPaired(axis)));
  return `dot(${a}, ${b}, contract: ${contract}${batch.length === 0 ? "" : `, batch: ${axisList(batch)}`})`;
}

export const functionWords: readonly Word[] = [
  // Products.
  {
    words: ["matmul", "mm", "mv", "inner", "tensordot", "addmm"],
    use: "matmul(a, b)",
    given: "a: [n, e], b: [e, k]",
    text: product,
    code: "dot(a, b, contract: e)",
  },
  {
    words: ["bmm", "baddbmm"],
    use: "bmm(a, b)",
    given: "a: [n, i, e], b: [n, e, j]",
    text: product,
    code: "dot(a, b, contract: e, batch: n)",
  },
  {
    words: ["einsum"],
    use: 'einsum("nid,ndj->nij", a, b)',
    given: "a: [n, i, d], b: [n, d, j]",
    text: product,
    code: einsum,
  },
  {
    words: ["outer", "ger"],
    use: "outer(u, v)",
    given: vectors,
    text: "each element with each: nothing is summed",
    code: "dot(u, v, contract: [])",
  },
  {
    words: ["scaled_dot_product_attention"],
    use: "scaled_dot_product_attention(q, k, v)",
    given: "q: [n, head, t, e], k: [n, head, s, e], v: [n, head, s, e]",
    text: "with axes `[n, head, t, e]` of the queries and `[n, head, s, e]` of the keys",
    code: "dot(dot(q, k, contract: e, batch: [n, head]) / sqrt(q.e) |> softmax(axis: s), v, contract: s, batch: [n, head])",
  },
  // Axes.
  {
    words: ["permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "adjoint"],
    use: "permute(x, 0, 2, 3, 1)",
    text: order,
    code: "x",
  },
  {
    words: ["view", "reshape", "flatten", "view_as", "reshape_as", "ravel"],
    use: "view(x, n, -1)",
    text: "merge axes by name",
    code: "reshape(x, [c, h, w] -> d)",
  },
  {
    words: ["unflatten"],
    use: "unflatten(x, 1, (2, -1))",
    given: "x: [n, d: 2 * k]",
    text: "split an axis by name",
    code: "reshape(x, d -> [head: 2, e])",
  },
  { words: ["Flatten"], use: "Flatten()", text: "merge axes by name", code: "reshape(x, [c, h, w] -> d)" },
  {
    words: ["expand_as", "broadcast_to"],
    use: "expand_as(v, x)",
    given: "v: [n, c], x: [n, c, h, w]",
    text: "axes that both have are paired by name",
    code: "expand(v, like: x)",
  },
  {
    words: ["repeat"],
    use: "repeat(x, 1, 2)",
    given: "x: [n, t]",
    text: "name the axis that is repeated",
    code: "tile(x, t: 2)",
  },
  {
    words: ["repeat_interleave"],
    use: "repeat_interleave(x, 2, dim=1)",
    given: "x: [n, t, d]",
    text: "repeat every element of an axis",
    code: "upsample(x, 2, axis: t)",
  },
  {
    words: ["cat", "concatenate", "hstack", "vstack", "column_stack"],
    use: "cat([x, y], dim=1)",
    given: "x: [n, c, h, w], y: [n, c: k, h, w]",
    text: "pass the tensors one by one, and name the axis",
    code: "concat(x, y, axis: c)",
  },
  {
    words: ["chunk", "tensor_split"],
    use: "chunk(x, 2, dim=1)",
    given: "x: [n, c: 2 * k]",
    text: "split an axis into as many parts as there are names",
    code: "a, b = split(x, axis: c)",
  },
  {
    words: ["unbind"],
    use: "unbind(x, dim=1)",
    given: "x: [n, t: 2, d]",
    text: "split an axis into its elements",
    code: "a, b = unstack(x, axis: t)",
  },
  {
    words: ["size", "dim", "ndimension", "len"],
    use: "size(x, 1)",
    text: "the size of axis `c` is",
    code: "x.c",
  },
  { words: ["numel", "nelement"], use: "numel(x)", text: "multiply the sizes", code: "x.n * x.c" },
  // Elements by index.
  {
    words: ["index_select", "take", "take_along_dim"],
    use: "index_select(x, 1, index)",
    given: "x: [n, t, d], index: i32[k]",
    text: "select elements of an axis",
    code: "gather(x, index, axis: t)",
  },
  {
    words: ["select"],
    use: "select(x, 1, 0)",
    given: "x: [n, t, d]",
    text: "select one element of an axis",
    code: "slice(x, t: [0, 1]) |> squeeze(axis: t)",
  },
  {
    words: ["narrow", "narrow_copy"],
    use: "narrow(x, 1, start, length)",
    given: "x: [n, t, d], start: int = 0, length: int",
    text: "select a part of an axis",
    code: "slice(x, t: [start, start + length])",
  },
  // Tensors that are made.
  {
    words: ["zeros", "new_zeros", "empty", "new_empty"],
    use: "zeros(4, 8)",
    text: filled,
    code: "expand(0.0, n: 4, c: 8)",
  },
  { words: ["ones", "new_ones"], use: "ones(4, 8)", text: filled, code: "expand(1.0, n: 4, c: 8)" },
  {
    words: ["full", "new_full"],
    use: "full((4, 8), fill)",
    given: "x: [n], fill: float",
    text: filled,
    code: "expand(fill, n: 4, c: 8)",
  },
  { words: ["zeros_like", "empty_like"], use: "zeros_like(x)", text: filled, code: "expand(0.0, like: x)" },
  { words: ["ones_like"], use: "ones_like(x)", text: filled, code: "expand(1.0, like: x)" },
  {
    words: ["full_like"],
    use: "full_like(x, fill)",
    given: "x: [n, c], fill: float",
    text: filled,
    code: "expand(fill, like: x)",
  },
  {
    words: ["arange", "range"],
    use: "arange(length)",
    given: "x: [n], length: int",
    text: "name the axis",
    code: "iota(t: length)",
  },
  {
    words: ["linspace"],
    use: "linspace(start, end, steps)",
    given: "x: [n], start: float, end: float, steps: int",
    text: "compute it from positions",
    code: "start + cast(iota(t: steps), f32) * ((end - start) / (steps - 1))",
  },
  {
    words: ["meshgrid"],
    use: "meshgrid(u, v)",
    given: "u: [h], v: [w]",
    text: "operands pair their axes by name, so a grid is seldom needed; if it is",
    code: "rows = expand(u, w: v.w)\ncolumns = expand(v, h: u.h)",
  },
  {
    words: ["eye"],
    use: "eye(size)",
    given: "x: [n], size: int",
    text: "compare positions",
    code: "cast(expand(iota(t: size), s: size) == iota(s: size), f32)",
  },
  {
    words: ["tensor", "as_tensor", "from_numpy", "array", "register_buffer"],
    use: "tensor([0.5, 0.25])",
    text: "declare numbers that are known as a constant",
    code: "const mean: [c: 2] = [0.5, 0.25]",
  },
  {
    words: ["Parameter", "register_parameter"],
    use: "Parameter(ones(64))",
    text: "declare a weight",
    code: "weight gamma: [c: 64] = ones",
  },
  // What values do not need.
  {
    words: ["contiguous", "detach", "clone", "requires_grad_", "cpu", "cuda", "pin_memory", "data_ptr", "retain_grad"],
    use: "contiguous(x)",
    text: values,
    code: "x",
  },
  // Dtypes.
  {
    words: ["float", "half", "double", "bfloat16"],
    use: "float(x)",
    given: "x: i32[n]",
    text: "convert with",
    code: "cast(x, f32)",
  },
  { words: ["long", "int", "short"], use: "long(x)", text: "convert with", code: "cast(x, i32)" },
  { words: ["bool"], use: "bool(x)", text: "convert with", code: "cast(x, bool)" },
  { words: ["to", "type", "astype", "type_as"], use: "to(x, float32)", text: "convert with", code: "cast(x, f32)" },
  // Arithmetic.
  { words: ["subtract"], use: "subtract(x, y)", given: sameAxes, text: "write", code: "x - y" },
  { words: ["multiply"], use: "multiply(x, y)", given: sameAxes, text: "write", code: "x * y" },
  { words: ["divide", "true_divide"], use: "divide(x, y)", given: sameAxes, text: "write", code: "x / y" },
  { words: ["floor_divide"], use: "floor_divide(x, y)", given: sameAxes, text: "write", code: "floor(x / y)" },
  { words: ["remainder"], use: "remainder(x, y)", given: sameAxes, text: "write", code: "x % y" },
  { words: ["negative"], use: "negative(x)", text: "write", code: "-x" },
  { words: ["eq"], use: "eq(x, y)", given: sameAxes, text: "write", code: "x == y" },
  { words: ["ne"], use: "ne(x, y)", given: sameAxes, text: "write", code: "x != y" },
  { words: ["lt"], use: "lt(x, y)", given: sameAxes, text: "write", code: "x < y" },
  { words: ["le"], use: "le(x, y)", given: sameAxes, text: "write", code: "x <= y" },
  { words: ["gt"], use: "gt(x, y)", given: sameAxes, text: "write", code: "x > y" },
  { words: ["ge"], use: "ge(x, y)", given: sameAxes, text: "write", code: "x >= y" },
  { words: ["amax"], use: "amax(x, dim=1)", text: "name the axis", code: "max(x, axis: c)" },
  { words: ["amin"], use: "amin(x, dim=1)", text: "name the axis", code: "min(x, axis: c)" },
  { words: ["norm", "vector_norm"], use: "norm(x, dim=1)", text: "the Euclidean norm is", code: "l2(x, axis: c)" },
  { words: ["logit"], use: "logit(p)", given: "p: [n]", text: "write", code: "log(p / (1 - p))" },
  { words: ["addcmul"], use: "addcmul(x, u, v)", given: "x: [n], u: [n], v: [n]", text: "write", code: "x + u * v" },
  {
    words: ["lerp"],
    use: "lerp(x, y, weight)",
    given: `${sameAxes}, weight: float`,
    text: "write",
    code: "x + weight * (y - x)",
  },
  { words: ["arccos"], use: "arccos(x)", text: "write", code: "acos(x)" },
  { words: ["arcsin"], use: "arcsin(x)", text: "write", code: "asin(x)" },
  { words: ["arctan"], use: "arctan(x)", text: "write", code: "atan(x)" },
  { words: ["arccosh"], use: "arccosh(x)", text: "write", code: "acosh(x)" },
  { words: ["arcsinh"], use: "arcsinh(x)", text: "write", code: "asinh(x)" },
  { words: ["arctanh"], use: "arctanh(x)", text: "write", code: "atanh(x)" },
  { words: ["absolute", "fabs"], use: "absolute(x)", text: "write", code: "abs(x)" },
  { words: ["clip", "clamp_min", "clamp_max"], use: "clip(x, 0, 1)", text: "write", code: "clamp(x, min: 0, max: 1)" },
  { words: ["fmax"], use: "fmax(x, y)", given: sameAxes, text: "write", code: "maximum(x, y)" },
  { words: ["fmin"], use: "fmin(x, y)", given: sameAxes, text: "write", code: "minimum(x, y)" },
  { words: ["rsub"], use: "rsub(x, y)", given: sameAxes, text: "write", code: "y - x" },
  { words: ["log2"], use: "log2(x)", text: "write", code: "log(x) * 1.4426950408889634" },
  { words: ["log10"], use: "log10(x)", text: "write", code: "log(x) * 0.4342944819032518" },
  { words: ["exp2"], use: "exp2(x)", text: "write", code: "pow(2.0, x)" },
  { words: ["sgn"], use: "sgn(x)", text: "write", code: "sign(x)" },
  { words: ["softmin"], use: "softmin(x, 1)", text: "write", code: "softmax(-x, axis: c)" },
  {
    words: ["logical_xor"],
    use: "logical_xor(p, q)",
    given: "p: bool[n], q: bool[n]",
    text: "write",
    code: "p != q",
  },
  {
    words: ["glu", "GLU"],
    use: "glu(x, dim=1)",
    given: "x: [n, c: 2 * k]",
    text: "split the axis, and gate one half with the other",
    code: "a, b = split(x, axis: c)\ny = a * sigmoid(b)",
  },
  { words: ["fliplr", "flipud"], use: "fliplr(x)", text: "name the axis", code: "flip(x, axis: w)" },
  {
    words: ["vsplit", "hsplit", "dsplit"],
    use: "vsplit(x, 2)",
    given: "x: [n, c: 2 * k]",
    text: "split an axis into as many parts as there are names",
    code: "a, b = split(x, axis: c)",
  },
  {
    words: ["dstack"],
    use: "dstack([x, y])",
    given: sameAxes,
    text: "name the new axis",
    code: "stack(x, y, axis: k)",
  },
  { words: ["vdot"], use: "vdot(a, b)", given: "a: [e], b: [e]", text: product, code: "dot(a, b, contract: e)" },
  // Layers.
  {
    words: ["Conv1d", "Conv2d", "Conv3d"],
    use: "Conv2d(3, 64, 3)",
    text: layer,
    parameters: convolution,
    code: convolved,
  },
  {
    words: ["conv1d", "conv2d", "conv3d"],
    use: "conv2d(x, weight)",
    text: layer,
    code: "conv(x, c: 64, kernel: 3) @conv1",
  },
  {
    words: ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"],
    use: "ConvTranspose2d(64, 32, 2, 2)",
    text: layer,
    parameters: ["in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding"],
    code: ([, c, kernel, stride, padding, more]) =>
      `conv_transpose(x, c: ${size(c, 32)}, kernel: ${size(kernel, 2)}${attribute("stride", stride, "1")}` +
      `${attribute("pad", padding, "0")}${attribute("output_padding", more, "0")}) @up`,
  },
  {
    words: ["Linear", "Dense"],
    use: "Linear(64, 10)",
    text: layer,
    parameters: ["in_features", "out_features", "bias"],
    code: ([, c, bias]) => `linear(x, c: ${size(c, 10)}${attribute("bias", bias, "True")}) @fc`,
  },
  {
    words: ["Embedding"],
    use: "Embedding(1000, 64)",
    given: "ids: i32[n, t]",
    text: layer,
    parameters: ["num_embeddings", "embedding_dim"],
    code: ([count, d]) => `embedding(ids, num_embeddings: ${size(count, 1000)}, d: ${size(d, 64)}) @embedding`,
  },
  {
    words: ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"],
    use: "BatchNorm2d(64)",
    text: layer,
    parameters: ["num_features"],
    code: "batchnorm(x) @bn1",
  },
  {
    words: ["LayerNorm"],
    use: "LayerNorm(64)",
    text: layer,
    parameters: ["normalized_shape"],
    code: "layernorm(x, axis: c) @norm",
  },
  {
    words: ["GroupNorm"],
    use: "GroupNorm(32, 64)",
    given: "x: [n, c: 64, h, w]",
    text: layer,
    parameters: ["num_groups", "num_channels"],
    code: ([groups]) => `groupnorm(x, groups: ${size(groups, 32)}) @norm`,
  },
  { words: ["Sequential"], use: "Sequential(a, b)", text: lists, code: "x |> conv(c: 64, kernel: 3) @0 |> relu" },
  {
    words: ["ModuleList", "ModuleDict"],
    use: "ModuleList([a, b])",
    text: lists,
    code: "x |> repeat(3) (conv(c: x.c, kernel: 3) @conv |> relu) @layers",
  },
  {
    words: ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"],
    use: "AdaptiveAvgPool2d(1)",
    text: "to average over whole axes, write",
    code: "mean(x, axis: [h, w])",
  },
  {
    words: ["ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d"],
    use: "ReflectionPad2d(1)",
    given: "x: [n, c, h: k + 2, w: m + 2]",
    text: margin,
    code: "pad(x, h: 1, w: [1, 1], mode: reflect)",
  },
  {
    words: ["ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d"],
    use: "ReplicationPad2d(1)",
    text: margin,
    code: "pad(x, h: 1, w: [1, 1], mode: replicate)",
  },
  {
    words: ["CircularPad1d", "CircularPad2d", "CircularPad3d"],
    use: "CircularPad2d(1)",
    text: margin,
    code: "pad(x, h: 1, w: [1, 1], mode: circular)",
  },
  {
    words: ["ZeroPad1d", "ZeroPad2d", "ZeroPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d"],
    use: "ZeroPad2d(1)",
    text: margin,
    code: "pad(x, h: 1, w: [1, 1])",
  },
  // What a graph does not do.
  {
    words: ["print"],
    use: "print(x)",
    text: "to see a value, return it as one more result",
    code: "return x, relu(x)",
  },
];

/** Names without an equivalent: the name of a similar operator would be a wrong guess. */
export const unrelatedFunctions: ReadonlySet<string> = new Set(
  (
    "Bilinear bilinear EmbeddingBag RReLU rrelu Tag addr around atan2 bin cond conj cov det dir erfc hub isin isnat " +
    "logcumsumexp lu ma map median mode modf msort nan nancumprod new os renorm signal sinc smm str svd tri ushort vars"
  ).split(" "),
);

export const foreignFunctions = bySpelling(functionWords);
