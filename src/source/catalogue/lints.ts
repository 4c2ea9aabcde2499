/** @file Warnings about what is allowed but probably not meant. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const lints = {
  "unused-name": programEntry({
    severity: "warning",
    message: msg`\`${"name"}\` is never used`,
    explain:
      "A value, layer, weight or constant is given a name that nothing refers to. " +
      "It does not reach the result, so it is not part of the model, and neither are its weights. " +
      "Often a step of a chain continues from the wrong tensor; otherwise remove the statement.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        y = relu(x)
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
  "unused-parameter": programEntry({
    severity: "warning",
    message: msg`parameter \`${"name"}\` is never used`,
    explain:
      "A parameter, tensor or attribute, occurs nowhere in the block, so what a caller passes for it has no effect. " +
      "Use it, or remove it from the signature and from the calls.",
    bad: program`
      fuse 1

      block Activate(x: [n, c], gain: float = 0.5) -> [n, c] {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c], gain: float = 0.5) -> [n, c] {
        return relu(x * gain)
      }
    `,
  }),
  "unused-import": programEntry({
    severity: "warning",
    message: msg`import \`${"name"}\` is never used`,
    explain:
      "The file imports a block that it never calls. " +
      "Imports are not passed on to those who import this file, so the name serves nobody. " +
      "Remove it from the import.",
    bad: program`
      fuse 1
      import { SE } from "fuse/attention"

      block Gate(x: [n, c]) -> [n, c] {
        return x * sigmoid(x)
      }
    `,
    good: program`
      fuse 1

      block Gate(x: [n, c]) -> [n, c] {
        return x * sigmoid(x)
      }
    `,
  }),
  "unlabelled-weight": programEntry({
    severity: "warning",
    message: msg`${"what"}`,
    explain:
      "Several calls of one statement own weights and have no label, so their paths are numbers, " +
      "counted as `torch.nn.Sequential` counts: `0`, `2` and so on. " +
      "Inserting a stage would change the numbers, and a weight file written before would not fit any more. " +
      "Label the calls, or write the numbers as labels (`@0`) if a PyTorch checkpoint has them. " +
      "Where even the numbers would be ambiguous (nested calls, two pipelines in one statement, " +
      "several names on the left), labels are required and this is an error.",
    bad: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 64) |> relu |> linear(c: 10)
      }
    `,
    good: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 64) @fc1 |> relu |> linear(c: 10) @fc2
      }
    `,
  }),
  "name-is-also-size": programEntry({
    severity: "warning",
    message: msg`\`${"name"}\` is a tensor and a size of this signature`,
    explain:
      "A tensor is called like a size that the signature introduces. " +
      "Both work, because the place of a name decides what it means: " +
      "in `linear(c: c)` the second `c` is the size, in `relu(c)` it is the tensor. " +
      "A reader may take one for the other, so rename the tensor.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        c = relu(x)
        return c
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
  "swapped-results": programEntry({
    severity: "warning",
    message: msg`results are named ${"declared"} but returned as ${"returned"}`,
    explain:
      "Results are given their declared names by position, and here the returned tensors have the same names " +
      "in another order. " +
      "If the shapes agree, nothing else would notice the exchange. " +
      "Return the tensors in the declared order, or rename them if the exchange is meant.",
    bad: program`
      fuse 1

      block Halve(x: [n, c: 2*k]) -> (left: [n, c: k], right: [n, c: k]) {
        left, right = split(x, axis: c)
        return right, left
      }
    `,
    good: program`
      fuse 1

      block Halve(x: [n, c: 2*k]) -> (left: [n, c: k], right: [n, c: k]) {
        left, right = split(x, axis: c)
        return left, right
      }
    `,
  }),
  "missing-edition": programEntry({
    severity: "warning",
    message: msg`the file does not say its edition`,
    explain:
      "A file begins with the edition of the language that it is written in: `fuse 1`. " +
      "Later editions may give a text another meaning, and this line keeps the meaning of the file as it is. " +
      "Without the line the edition is 1. " +
      "Write `fuse 1` as the first line; only comments may stand before it.",
    bad: program`
      block Activate(x: [n, c]) -> [n, c] {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        return relu(x)
      }
    `,
  }),
  "exact-division-in-arithmetic": programEntry({
    severity: "warning",
    message: msg`\`${"division"}\` is exact here, because both sides are sizes`,
    explain:
      "`/` between two sizes is exact even where the quotient only scales a tensor, " +
      "so the block demands that the divisor divides the dividend, which arithmetic would not need. " +
      "Multiply first (`x * h / 2`), since the division of a tensor is an ordinary one, or write a decimal number " +
      "(`x * (0.5 * h)`). " +
      "If only sizes that divide are meant, say so in the signature: `h: 2*k`.",
    bad: program`
      fuse 1

      block Scale(x: [n, h]) -> [n, h] {
        return x * (h / 2)
      }
    `,
    good: program`
      fuse 1

      block Scale(x: [n, h]) -> [n, h] {
        return x * h / 2
      }
    `,
  }),
};
