/** @file Diagnostics about names: unknown ones, given twice, reserved. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const names = {
  "missing-return": programEntry({
    severity: "error",
    message: msg`\`${"block"}\` has no \`return\``,
    explain:
      "A block or model declares what it computes with `return`, and this one never does. " +
      "The last statement is not the result, because a statement only names a value. " +
      "Write `return` before the expression. " +
      "Separate several results with commas.",
    bad: program`
      fuse 1

      block Twice(x: [n, c]) -> [n, c] {
        y = x + x
      }
    `,
    good: program`
      fuse 1

      block Twice(x: [n, c]) -> [n, c] {
        return x + x
      }
    `,
  }),
  "unreachable-statement": programEntry({
    severity: "error",
    message: msg`nothing after \`return\` is evaluated`,
    explain:
      "A statement comes after the `return` of its block. " +
      "Statements are evaluated once, from top to bottom, and `return` is the last one: there is no early return. " +
      "Remove the statement or move it before the `return`. " +
      "To return one of two values, use `if … { … } else { … }` or `match`, which are expressions.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        return relu(x)
        return x
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        return relu(x)
      }
    `,
  }),
  "unknown-name": programEntry({
    severity: "error",
    message: msg`there is no tensor, parameter or size called \`${"name"}\` here`,
    explain:
      "Where a value is expected, a name refers to a tensor, a parameter or a " +
      "size of the signature, and nothing of that name has been defined so far. " +
      "Statements are read from top to bottom, so a name must be " +
      "assigned before it is used, and each block has its own names. " +
      "Correct the spelling, assign the name first, or make it a parameter.",
    bad: program`
      fuse 1

      block Residual(x: [n, c]) -> [n, c] {
        return x + y
      }
    `,
    good: program`
      fuse 1

      block Residual(x: [n, c]) -> [n, c] {
        y = relu(x)
        return x + y
      }
    `,
  }),
  "unknown-operator": programEntry({
    severity: "error",
    message: msg`there is no operator, block or layer called \`${"name"}\``,
    explain:
      "A callee must be an operator, a block of this file, an imported block, or a `layer` of this block. " +
      "Operators are named like PyTorch's functions, in lower case and without the number of " +
      "dimensions: `Conv2d` is `conv`, `BatchNorm2d` is `batchnorm`, `Linear` is `linear`. " +
      "`view` and `flatten` are `reshape`; `permute` has no counterpart, because axes have names. " +
      "A block of another file must be imported.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv2d(c: 8, kernel: 3) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv(c: 8, kernel: 3) @conv
      }
    `,
  }),
  "unknown-size": programEntry({
    severity: "error",
    message: msg`there is no size called \`${"name"}\`: the signature does not introduce it`,
    explain:
      "Where a size is expected (the size of an axis, an attribute such as `c:` or " +
      "`kernel:`, a comparison in `if` or `where`, the count of `repeat`), a name " +
      "refers to a size that the tensor parameters introduce, or to an `int` parameter. " +
      "An axis `c` without an explicit size introduces the size `c`; an axis `c: 64` introduces none. " +
      "Correct the spelling, or add an `int` parameter of that name. " +
      "The size of axis `c` of a tensor `y` is `y.c`.",
    bad: program`
      fuse 1

      block Reduce(x: [n, c, h, w]) {
        return x |> conv(c: width) @conv
      }
    `,
    good: program`
      fuse 1

      block Reduce(x: [n, c, h, w], width: int) {
        return x |> conv(c: width) @conv
      }
    `,
  }),
  "unknown-type": programEntry({
    severity: "error",
    message: msg`there is no type \`${"name"}\`: a parameter is an \`int\`, \`float\` or \`bool\`, or a choice of names or integers`,
    explain:
      "A parameter that is not a tensor is an `int`, a `float` or a `bool`, or lists its " +
      "choices: at least two, either all names (`relu | gelu`) or all integers (`3 | 5`). " +
      "There are no strings and no lists. " +
      "`f32`, `i32` and `bool` before a bracket are tensor dtypes; a scalar tensor is written `f32[]`.",
    bad: program`
      fuse 1

      block Scale(x: [n, c], gain: f32 = 0.5) -> [n, c] {
        return x * gain
      }
    `,
    good: program`
      fuse 1

      block Scale(x: [n, c], gain: float = 0.5) -> [n, c] {
        return x * gain
      }
    `,
  }),
  "unknown-dtype": programEntry({
    severity: "error",
    message: msg`there is no dtype \`${"name"}\`: a tensor is \`f32\`, \`i32\` or \`bool\``,
    explain:
      "A tensor has the dtype `f32`, `i32` or `bool`, written before its axes. " +
      "The default is `f32`. " +
      "Every backend of TensorFlow.js supports these three. " +
      "`f64` and `i64` have no counterpart, and 16-bit floats exist only in weight " +
      "files, which may store a tensor in a smaller format than the model uses.",
    bad: program`
      fuse 1

      block Activate(x: float32[n, c]) {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      block Activate(x: f32[n, c]) {
        return relu(x)
      }
    `,
  }),
  "duplicate-name": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` is already ${"what"}`,
    explain:
      "Every name is defined once: a value or parameter in its block, " +
      "a declaration or import in its file, an attribute in its call. " +
      "Assignment only names a value. " +
      "A name means one tensor of one shape everywhere, and `x = relu(x)` would make it mean two. " +
      "Choose another name, or write the steps as one pipeline: `y = x |> relu |> …`. " +
      "If two imports have the same name, rename one: `import { SE as Gate } from …`.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        x = relu(x)
        return x
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        y = relu(x)
        return y
      }
    `,
  }),
  "duplicate-axis": programEntry({
    severity: "error",
    message: msg`axis \`${"axis"}\` appears twice`,
    explain:
      "Axes are told apart only by their names, so a name may appear only once in a tensor or a list of axes. " +
      "Two axes of the same size still need two names: a square attention matrix is " +
      "`[n, t, s: t]`, which says that the sizes are equal but the axes are not.",
    bad: program`
      fuse 1

      block Attend(scores: [n, t, t]) {
        return softmax(scores, axis: t)
      }
    `,
    good: program`
      fuse 1

      block Attend(scores: [n, t, s: t]) {
        return softmax(scores, axis: t)
      }
    `,
  }),
  "reserved-axis-name": programEntry({
    severity: "error",
    message: msg`an axis cannot be named \`${"axis"}\`: operators have an attribute of that name`,
    explain:
      "Some operators accept axis names as keys next to their own attributes: in " +
      "`resize(x, h: 7, mode: bilinear)`, `h` is an axis and `mode` is an attribute. " +
      "An axis named `mode`, `axis`, `batch`, `kernel` or like " +
      "another of their attributes would make such a call ambiguous. " +
      "Rename the axis. " +
      "The usual names are `n` for the batch, `c` for channels, `d, h, w` for space and `t` for time.",
    bad: program`
      fuse 1

      block Activate(x: [batch, c]) {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) {
        return relu(x)
      }
    `,
  }),
  "recursive-block": programEntry({
    severity: "error",
    message: msg`\`${"block"}\` calls itself: ${"path"}`,
    explain:
      "A block calls itself, directly or through other blocks. " +
      "Calls are inlined at build time, so recursion would never end. " +
      "Repeat a step with `repeat(count) Step(…)`, or write each level as its own block.",
    bad: program`
      fuse 1

      block Deep(x: [n, c]) -> [n, c] {
        return x |> relu |> Deep
      }
    `,
    good: program`
      fuse 1

      block Deep(x: [n, c]) -> [n, c] {
        return x |> repeat(4) relu
      }
    `,
  }),
  "shadows-operator": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` is the name of an operator`,
    explain:
      "A layer, block or import has the name of an operator. " +
      "A callee is found by its name alone, so the operator could no " +
      "longer be used, and a reader might mistake one for the other. " +
      "Choose another name; an import can be renamed with `as`. " +
      "Tensors may share names with operators, because they are never called.",
    bad: program`
      fuse 1

      block Shared(x: [n, c]) -> [n, c] {
        layer softmax = batchnorm
        return softmax(x) + softmax(relu(x))
      }
    `,
    good: program`
      fuse 1

      block Shared(x: [n, c]) -> [n, c] {
        layer norm = batchnorm
        return norm(x) + norm(relu(x))
      }
    `,
  }),
};
