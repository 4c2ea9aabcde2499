/** @file Diagnostics about sizes: what must be equal, divide, or be at least 1. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const sizes = {
  "size-mismatch": programEntry({
    severity: "error",
    message: msg`sizes ${"modality"} differ on axis \`${"axis"}\``,
    explain:
      "Two tensors that meet in one operator must have the same size on every axis they share, " +
      "and here it differs, or cannot be proved equal for every input that the signature admits. " +
      "The message shows the smallest sizes at which it fails; halving and doubling, for example, loses the last element " +
      "of an odd size. " +
      "Say in the signature which inputs are meant (`w: 2*i`, or `where a == b`), " +
      "or bring one tensor to the size of the other: `resize(…, like: x)`. " +
      "Nothing that cannot be proved is accepted, so that a model never fails on a shape while it runs.",
    bad: program`
      fuse 1

      block Smooth(x: [n, c, w]) -> [n, c, w] {
        small = avgpool(x, kernel: 2)
        return x + upsample(small, 2)
      }
    `,
    good: program`
      fuse 1

      block Smooth(x: [n, c, w]) -> [n, c, w] {
        small = avgpool(x, kernel: 2)
        return x + resize(small, like: x)
      }
    `,
  }),
  "variant-size-mismatch": programEntry({
    severity: "error",
    message: msg`\`${"operator"}\` is not possible in variant \`${"variant"}\``,
    explain:
      "Sizes fit for some choices of the block's parameters but not for the ones that the message names. " +
      "Every choice is checked, whether it is built or not, so that a block means what its signature says. " +
      "Add the condition for this variant to the signature, as in `where ca == cb if by == add`, " +
      "or change the arm of the `match` or the branch of the `if` that fails.",
    bad: program`
      fuse 1

      block Fuse(a: [n, c: ca], b: [n, c: cb], by: concat | add = concat) {
        return match by {
          concat => concat(a, b, axis: c)
          add    => a + b
        }
      }
    `,
    good: program`
      fuse 1

      block Fuse(a: [n, c: ca], b: [n, c: cb], by: concat | add = concat) where ca == cb if by == add {
        return match by {
          concat => concat(a, b, axis: c)
          add    => a + b
        }
      }
    `,
  }),
  "argument-size-mismatch": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` expects ${"expected"}, got ${"found"}`,
    explain:
      "A tensor has the axes that the callee asks for, but a size does not fit its signature. " +
      "A pattern such as `c: 2*k` accepts only sizes that are proved to have this form, " +
      "and a size that occurs twice in the signature must be the same both times. " +
      "Repeat the pattern in the signature of the caller, or change the tensor before the call.",
    bad: program`
      fuse 1

      block GLU(x: [n, c: 2*k]) -> [n, c: k] {
        value, gate = split(x, axis: c)
        return value * sigmoid(gate)
      }

      block Gated(x: [n, c]) {
        return GLU(x)
      }
    `,
    good: program`
      fuse 1

      block GLU(x: [n, c: 2*k]) -> [n, c: k] {
        value, gate = split(x, axis: c)
        return value * sigmoid(gate)
      }

      block Gated(x: [n, c: 2*k]) {
        return GLU(x)
      }
    `,
  }),
  "not-divisible": programEntry({
    severity: "error",
    message: msg`${"what"} needs ${"divisor"} to divide ${"dividend"}, but ${"divisorValue"} does not divide ${"dividendValue"}`,
    explain:
      "`/` between sizes is exact: it says that the divisor divides the dividend. " +
      "The same is required by `groups:`, by `split` into equal parts, by `pixel_shuffle`, and by `%` compared with 0. " +
      "A block passes the requirement on to its callers; here the sizes are known, and it does not hold. " +
      "Choose a divisor that fits, or round explicitly with `floor(a / b)` or `ceil(a / b)`. " +
      "For a fraction in arithmetic write a decimal number: `0.5`, not `1 / 2`; `scale:` takes both.",
    bad: program`
      fuse 1

      block Squeeze(x: [n, c], r: int) {
        return x |> linear(c: c / r) @fc
      }

      block Narrow(x: [n, c: 24]) {
        return x |> Squeeze(r: 16) @squeeze
      }
    `,
    good: program`
      fuse 1

      block Squeeze(x: [n, c], r: int) {
        return x |> linear(c: c / r) @fc
      }

      block Narrow(x: [n, c: 24]) {
        return x |> Squeeze(r: 8) @squeeze
      }
    `,
  }),
  "even-kernel": programEntry({
    severity: "error",
    message: msg`\`pad: same\` cannot be symmetric for kernel ${"kernel"} with dilation ${"dilation"}`,
    explain:
      "`pad: same`, the default of `conv`, pads `dilation * (kernel - 1) / 2` elements on both sides, " +
      "and for this kernel that is not a whole number. " +
      "Use an odd kernel, or say how to pad: a number, a list of pairs (`pad: [[1, 2]]`), " +
      "or `pad: same_tf`, which puts the surplus element at the end as TensorFlow does.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, w]) {
        return x |> conv(c: 8, kernel: 4) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, w]) {
        return x |> conv(c: 8, kernel: 3) @conv
      }
    `,
  }),
  "size-not-positive": programEntry({
    severity: "error",
    message: msg`${"what"} ${"modality"} ${"size"}, which is less than ${"least"}`,
    explain:
      "Every axis of every tensor has at least one element, and an attribute has at least its smallest sensible value; " +
      "here a size is smaller. " +
      "Usually a kernel without padding is larger than its input, a slice is empty, or a subtraction reaches zero. " +
      "Where the size depends on an input, a block passes the requirement on to its callers, " +
      "and a model checks it before it runs. " +
      "Use a larger input, more padding or a smaller kernel, or state the bound: `where w >= 5`.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, w: 4]) {
        return x |> conv(c: 8, kernel: 5, pad: 0) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, w: 4]) {
        return x |> conv(c: 8, kernel: 5, pad: 2) @conv
      }
    `,
  }),
  "not-a-size": programEntry({
    severity: "error",
    message: msg`${"what"} is not a size`,
    explain:
      "Where a size is expected, the expression has a fraction, a tensor or a choice in it. " +
      "Sizes are whole numbers made of integers, sizes of the signature and `int` parameters " +
      "with `+`, `-`, `*`, `/`, `%`, `floor(a / b)` and `ceil(a / b)`. " +
      "Declare the parameter as `int`, or write a factor as a quotient: `ceil(3 * c / 4)` and not `0.75 * c`.",
    bad: program`
      fuse 1

      block Widen(x: [n, c], factor: float) {
        return x |> linear(c: c * factor) @fc
      }
    `,
    good: program`
      fuse 1

      block Widen(x: [n, c], factor: int) {
        return x |> linear(c: c * factor) @fc
      }
    `,
  }),
  "unsolvable-size": programEntry({
    severity: "error",
    message: msg`the size of axis \`${"axis"}\`, ${"size"}, cannot be solved for ${"variable"}`,
    explain:
      "A size in a signature is a name or a pattern such as `2*k + 1`, from which one name can be computed when the size " +
      "is known. " +
      "This pattern has two unknown names, or one that cannot be computed back, " +
      "so a caller's tensor would not say what they are. " +
      "Write a number for one of them, introduce it by another axis, or make it an `int` parameter.",
    bad: program`
      fuse 1

      block Heads(x: [n, t, d: head * e]) {
        return x |> reshape(d -> [head, e])
      }
    `,
    good: program`
      fuse 1

      block Heads(x: [n, t, d: 8 * e]) {
        return x |> reshape(d -> [head: 8, e])
      }
    `,
  }),
  "constraint-not-met": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` needs ${"constraint"}, which is ${"verdict"}`,
    explain:
      "A `where` of the callee is false at this call, or does not follow from what the caller knows about its sizes. " +
      "The body of the callee was checked under this condition, so every caller must prove it. " +
      "Repeat the condition in the signature of the caller, write sizes from which it follows (`w: 2*v`), " +
      "or bring the tensors to the sizes that are needed. " +
      "In the signature of a model it becomes a check of the inputs.",
    bad: program`
      fuse 1

      block Merge(fine: [n, c, w], coarse: [n, c, w: v]) -> [n, c, w] where w == 2 * v {
        return fine + upsample(coarse, 2)
      }

      block Neck(fine: [n, c, w], coarse: [n, c, w: v]) -> [n, c, w] {
        return Merge(fine, coarse)
      }
    `,
    good: program`
      fuse 1

      block Merge(fine: [n, c, w], coarse: [n, c, w: v]) -> [n, c, w] where w == 2 * v {
        return fine + upsample(coarse, 2)
      }

      block Neck(fine: [n, c, w], coarse: [n, c, w: v]) -> [n, c, w] where w == 2 * v {
        return Merge(fine, coarse)
      }
    `,
  }),
  "impossible-constraint": programEntry({
    severity: "error",
    message: msg`${"constraint"} can never be true`,
    explain:
      "No sizes satisfy this `where`, alone or together with those before it, so the block could never be called. " +
      "Sizes and `int` parameters are at least 1, unless an `int` has the default 0 or a `where` with `>= 0`. " +
      "Correct the condition or remove it.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] where c < 1 {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] where c > 1 {
        return relu(x)
      }
    `,
  }),
};
