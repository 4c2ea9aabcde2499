/** @file Warnings about what is allowed but probably not meant. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const lints = {
  "unused-name": programEntry({
    severity: "warning",
    message: msg`\`${"name"}\` is never used`,
    explain:
      "Nothing refers to this value, layer, weight or constant. " +
      "It does not reach the result, so neither it nor its weights are part of the model. " +
      "Often a later step continues from the wrong tensor. " +
      "Otherwise, remove the statement.",
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
      "The block never uses this parameter, so the argument that callers pass has no effect. " +
      "Use it, or remove it from the signature and the calls.",
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
      "The file imports a block that it never uses. " +
      "Imports are not re-exported, so other files cannot use the name either. " +
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
      "Several calls in one statement own weights and have no label, so their " +
      "paths are numbers, counted as in `torch.nn.Sequential`: `0`, `2` and so on. " +
      "Inserting a stage would change the numbers, and existing weight files would no longer match. " +
      "Label the calls, or write the numbers as labels (`@0`) if a PyTorch checkpoint uses them. " +
      "Where even numbers would be ambiguous (nested calls, two pipelines in one " +
      "statement, several names on the left), labels are required and this is an error.",
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
  "label-from-value": programEntry({
    severity: "warning",
    message: msg`\`${"callee"}\` has no label, so its weights are named after the value \`${"name"}\``,
    explain:
      "The only layer of a statement without a label is named after the value that the statement assigns. " +
      "In a model, that name is in the weight file: whoever renames the value, renames the weights, and the file no longer fits. " +
      "Write the label, which `fuse check --fix` does without changing any name. " +
      "In a block, names of values are labels without a warning, but a label is the safer choice there, too.",
    bad: program`
      fuse 1

      model Net(x: [n, c: 3, h, w]) -> (y: [n, c: 8, h, w]) {
        stem = x |> conv(c: 8, kernel: 3) |> relu
        return stem * stem
      }
    `,
    good: program`
      fuse 1

      model Net(x: [n, c: 3, h, w]) -> (y: [n, c: 8, h, w]) {
        stem = x |> conv(c: 8, kernel: 3) @stem |> relu
        return stem * stem
      }
    `,
  }),
  "name-is-also-size": programEntry({
    severity: "warning",
    message: msg`\`${"name"}\` is both a tensor and a size of this signature`,
    explain:
      "A tensor has the same name as a size that the signature introduces. " +
      "Both work, because the position of a name decides what it means: in " +
      "`linear(c: c)` the second `c` is the size, in `relu(c)` it is the tensor. " +
      "A reader may mistake one for the other, so rename the tensor.",
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
      "Results get their declared names by position, and here the " +
      "returned tensors have the same names in a different order. " +
      "If the shapes agree, nothing else would catch a swap. " +
      "Return the tensors in the declared order, or rename them if the swap is intended.",
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
    message: msg`missing \`fuse 1\` at the top of the file`,
    explain:
      "A file starts with the edition of the language in which it is written: `fuse 1`. " +
      "A later edition may change what a program means; this line keeps the meaning of the file fixed. " +
      "Without the line, the edition is 1. " +
      "Write `fuse 1` as the first line; only comments may come before it.",
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
      "`/` between two sizes is exact even where the quotient only scales a tensor. " +
      "The block therefore requires that the divisor divides the dividend, which the arithmetic does not need. " +
      "Multiply first (`x * h / 2`), because dividing a tensor is " +
      "ordinary division, or write a decimal number (`x * (0.5 * h)`). " +
      "If you want to accept only sizes that divide, declare it in the signature: `h: 2*k`.",
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
  "could-be-cheaper": programEntry({
    severity: "warning",
    hint: true,
    message: msg`\`${"model"}\` would take about ${"saving"} less time if \`${"operator"}\` came before \`${"partner"}\``,
    explain:
      "Only `fuse check --hints` reports this. " +
      "The optimizer computes an operator earlier, where its tensors are smaller, whenever the results stay equal. " +
      "Here something is in the way: an activation between the two, or a constant that the other does not keep. " +
      "Change the order yourself, if the model that you want is the other one: its results are different, and it must be trained. " +
      "The saving is predicted for the ES module at nominal sizes, unless `--target`, `--at` or `--costs` say otherwise. " +
      "`fuse explain FILE --graph` shows what the optimizer does by itself.",
    bad: program`
      fuse 1

      model Reduce(x: [n, h: 28, w: 28, c: 512]) -> (y: [n, c: 256]) {
        return x |> conv(c: 256) @conv |> relu |> mean(axis: [h, w])
      }
    `,
    good: program`
      fuse 1

      model Reduce(x: [n, h: 28, w: 28, c: 512]) -> (y: [n, c: 256]) {
        return x |> conv(c: 256) @conv |> mean(axis: [h, w]) |> relu
      }
    `,
  }),
};
