/** @file Diagnostics about sizes: what must be equal, divide, or be at least 1. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const sizes = {
  "size-mismatch": programEntry({
    severity: "error",
    message: msg`sizes ${"modality"} on axis \`${"axis"}\``,
    explain:
      "Two tensors that an operator combines must have the same size on every shared axis. " +
      "Here the sizes differ, or cannot be proved equal for every input that the signature allows. " +
      "The message shows the smallest sizes for which they differ. " +
      "For example, halving and doubling loses the last element of an odd size. " +
      "Declare in the signature which inputs you accept (`w: 2*i`, or `where a " +
      "== b`), or resize one tensor to match the other: `resize(…, like: x)`. " +
      "Fuse accepts only what it can prove, so a model never fails on a shape at run time.",
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
      "The sizes match for some choices of the block's parameters, but not for the variant in the message. " +
      "Every variant is checked, whether it is built or not, so a block always does what its signature says. " +
      "Add the condition for this variant to the signature, as in `where ca == cb if " +
      "by == add`, or change the failing arm of the `match` or branch of the `if`.",
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
      "The tensor has the right axes, but a size does not match the callee's signature. " +
      "A pattern such as `c: 2*k` accepts only sizes that provably have this form, " +
      "and a size that occurs twice in the signature must be the same both times. " +
      "Repeat the pattern in the caller's signature, or change the tensor before the call.",
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
      "`/` between sizes is exact: the divisor must divide the dividend. " +
      "`groups:`, `split` into equal parts, `pixel_shuffle` and `%` compared with 0 require the same. " +
      "A block passes the requirement on to its callers. " +
      "Here the sizes are known, and it does not hold. " +
      "Choose a divisor that divides, or round explicitly with `floor(a / b)` or `ceil(a / b)`. " +
      "For a fraction in arithmetic, write a decimal number: `0.5`, not `1 / 2`. " +
      "`scale:` accepts both.",
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
  "zero-divisor": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` divides by 0`,
    explain:
      "The divisor is 0: a number, or the setting of a parameter. " +
      "A remainder would be 0 for every integer and NaN for every float, and a quotient of numbers infinite. " +
      "Use another divisor, or exclude 0 in the signature: `where k >= 1`.",
    bad: program`
      fuse 1

      block Phase(t: i32[n]) -> i32[n] {
        return t % 0
      }
    `,
    good: program`
      fuse 1

      block Phase(t: i32[n]) -> i32[n] {
        return t % 2
      }
    `,
  }),
  "even-kernel": programEntry({
    severity: "error",
    message: msg`\`pad: same\` cannot be symmetric for kernel ${"kernel"} with dilation ${"dilation"}`,
    explain:
      "`pad: same`, the default of `conv`, pads `dilation * (kernel - 1) / 2` elements on both sides. " +
      "For this kernel that is not a whole number. " +
      "Use an odd kernel, or specify the padding: a number, a list of pairs (`pad: [[1, " +
      "2]]`), or `pad: same_tf`, which puts the extra element at the end, as TensorFlow does.",
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
    message: msg`${"what"} ${"modality"} ${"size"}, but must be at least ${"least"}`,
    explain:
      "Every axis has at least one element, and every attribute has a minimum value. " +
      "Here a size is smaller. " +
      "Usually a kernel without padding is larger than its input, a slice is empty, or a subtraction reaches zero. " +
      "If the size depends on an input, a block passes the requirement " +
      "on to its callers, and a model checks it before it runs. " +
      "Use a larger input, more padding or a smaller kernel, or declare the bound: `where w >= 5`.",
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
      "The expression is used as a size, but contains a fraction, a tensor or a choice. " +
      "Sizes are whole numbers built from integers, sizes of the signature and `int` " +
      "parameters with `+`, `-`, `*`, `/`, `%`, `floor(a / b)` and `ceil(a / b)`. " +
      "Declare the parameter as `int`, or round: `floor(c * factor)`, `ceil` and `round` of a float are sizes.",
    bad: program`
      fuse 1

      block Widen(x: [n, c], factor: float) {
        return x |> linear(c: c * factor) @fc
      }
    `,
    good: program`
      fuse 1

      block Widen(x: [n, c], factor: float) {
        return x |> linear(c: floor(c * factor)) @fc
      }
    `,
  }),
  "unsolvable-size": programEntry({
    severity: "error",
    message: msg`the size of axis \`${"axis"}\`, ${"size"}, cannot be solved for ${"variable"}`,
    explain:
      "A size in a signature is a name or a pattern such as `2*k + 1`, " +
      "which can be solved for its one name when the size is known. " +
      "This pattern has two unknown names, or cannot be solved for " +
      "its name, so a caller's tensor would not determine them. " +
      "Replace one of them by a number, introduce it with another axis, or make it an `int` parameter.",
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
    message: msg`\`${"callee"}\` requires ${"constraint"}, ${"verdict"}`,
    explain:
      "A `where` of the callee is false for this call, or does " +
      "not follow from what the caller knows about its sizes. " +
      "The callee's body was checked under this condition, so every caller must prove it. " +
      "Repeat the condition in the caller's signature, write sizes from " +
      "which it follows (`w: 2*v`), or give the tensors the required sizes. " +
      "In the signature of a model, the condition becomes a check of the inputs.",
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
      "No sizes satisfy this `where`, alone or together with " +
      "the ones before it, so the block could never be called. " +
      "Sizes and `int` parameters are at least 1, unless an `int` has the default 0 or a `where` that allows less, such as `shift >= -2`. " +
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
