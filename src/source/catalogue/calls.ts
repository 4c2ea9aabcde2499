/** @file Diagnostics about the form of calls: attributes, tensors, choices, numbers of results. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const calls = {
  "unknown-choice": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` is not a choice of \`${"parameter"}\``,
    explain:
      "A name that is not one of a parameter's choices was given for the " +
      "parameter, compared with it, or used as an arm of a `match` on it. " +
      "Choices are plain names without quotes, spelt as in the declaration. " +
      "Use one of the choices, or add the new one where the parameter is declared and handle it in every `match`.",
    bad: program`
      fuse 1

      block Enlarge(x: [n, c, h, w]) -> [n, c, h: 2 * h, w: 2 * w] {
        return upsample(x, 2, mode: linear)
      }
    `,
    good: program`
      fuse 1

      block Enlarge(x: [n, c, h, w]) -> [n, c, h: 2 * h, w: 2 * w] {
        return upsample(x, 2, mode: bilinear)
      }
    `,
  }),
  "duplicate-choice": programEntry({
    severity: "error",
    message: msg`the choice \`${"name"}\` appears twice`,
    explain:
      "A parameter lists each of its choices once, and a `match` has exactly one arm for each choice. " +
      "A second arm could never be chosen, and a second choice " +
      "would add no variant, so one of the two is probably a typo. " +
      "Remove it or correct it. " +
      "One arm may handle several choices: `add | mul => …`.",
    bad: program`
      fuse 1

      block Activate(x: [n, c], act: relu | relu = relu) -> [n, c] {
        return x |> act
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c], act: relu | gelu = relu) -> [n, c] {
        return x |> act
      }
    `,
  }),
  "unknown-attribute": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` has no attribute \`${"name"}\``,
    explain:
      "The operator or block does not declare this attribute. " +
      "Most attributes have the same names as in PyTorch, but " +
      "`kernel_size` is `kernel`, `padding` is `pad`, and `dim` is `axis`. " +
      "The number of output channels or features is written as the size of its axis: `c: 64`. " +
      "The number of input channels is never given, because it follows from the input.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv(c: 8, kernel_size: 3) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv(c: 8, kernel: 3) @conv
      }
    `,
  }),
  "missing-attribute": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` needs the attribute \`${"name"}\``,
    explain:
      "The operator has no default for this attribute, or the block declares the parameter without one. " +
      "Only attributes with one usual value, such as `stride: 1`, have a default. " +
      "There is no usual number of channels. " +
      "Give the attribute by name, as in `conv(c: 64)`, or give the block's parameter a default.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, h, w]) {
        return x |> conv(kernel: 3) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, h, w]) {
        return x |> conv(c: 8, kernel: 3) @conv
      }
    `,
  }),
  "unnamed-attribute": programEntry({
    severity: "error",
    message: msg`attribute without a name`,
    explain:
      "Tensors are passed by position and attributes by name, so a call can be read " +
      "without knowing the order of the signature: `conv(x, c: 64, kernel: 3)`. " +
      "A few operators have one attribute whose name may be omitted, as in `upsample(2)` or `dropout(0.2)`. " +
      "Blocks have none. " +
      "Write the attribute's name and a colon before the value.",
    bad: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv(8) @conv
      }
    `,
    good: program`
      fuse 1

      block Stem(x: [n, c, h, w]) -> [n, c: 8, h, w] {
        return x |> conv(c: 8) @conv
      }
    `,
  }),
  "named-tensor": programEntry({
    severity: "error",
    message: msg`tensor \`${"name"}\` is passed by name`,
    explain:
      "Tensors are passed by position, in the order in which the callee declares them. " +
      "Only attributes have names. " +
      "This lets a pipeline supply the first tensor, and a name before a colon is always an attribute or an axis. " +
      "Remove the name and the colon, and check the order. " +
      "The only attribute that takes a tensor is `like:`, which reads only the tensor's sizes.",
    bad: program`
      fuse 1

      block Add(a: [n, c], b: [n, c]) -> [n, c] {
        return a + b
      }

      block Twice(x: [n, c]) -> [n, c] {
        return Add(x, b: x)
      }
    `,
    good: program`
      fuse 1

      block Add(a: [n, c], b: [n, c]) -> [n, c] {
        return a + b
      }

      block Twice(x: [n, c]) -> [n, c] {
        return Add(x, x)
      }
    `,
  }),
  "bad-attribute": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` must be ${"expected"}, not ${"found"}`,
    explain:
      "The attribute or parameter takes a different kind of value, such as " +
      "an axis instead of a number, or a whole number instead of a fraction. " +
      "Axes are always named, never numbered: PyTorch's `dim=1` of an NCHW tensor is `axis: c` here. " +
      "Several axes go in brackets: `axis: [h, w]`.",
    bad: program`
      fuse 1

      block Pool(x: [n, c]) -> [n] {
        return mean(x, axis: 1)
      }
    `,
    good: program`
      fuse 1

      block Pool(x: [n, c]) -> [n] {
        return mean(x, axis: c)
      }
    `,
  }),
  "wrong-tensor-count": programEntry({
    severity: "error",
    message: msg`\`${"callee"}\` takes ${"expected"}, but ${"found"} given`,
    explain:
      "The call passes more or fewer tensors than the operator, block or layer takes. " +
      "In a pipeline, the tensor before `|>` is the first one, so `a |> Add(b)` passes two. " +
      "A model must take at least one tensor; a block may take none. " +
      "Pass every tensor by position, or nest calls to apply a two-tensor operator to three.",
    bad: program`
      fuse 1

      block Peak(a: [n, c], b: [n, c], e: [n, c]) -> [n, c] {
        return maximum(a, b, e)
      }
    `,
    good: program`
      fuse 1

      block Peak(a: [n, c], b: [n, c], e: [n, c]) -> [n, c] {
        return maximum(maximum(a, b), e)
      }
    `,
  }),
  "wrong-result-count": programEntry({
    severity: "error",
    message: msg`${"what"} gives ${"found"}, but ${"expected"} expected`,
    explain:
      "A call has a fixed number of results, and it is used here with a different number: " +
      "there are too many or too few names on the left, `return` differs from the declared " +
      "results, or a call with several results is used where one tensor is needed. " +
      "Write one name for each result (`a, b = …`), or select a result of a block by name: `FPN(x, y, z).p3`. " +
      "Unlike in PyTorch, `max` over an axis returns only the values; `argmax` returns the indices.",
    bad: program`
      fuse 1

      block Range(x: [n, c]) -> (peak: [n], average: [n]) {
        peak, average = max(x, axis: c)
        return peak, average
      }
    `,
    good: program`
      fuse 1

      block Range(x: [n, c]) -> (peak: [n], average: [n]) {
        peak = max(x, axis: c)
        average = mean(x, axis: c)
        return peak, average
      }
    `,
  }),
};
