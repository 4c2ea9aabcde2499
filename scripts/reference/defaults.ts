/** @file Generates docs/operators/defaults.md: every default of every operator beside PyTorch's, with the reason if they differ. */
import { readFileSync } from "node:fs";
import type { Attribute } from "../../src/ir/attribute.ts";
import type { Operator } from "../../src/ir/operator.ts";
import { operators } from "../../src/ops/table.ts";
import { code, generated, table } from "./markdown.ts";

interface Signature {
  readonly required: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** The signatures that `test/golden/signatures.py` wrote. */
const signatures = JSON.parse(
  readFileSync(new URL("../../test/golden/signatures.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Signature>>;

/** What belongs to an operator in PyTorch. */
interface Counterpart {
  /** The key of its signature; undefined if it has none. */
  readonly pytorch: string | undefined;
  /** Parameters whose names differ from the attributes', in addition to `renamed`. */
  readonly named?: Readonly<Record<string, string>>;
  /** Why the defaults of an attribute or parameter differ, or why only one side has it. */
  readonly reasons?: Readonly<Record<string, string>> | undefined;
}

/** PyTorch's names of attributes that many operators have. */
const renamed: Readonly<Record<string, string>> = {
  axis: "dim",
  keepdims: "keepdim",
  kernel: "kernel_size",
  pad: "padding",
  indices: "return_indices",
};

const training = "matters only in training";

/** Parameters that change no number of a result, or only its dtype. */
const irrelevant = ["device", "dtype", "layout", "pin_memory", "out", "inplace"];

const spatialAxes = "PyTorch has a module for each number of axes";
const initReasons = { init: "a function of its own in PyTorch" };
const layerReasons = { ...initReasons, axis: spatialAxes };
const fixed = "fixed at PyTorch's default";
const isNone = (value: string) => `PyTorch's \`None\` means ${value}`;
const channels = "PyTorch's second axis";
const spatial = { spatial: "PyTorch's axes after the second" };
const alpha = { alpha: "`a + alpha * b` says the same" };
const scanReasons = { reverse: "TensorFlow's; PyTorch computes what `false` does" };
const resizeReasons = {
  axis: spatialAxes,
  align_corners: isNone("`false`"),
  size: "the sizes of the axes, or `like:`",
  recompute_scale_factor: "sizes are exact, so there is nothing to compute again",
};
const module = (name: string, reasons?: Counterpart["reasons"]): Counterpart => ({ pytorch: `nn.${name}`, reasons });
const torch = (name: string, reasons?: Counterpart["reasons"]): Counterpart => ({ pytorch: `torch.${name}`, reasons });
const none = (reasons?: Counterpart["reasons"]): Counterpart => ({ pytorch: undefined, reasons });
const variance = (name: string) => torch(`${name}.correction`, { correction: isNone("1") });
const normOf = { pytorch: "torch.linalg_vector_norm", reasons: { ord: "the operator's name says it" } };
const perChannel = (name: string, more?: Counterpart["reasons"]) => module(name, { axis: channels, ...more });

/** Operators on elements that have the name of PyTorch's function and no attributes. */
const plain = [
  "abs acos acosh asin asinh atan atanh ceil cos cosh erf exp expm1 floor isinf isnan log log1p logical_and logical_not",
  "logical_or maximum minimum neg reciprocal round rsqrt sign sin sinh sqrt square tan",
].flatMap((names) => names.split(" "));

export const counterparts: Readonly<Record<string, Counterpart>> = {
  ...Object.fromEntries(plain.map((name) => [name, torch(name)])),
  add: torch("add.Tensor", alpha),
  sub: torch("sub.Tensor", alpha),
  mul: torch("mul.Tensor"),
  div: torch("div.Tensor"),
  mod: torch("remainder.Tensor"),
  pow: torch("pow.Tensor_Tensor"),
  equal: torch("eq.Tensor"),
  not_equal: torch("ne.Tensor"),
  less: torch("lt.Tensor"),
  less_equal: torch("le.Tensor"),
  greater: torch("gt.Tensor"),
  greater_equal: torch("ge.Tensor"),
  where: torch("where.self"),
  masked_fill: torch("masked_fill.Scalar"),
  clamp: torch("clamp"),

  celu: module("CELU"),
  elu: module("ELU"),
  gelu: module("GELU"),
  hardsigmoid: module("Hardsigmoid"),
  hardswish: module("Hardswish"),
  hardtanh: module("Hardtanh", {
    min_val: "fixed at PyTorch's default: `clamp` has other bounds",
    max_val: "fixed at PyTorch's default: `clamp` has other bounds",
    min_value: "the old name of `min_val`",
    max_value: "the old name of `max_val`",
  }),
  leaky_relu: module("LeakyReLU"),
  log_sigmoid: none(),
  log_softmax: module("LogSoftmax"),
  mish: module("Mish"),
  prelu: {
    pytorch: "nn.PReLU",
    named: { axis: "num_parameters" },
    reasons: { axis: "without an axis there is one parameter, too", init: fixed },
  },
  relu: module("ReLU"),
  relu6: module("ReLU6"),
  selu: module("SELU"),
  sigmoid: none(),
  silu: module("SiLU"),
  softmax: module("Softmax"),
  softplus: module("Softplus", { beta: fixed, threshold: "float32 makes no difference beyond PyTorch's default" }),
  softsign: none(),
  tanh: none(),

  all: torch("all.dim"),
  any: torch("any.dim"),
  max: torch("amax"),
  min: torch("amin"),
  mean: torch("mean.dim"),
  sum: torch("sum.dim_IntList"),
  prod: torch("prod.dim_int"),
  argmax: torch("argmax"),
  argmin: torch("argmin"),
  l1: normOf,
  l2: normOf,
  logsumexp: torch("logsumexp"),
  std: variance("std"),
  var: variance("var"),
  cumsum: torch("cumsum", { ...scanReasons, exclusive: scanReasons.reverse }),
  cumprod: torch("cumprod", { ...scanReasons, exclusive: scanReasons.reverse }),

  avgpool: module("AvgPool2d", {
    axis: spatialAxes,
    dilation: "PyTorch's has none, as with 1",
    divisor_override: "multiply the result",
  }),
  maxpool: module("MaxPool2d", { axis: spatialAxes }),
  lppool: module("LPPool2d", {
    axis: spatialAxes,
    norm_type: "the Euclidean norm is the usual one",
    pad: "PyTorch's does not pad, as with 0",
    dilation: "PyTorch's has none, as with 1",
  }),
  adaptive_avgpool: module("AdaptiveAvgPool2d"),
  adaptive_maxpool: module("AdaptiveMaxPool2d"),

  conv: module("Conv2d", {
    ...layerReasons,
    kernel: "a map of the channels is the most common convolution",
    pad: "most convolutions keep the size of the image: PyTorch's is `pad: 0`",
  }),
  conv_transpose: module("ConvTranspose2d", { ...layerReasons, padding_mode: "only `zeros` in PyTorch, too" }),
  correlate: torch("conv2d", {
    stride: "one value is for all axes",
    pad: "one value is for all axes",
    dilation: "one value is for all axes",
    contract: "the channels, which `conv2d` finds by their place",
    batch: "pairs axes by name, as `groups` does by place",
    groups: "axes in `batch:`",
    bias: "`+`",
  }),
  unfold: module("Unfold", { axis: spatialAxes }),
  fold: module("Fold"),
  linear: module("Linear", initReasons),
  embedding: module("Embedding", {
    ...initReasons,
    padding_idx: training,
    max_norm: "would change the weight while the model runs",
    norm_type: "belongs to `max_norm`",
    scale_grad_by_freq: training,
    sparse: training,
    _weight: "not public",
    _freeze: training,
  }),
  dot: none({ batch: "`einsum` has no such parameter: its formula says it" }),
  gather: torch("index_select"),
  scatter_add: torch("scatter_add"),
  one_hot: torch("one_hot", {
    num_classes: "the size of the new axis: the largest index is not known when a model is built",
  }),

  batchnorm: perChannel("BatchNorm2d", {
    momentum: training,
    track_running_stats: "a result that depends on the rest of the batch is for training",
  }),
  groupnorm: perChannel("GroupNorm", spatial),
  instancenorm: perChannel("InstanceNorm2d", { ...spatial, momentum: training }),
  layernorm: module("LayerNorm"),
  rmsnorm: module("RMSNorm", { eps: isNone("this number, `torch.finfo(torch.float32).eps`") }),
  normalize: { pytorch: "F.normalize" },
  lrn: perChannel("LocalResponseNorm"),

  resize: {
    pytorch: "F.interpolate",
    reasons: {
      ...resizeReasons,
      scale_factor: "`upsample`",
      like: "PyTorch's `size=y.shape[2:]`",
    },
  },
  upsample: {
    pytorch: "nn.Upsample",
    named: { scale: "scale_factor" },
    reasons: { ...resizeReasons, scale: "required: `resize` takes sizes" },
  },
  grid_sample: {
    pytorch: "F.grid_sample",
    reasons: { axis: spatialAxes, align_corners: isNone("`false`") },
  },
  pad: { pytorch: "F.pad", reasons: { value: isNone("0") } },
  pixel_shuffle: module("PixelShuffle", { axis: spatialAxes }),
  pixel_unshuffle: module("PixelUnshuffle", { axis: spatialAxes }),
  channel_shuffle: module("ChannelShuffle"),

  concat: torch("cat"),
  stack: torch("stack"),
  split: torch("split.Tensor", { axis: "not needed if the sizes name their axis" }),
  unstack: torch("unbind.int"),
  expand: torch("expand", { like: "the other way to say the sizes", implicit: "not public" }),
  tile: torch("tile"),
  slice: torch("slice.Tensor", {
    dim: "the axes are named",
    start: "written",
    end: "written",
    step: "1 if it is not written",
  }),
  reshape: torch("reshape"),
  rename: none(),
  squeeze: torch("squeeze.dim"),
  unsqueeze: torch("unsqueeze"),
  flip: { pytorch: "torch.flip", named: { axis: "dims" } },
  sort: torch("sort", { indices: "PyTorch always returns both" }),
  argsort: torch("argsort"),
  topk: torch("topk", { indices: "PyTorch always returns both", sorted: "always" }),
  roll: torch("roll", { dims: "the axes are named" }),
  tril: torch("tril"),
  triu: torch("triu"),
  iota: torch("arange"),
  cast: none(),
  dropout: module("Dropout"),
  identity: none(),
};

/** One default beside the other. */
export interface Comparison {
  readonly operator: string;
  /** The attribute, or PyTorch's parameter if there is no attribute. */
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  readonly agree: boolean;
  readonly reason: string | undefined;
}

const absent = "";
const required = "required";
const valueText = (value: unknown): string =>
  value === null || value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);

/** Attributes that are written as sizes or arrows have no default to compare. */
const isCompared = ({ kind }: Attribute): boolean => kind !== "keyed" && kind !== "maps" && kind !== "results";

/** Compares the defaults of one operator. Attributes and parameters that both sides require are left out. */
function compare(op: Operator): Comparison[] {
  const { pytorch, named = {}, reasons = {} } = counterparts[op.name] ?? {};
  const signature = pytorch === undefined ? undefined : signatures[pytorch];
  const matched = new Set<string>();
  const rows = Object.entries(op.attributes)
    .filter(([, attribute]) => isCompared(attribute))
    .map(([name, attribute]): Comparison => {
      const parameter = named[name] ?? renamed[name] ?? name;
      const known = [name, parameter].find((key) => knows(signature, key));
      if (known !== undefined) matched.add(known);
      const ours = attribute.default === undefined && !attribute.optional ? required : valueText(attribute.default);
      const theirs = known === undefined ? absent : defaultText(signature!, known);
      const isAxis = attribute.kind === "axis" || attribute.kind === "axes";
      const general = ours === required && isAxis ? "axes are named, so none is the first" : undefined;
      return { operator: op.name, name, ours, theirs, agree: ours === theirs, reason: reasons[name] ?? general };
    });
  const others = Object.keys(signature?.defaults ?? {})
    .filter((name) => !matched.has(name) && !irrelevant.includes(name))
    .map((name): Comparison => {
      const reason = reasons[name];
      return { operator: op.name, name, ours: absent, theirs: defaultText(signature!, name), agree: false, reason };
    });
  return [...rows, ...others].filter(
    ({ ours, theirs }) => ![ours, theirs].every((text) => text === required || text === absent),
  );
}

const knows = (signature: Signature | undefined, name: string): boolean =>
  signature !== undefined && (signature.required.includes(name) || Object.hasOwn(signature.defaults, name));

const defaultText = ({ required: needed, defaults }: Signature, name: string): string =>
  needed.includes(name) ? required : valueText(defaults[name]);

/** Returns every comparison, in the order of the operators. */
export const comparisons = (): readonly Comparison[] => Object.values(operators).flatMap(compare);

/** Returns the page. */
export function defaultsPage(): string {
  const cell = (text: string) => (text === absent ? "" : text === required || text === "none" ? text : code(text));
  const rows = comparisons().map(({ operator, name, ours, theirs, agree, reason }) => {
    const counterpart =
      counterparts[operator]?.pytorch?.replace(/\.(Tensor|dim|self|int|correction)(_\w+)?$/, "") ?? "";
    return [
      code(operator),
      code(name),
      cell(ours),
      cell(theirs),
      counterpart && code(counterpart),
      agree ? "" : (reason ?? ""),
    ];
  });
  const about =
    "Every default of every operator beside PyTorch's, and the reason where they differ or only one side has the parameter. " +
    "`none` is Python's `None`, or an attribute that may be left out. PyTorch's signatures are in " +
    "[signatures.json](../../test/golden/signatures.json); a test fails if a difference has no reason. Where a tensor is, its dtype, " +
    "and whether it is overwritten are left out.\n\n";
  return `${generated}# Defaults\n\n${about}${table(["operator", "attribute", "Fuse", "PyTorch", "in PyTorch", ""], rows)}`;
}
