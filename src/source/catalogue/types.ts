/** @file Diagnostics about types, shapes and sizes. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const types = {
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
  "result-mismatch": programEntry({
    severity: "error",
    message: msg`\`${"block"}\` returns ${"found"}, but ${"expected"} is declared`,
    explain:
      "The tensor after `return` lacks an axis of the declared result, has one more, " +
      "or has a size that cannot be proved equal to the declared one. " +
      "Callers rely on the declaration alone. " +
      "Correct the body or the declaration, or leave the declaration of a block out: its result is then computed. " +
      "The order of the axes does not matter here.",
    bad: program`
      fuse 1

      block GlobalPool(x: [n, c, h, w]) -> [n, c] {
        return mean(x, axis: h)
      }
    `,
    good: program`
      fuse 1

      block GlobalPool(x: [n, c, h, w]) -> [n, c] {
        return mean(x, axis: [h, w])
      }
    `,
  }),
  "needs-result-type": programEntry({
    severity: "error",
    message: msg`the result of \`${"block"}\` depends on sizes: ${"shapes"}`,
    explain:
      "The block has an `if` on sizes whose branches give different shapes, and it is called where the sizes do not " +
      "decide the condition. " +
      "A call never splits its caller into variants, so its result must have one shape that holds in all of them. " +
      "Declare the result after `->`; the branches are then checked against it, each under its condition. " +
      "If no single shape fits, change a branch, or choose by a parameter with names and `match`.",
    bad: program`
      fuse 1

      block Project(x: [n, c], out: int) {
        return if c > out { x |> linear(c: out) @fc } else { x }
      }

      block Head(x: [n, c]) {
        return x |> Project(out: 10) @project
      }
    `,
    good: program`
      fuse 1

      block Project(x: [n, c], out: int) -> [n, c: out] {
        return if c != out { x |> linear(c: out) @fc } else { x }
      }

      block Head(x: [n, c]) {
        return x |> Project(out: 10) @project
      }
    `,
  }),
  "missing-axis": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` needs axis \`${"axis"}\`, but its input is ${"type"}`,
    explain:
      "The operator or block works on an axis that the tensor does not have. " +
      "Axes are found by name, not by position: `conv` needs `c` and its spatial axes, " +
      "which are `w`, `h, w` or `d, h, w` unless `axis:` names others. " +
      "Give the axis its expected name with `rename(t -> w)`, or use the operator that is meant: " +
      "`linear(d: 64)` maps the axis `d` of a sequence of tokens, as `torch.nn.Linear` does with the last axis.",
    bad: program`
      fuse 1

      block Embed(x: [n, t, d]) {
        return x |> conv(c: 64) @proj
      }
    `,
    good: program`
      fuse 1

      block Embed(x: [n, t, d]) {
        return x |> linear(d: 64) @proj
      }
    `,
  }),
  "unexpected-axis": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` does not take axis \`${"axis"}\``,
    explain:
      "The tensor has an axis that the callee's signature does not name. " +
      "Blocks take exactly the axes they declare, because a surplus axis is more often a forgotten reduction than " +
      "a second batch. " +
      "Remove the axis before the call (`mean(axis: t)`, `squeeze(axis: t)`), " +
      "or let the block pass other axes through by declaring its tensors as `[n, ..., c]`.",
    bad: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }

      block Classify(x: [n, t, c]) {
        return x |> Head() @head
      }
    `,
    good: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }

      block Classify(x: [n, t, c]) {
        return x |> mean(axis: t) |> Head() @head
      }
    `,
  }),
  "axis-exists": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` would make axis \`${"axis"}\`, but its input ${"type"} has it already`,
    explain:
      "An operator that makes a new axis (`stack`, `unsqueeze`, `expand`, `rename`, `reshape`, `linear(a -> b: …)`) " +
      "was given the name of an axis that its input has, and two axes of one tensor cannot share a name. " +
      "Choose another name for the new axis. " +
      "To join tensors along an axis that they have, use `concat` and not `stack`.",
    bad: program`
      fuse 1

      block Join(a: [n, c], b: [n, c]) {
        return stack(a, b, axis: c)
      }
    `,
    good: program`
      fuse 1

      block Join(a: [n, c], b: [n, c]) {
        return concat(a, b, axis: c)
      }
    `,
  }),
  "broadcast-needs-subset": programEntry({
    severity: "error",
    message: msg`neither operand contains all axes of the other`,
    explain:
      "In an elementwise operation one operand must have all axes of the other; " +
      "the smaller one is then spread over the axes that it lacks, found by name. " +
      "If each had an axis that the other lacks, the result would silently grow to the product of both, " +
      "which is how a missing `unsqueeze` or `keepdim` goes unnoticed in PyTorch. " +
      "If that is meant, say so with `expand(a, like: x)` or `expand(a, h: 7)`. " +
      "Sums are evaluated from left to right, so `x + rows + cols` passes where `rows + cols + x` does not.",
    bad: program`
      fuse 1

      block Gate(x: [n, c, h, w], channel: [n, c], spatial: [n, h, w]) -> [n, c, h, w] {
        return x * sigmoid(channel + spatial)
      }
    `,
    good: program`
      fuse 1

      block Gate(x: [n, c, h, w], channel: [n, c], spatial: [n, h, w]) -> [n, c, h, w] {
        return x * sigmoid(expand(channel, like: x) + spatial)
      }
    `,
  }),
  "dot-shared-axis": programEntry({
    severity: "error",
    message: msg`axis \`${"axis"}\` is in both operands of \`dot\``,
    explain:
      "Every axis that both operands of `dot` have is either summed over (`contract:`) or kept once, " +
      "element by element (`batch:`); this one is named in neither list. " +
      "Without the rule, self-attention would silently take the diagonal over the tokens. " +
      "Add the axis to one of the lists, or, if the two are different axes, rename one: `rename(k, t -> s)`.",
    bad: program`
      fuse 1

      block Scores(q: [n, t, e], k: [n, t, e]) {
        return dot(q, k, contract: e, batch: n)
      }
    `,
    good: program`
      fuse 1

      block Scores(q: [n, t, e], k: [n, t, e]) {
        return dot(q, rename(k, t -> s), contract: e, batch: n)
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
      "For a fraction write a decimal number: `0.5`, not `1 / 2`.",
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
  "reshape-mismatch": programEntry({
    severity: "error",
    message: msg`\`reshape\` takes ${"from"} elements and makes ${"to"}`,
    explain:
      "`reshape` gives the elements of the axes on its left to the axes on its right, " +
      "so both sides must have the same number of elements for every input. " +
      "Axes that it does not name are untouched. " +
      "Correct the sizes, or leave one size on the right out: it is computed, unless the signature has a size of that name.",
    bad: program`
      fuse 1

      block Flatten(x: [n, c, h, w]) {
        return reshape(x, [c, h, w] -> d: c * h)
      }
    `,
    good: program`
      fuse 1

      block Flatten(x: [n, c, h, w]) {
        return reshape(x, [c, h, w] -> d: c * h * w)
      }
    `,
  }),
  "dtype-mismatch": programEntry({
    severity: "error",
    message: msg`${"what"} needs ${"expected"}, got ${"found"}`,
    explain:
      "An operator, a parameter or a declared result needs another dtype than the tensor has. " +
      "Fuse converts no tensor on its own; only whole numbers and sizes adapt to the tensor they meet. " +
      "On `i32`, sums and products are allowed, but `/`, `mean` and activations are not, because they give fractions. " +
      "Convert with `cast(f32)`, or correct the dtype in the signature.",
    bad: program`
      fuse 1

      block Pool(counts: i32[n, t]) {
        return counts |> mean(axis: t)
      }
    `,
    good: program`
      fuse 1

      block Pool(counts: i32[n, t]) {
        return counts |> cast(f32) |> mean(axis: t)
      }
    `,
  }),
  "tensor-condition": programEntry({
    severity: "error",
    message: msg`a condition cannot depend on a tensor: it is decided before the model runs`,
    explain:
      "`if` and `match` choose between graphs when a model is built, when tensors have no values yet. " +
      "To choose between values element by element, use `where(condition, a, b)`, which computes both. " +
      "Its condition is a `bool` tensor, such as the result of a comparison.",
    bad: program`
      fuse 1

      block Select(keep: bool[n, c], a: [n, c], b: [n, c]) -> [n, c] {
        return if keep { a } else { b }
      }
    `,
    good: program`
      fuse 1

      block Select(keep: bool[n, c], a: [n, c], b: [n, c]) -> [n, c] {
        return where(keep, a, b)
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
  "not-a-tensor": programEntry({
    severity: "error",
    message: msg`${"what"} is not a tensor`,
    explain:
      "Where a tensor is expected, there is a choice, a layer or something else that has no elements. " +
      "A parameter whose choices are operators is used by calling it (`act(x)` or `x |> act`), a layer likewise. " +
      "Any other parameter with choices is read by `match` or compared in an `if`. " +
      "Numbers, sizes and `int` or `float` parameters do count as tensors without axes.",
    bad: program`
      fuse 1

      block Residual(x: [n, c], act: relu | gelu = relu) -> [n, c] {
        return x + act
      }
    `,
    good: program`
      fuse 1

      block Residual(x: [n, c], act: relu | gelu = relu) -> [n, c] {
        return x + act(x)
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
