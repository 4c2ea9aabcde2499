/** @file Diagnostics about types and shapes. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const types = {
  "result-mismatch": programEntry({
    severity: "error",
    message: msg`\`${"block"}\` returns ${"found"}, but declares ${"expected"}`,
    explain:
      "The returned tensor has too few or too many axes for the declared " +
      "result, or has a size that cannot be proved equal to the declared one. " +
      "Callers rely on the declaration alone. " +
      "Correct the body or the declaration, or omit a block's declaration: its result is then inferred. " +
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
      "The block has an `if` on sizes whose branches have different shapes, " +
      "and it is called where the sizes do not decide the condition. " +
      "A call never splits its caller into variants, so its result must have one shape for all of them. " +
      "Declare the result after `->`; the branches are then checked against it, each under its condition. " +
      "If no single shape fits, change a branch, or choose with `match` on a parameter.",
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
      "Axes are found by name, not by position: `conv` needs `c` and its spatial " +
      "axes, which are `w`, `h, w` or `d, h, w` unless `axis:` names others. " +
      "Give the axis its expected name with `rename(t -> w)`, or use another operator: `linear(d: " +
      "64)` maps the axis `d` of a sequence of tokens, as `torch.nn.Linear` does with the last axis.",
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
      "Blocks take exactly the axes they declare, because an extra axis " +
      "is more often a forgotten reduction than a second batch axis. " +
      "Remove the axis before the call (`mean(axis: t)`, `squeeze(axis: t)`), or let " +
      "the block pass other axes through by declaring its tensors as `[n, ..., c]`.",
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
    message: msg`\`${"callee"}\` would create axis \`${"axis"}\`, but its input ${"type"} already has it`,
    explain:
      "An operator that creates an axis (`stack`, `unsqueeze`, `expand`, `rename`, `reshape`, `linear(a -> b: …)`) " +
      "was given the name of an axis that its input already has, and two axes of a tensor cannot share a name. " +
      "Choose another name for the new axis. " +
      "To join tensors along an existing axis, use `concat` instead of `stack`.",
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
      "In an elementwise operation, one operand must have all axes of the other. " +
      "The smaller one is broadcast over the axes it lacks, which are matched by name. " +
      "If each had an axis that the other lacks, the result would silently grow to the product " +
      "of both, which is how a missing `unsqueeze` or `keepdim` goes unnoticed in PyTorch. " +
      "If you mean that, write `expand(a, like: x)` or `expand(a, h: 7)`. " +
      "Sums are evaluated from left to right, so `x + rows + cols` is accepted but `rows + cols + x` is not.",
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
    message: msg`axis \`${"axis"}\` is in both operands of \`${"callee"}\``,
    explain:
      "Every axis that both operands of `dot` have is either summed " +
      "over (`contract:`) or paired element by element (`batch:`). " +
      "`correlate` can also slide along it (`over:`). " +
      "This one is in neither list. " +
      "Without this rule, self-attention would silently take the diagonal over the tokens. " +
      "Add the axis to one of the lists. " +
      "If they are two different axes, rename one: `rename(k, t -> s)`.",
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
  "reshape-mismatch": programEntry({
    severity: "error",
    message: msg`\`reshape\` has ${"from"} elements on the left, but ${"to"} on the right`,
    explain:
      "`reshape` rearranges the elements of the axes on its left into the axes on its " +
      "right, so both sides must have the same number of elements for every input. " +
      "Axes that it does not name are untouched. " +
      "Correct the sizes, or omit one size on the right: it is " +
      "inferred, unless the signature has a size of that name.",
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
      "An operator, a parameter or a declared result needs a dtype that the tensor does not have. " +
      "Fuse never converts a tensor implicitly. " +
      "Only whole numbers and sizes adapt to the tensor they are combined with. " +
      "`i32` allows sums and products, but not `/`, `mean` or activations, because their results are fractions. " +
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
    message: msg`a condition cannot depend on a tensor: it is decided at build time`,
    explain:
      "`if` and `match` choose between graphs at build time, when tensors have no values yet. " +
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
  "not-a-tensor": programEntry({
    severity: "error",
    message: msg`${"what"} is not a tensor`,
    explain:
      "A tensor is expected, but this is a choice, a layer or something else without elements. " +
      "Use a parameter whose choices are operators by calling " +
      "it (`act(x)` or `x |> act`); the same goes for a layer. " +
      "Use any other parameter with choices in a `match`, or compare it in an `if`. " +
      "Numbers, sizes and `int` or `float` parameters count as tensors without axes.",
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
};
