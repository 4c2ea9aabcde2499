/** @file Names from PyTorch, NumPy and Keras, and their equivalents here. */
import type { DType } from "../../contract/ndarray.ts";
import { operators } from "../../ops/table.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Span } from "../../source/source.ts";
import { didYouMean } from "../../source/suggest.ts";

/** Without what distinguishes PyTorch's modules and functions from each other: `AdaptiveAvgPool2d`, `batch_norm`. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll("_", "")
    .replace(/[123]d$/, "");

const operatorsByPlainName: ReadonlyMap<string, string> = new Map(
  Object.values(operators).flatMap(({ name, alsoCalled = [] }) =>
    [name, ...alsoCalled].map((word) => [plain(word), name] as const),
  ),
);

/** The operator that another framework calls so. */
export const foreignOperator = (name: string): string | undefined => operatorsByPlainName.get(plain(name));

/** Operators that own their weights, and what to write to use a tensor `w` instead. */
export const withTensorAsWeight: ReadonlyMap<string, readonly Help[]> = new Map<string, readonly Help[]>([
  ["linear", [{ text: "to multiply two tensors, name the axis to sum over", code: "dot(x, w, contract: c)" }]],
  ["embedding", [{ text: "to select rows of a tensor", code: "gather(w, x, axis: t)" }]],
  ["prelu", [{ text: "with slopes from a tensor", code: "where(x > 0, x, w * x)" }]],
  ["conv", [{ text: "to slide a tensor over another", code: "correlate(x, k, over: [h, w], contract: c)" }]],
]);

/** Attributes that differ only in name. */
export const foreignAttributes: ReadonlyMap<string, string> = new Map([
  ["out_channels", "c"],
  ["out_features", "c"],
  ["kernel_size", "kernel"],
  ["padding", "pad"],
  ["dim", "axis"],
  ["axes", "axis"],
  ["keepdim", "keepdims"],
  ["scale_factor", "scale"],
  ["num_groups", "groups"],
]);

/** Attributes that are unnecessary or written differently here. */
export const otherAttributes: ReadonlyMap<string, string> = new Map([
  ["in_channels", "remove it: it is the size of axis `c` of the input"],
  ["in_features", "remove it: it is a size of the input"],
  ["num_features", "remove it: it is the size of axis `c` of the input"],
  ["num_channels", "remove it: it is the size of axis `c` of the input"],
  ["normalized_shape", "name the axes: `axis: c`"],
  ["size", "name the axes: `h: 64, w: 64`"],
  ["dims", "axes have names here and are never permuted: remove it"],
  ["inplace", "remove it: values never change here"],
]);

/** Other words for a choice, by the choice that the attribute has. */
const otherWords: ReadonlyMap<string, readonly string[]> = new Map([
  ["bilinear", ["linear", "trilinear"]],
  ["bicubic", ["cubic"]],
  ["replicate", ["edge"]],
  ["circular", ["wrap"]],
  ["constant", ["zeros"]],
  ["zeros", ["constant"]],
]);

/** What to write instead of a choice that another framework has. */
export function foreignChoice(word: string, choices: readonly string[], span: Span): Help[] {
  const better = choices.find((choice) => otherWords.get(choice)?.includes(word));
  return didYouMean(span, better);
}

/** Initialisers. */
export const foreignInitializers: ReadonlyMap<string, string> = new Map([
  ["xavier", "glorot"],
  ["xavier_uniform", "glorot"],
  ["glorot_uniform", "glorot"],
  ["he", "kaiming"],
  ["he_uniform", "kaiming"],
  ["kaiming_uniform", "kaiming"],
  ["randn", "normal"],
  ["rand", "uniform"],
  ["zeros_", "zeros"],
  ["ones_", "ones"],
]);

/** Parameter types. */
export const foreignTypes: ReadonlyMap<string, string> = new Map([
  ["f16", "float"],
  ["f32", "float"],
  ["f64", "float"],
  ["double", "float"],
  ["number", "float"],
  ["i32", "int"],
  ["i64", "int"],
  ["long", "int"],
  ["boolean", "bool"],
]);

/** Dtypes. There are no wider or narrower ones, so those map to the nearest. */
export const foreignDtypes: ReadonlyMap<string, DType> = new Map([
  ["float", "f32"],
  ["float16", "f32"],
  ["float32", "f32"],
  ["float64", "f32"],
  ["f16", "f32"],
  ["f64", "f32"],
  ["half", "f32"],
  ["double", "f32"],
  ["int", "i32"],
  ["int32", "i32"],
  ["int64", "i32"],
  ["i64", "i32"],
  ["long", "i32"],
  ["uint8", "i32"],
  ["boolean", "bool"],
]);
