/** @file Diagnostics about models. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const models = {
  "missing-result-type": programEntry({
    severity: "error",
    message: msg`model \`${"model"}\` does not declare its result`,
    explain:
      "A model declares its result after `->`. " +
      "The order of the axes there is the memory layout in which callers receive it. " +
      "Write the tensor, as in `-> [n, k: 10]`, or name several: `-> (mask: [n, h, w], score: [n])`. " +
      "A block needs no declaration, because its axes have no order.",
    bad: program`
      fuse 1

      model Classifier(x: [n, c: 64]) {
        return x |> linear(c: 10) @fc
      }
    `,
    good: program`
      fuse 1

      model Classifier(x: [n, c: 64]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }
    `,
  }),
  "open-axes-in-model": programEntry({
    severity: "error",
    message: msg`model \`${"model"}\` cannot have \`...\`: its layout would be unknown`,
    explain:
      "`...` matches any other axes, which is useful in a block that does not touch them. " +
      "The inputs and results of a model are arrays in memory, so each axis must be named, in order. " +
      "Name the axes, and keep the general part in a block that the model calls.",
    bad: program`
      fuse 1

      model Activate(x: [n, h, w, c]) -> [n, ..., c] {
        return relu(x)
      }
    `,
    good: program`
      fuse 1

      model Activate(x: [n, h, w, c]) -> [n, h, w, c] {
        return relu(x)
      }
    `,
  }),
  "runtime-condition": programEntry({
    severity: "error",
    message: msg`${"what"} depends on ${"size"}, which is known only at run time`,
    explain:
      "A condition chooses between graphs at build time. " +
      "In a model, a size variable is read from the inputs of " +
      "every run, unless an `int` parameter has the same name. " +
      "Write the size as a number in the signature (`w: 224`), add a parameter " +
      "`w: int`, or rewrite the program so that both cases take the same path. " +
      "If a `where` of the model already decides the condition, nothing is reported.",
    bad: program`
      fuse 1

      model Limit(x: [n, w]) -> [n, w] {
        return if w > 8 { relu(x) } else { x }
      }
    `,
    good: program`
      fuse 1

      model Limit(x: [n, w], w: int) -> [n, w] {
        return if w > 8 { relu(x) } else { x }
      }
    `,
  }),
  "weight-too-large": programEntry({
    severity: "error",
    message: msg`${"what"} would take ${"bytes"}: ${"formula"}`,
    explain:
      "A weight, or all weights of a model together, would need more memory than the limit. " +
      "The formula shows which sizes cause it. " +
      "Usually a whole feature map is flattened before a `linear`, or a setting has an extra digit. " +
      "Reduce the sizes, for example by pooling first, or raise the limit: `fuse build --max-weights 8GiB`. " +
      "Checking gives a warning; building fails.",
    bad: program`
      fuse 1

      model Dense(x: [n, c: 200000]) -> [n, c: 200000] {
        return x |> linear(c: 200000) @fc
      }
    `,
    good: program`
      fuse 1

      model Dense(x: [n, c: 200000]) -> [n, c: 200] {
        return x |> linear(c: 200) @fc
      }
    `,
  }),
};
