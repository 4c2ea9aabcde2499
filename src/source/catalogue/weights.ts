/** @file Diagnostics about weights, labels and layers. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const weights = {
  "duplicate-weight-path": programEntry({
    severity: "error",
    message: msg`two weights have the same path \`${"path"}\``,
    explain:
      "The path of a weight consists of the labels around it and " +
      "is its name in a weight file, like a key of a `state_dict`. " +
      "Two weights with one path would load the same tensor without being the same weight. " +
      "Give one of the calls another label. " +
      "If they should share their weights, define a `layer` and use it twice. " +
      "The path of an unlabelled call comes from the name it is assigned to, or from its operator.",
    bad: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 8] {
        return x |> linear(c: 8) @fc |> relu |> linear(c: 8) @fc
      }
    `,
    good: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 8] {
        return x |> linear(c: 8) @fc |> relu |> linear(c: 8) @out
      }
    `,
  }),
  "label-without-weights": programEntry({
    severity: "error",
    message: msg`this call of \`${"callee"}\` owns no weights, so it cannot have a label`,
    explain:
      "A label names the weights of the call before it, and this call has none. " +
      "Remove the label, or move it after the call it was meant for. The weights of a layer are labelled where it is declared. " +
      "`@` is not matrix multiplication: Python's `q @ k` is " +
      "`dot(q, k, contract: e)`, which names the axis to sum over.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        return x |> relu @act
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        return x |> relu
      }
    `,
  }),
  "shared-layer-mismatch": programEntry({
    severity: "error",
    message: msg`this use of layer \`${"layer"}\` needs \`${"path"}\` to be ${"found"}, an earlier one ${"expected"}`,
    explain:
      "All uses of a `layer` share one set of weights. " +
      "The first use decides their sizes, and here another use " +
      "needs different ones, or sizes that cannot be proved equal. " +
      "Bring the inputs to the same size, declare in the signature that they have it, or define two layers.",
    bad: program`
      fuse 1

      block Compare(a: [n, c: 64], b: [n, c: 32]) -> [n, c: 8] {
        layer embed = linear(c: 8)
        return embed(a) - embed(b)
      }
    `,
    good: program`
      fuse 1

      block Compare(a: [n, c: 64], b: [n, c: 64]) -> [n, c: 8] {
        layer embed = linear(c: 8)
        return embed(a) - embed(b)
      }
    `,
  }),
  "dynamic-weight-size": programEntry({
    severity: "error",
    message: msg`weight \`${"path"}\` would have the size ${"size"}, which is known only at run time`,
    explain:
      "A model's weights exist before its inputs do, so their sizes must be known at build time. " +
      "In a model, a size variable is read from the inputs of " +
      "every run, unless an `int` parameter has the same name. " +
      "Write the size as a number (`c: 64`), or add a parameter `c: int`, which is set at build time.",
    bad: program`
      fuse 1

      model Classifier(x: [n, c]) -> [n, k: 10] {
        return x |> linear(c -> k: 10) @fc
      }
    `,
    good: program`
      fuse 1

      model Classifier(x: [n, c], c: int) -> [n, k: 10] {
        return x |> linear(c -> k: 10) @fc
      }
    `,
  }),
  "unknown-initialiser": programEntry({
    severity: "error",
    message: msg`there is no initialiser \`${"name"}\``,
    explain:
      "A weight is initialised with `kaiming`, `glorot`, `normal(std)`, " +
      "`uniform(a)`, `zeros`, `ones` or a number; `uniform(a)` is between -a and a. " +
      "PyTorch's `xavier_uniform_` is `glorot`, and its `kaiming_uniform_` with " +
      "`a=sqrt(5)` is `kaiming`, which is also the default of `conv` and `linear`. " +
      "An `i32` weight begins with `zeros`, `ones` or a whole number, " +
      "and a `bool` weight also with `true` or `false`. " +
      "Initial values matter only if no weights are loaded. " +
      "For fixed values that are not weights, use `const`.",
    bad: program`
      fuse 1

      block Project(x: [n, c]) -> [n, k: 10] {
        weight projection: [k: 10, c] = xavier
        return dot(x, projection, contract: c)
      }
    `,
    good: program`
      fuse 1

      block Project(x: [n, c]) -> [n, k: 10] {
        weight projection: [k: 10, c] = glorot
        return dot(x, projection, contract: c)
      }
    `,
  }),
  "const-mismatch": programEntry({
    severity: "error",
    message: msg`the literal ${"found"}, but the declaration needs ${"expected"}`,
    explain:
      "The value of a `const` is a single number, which fills it, or numbers in nested brackets: one level for each " +
      "axis in the declared order, and every level has as many items as the size of its axis. " +
      "Here the nesting, a length or the kind of number differs from the declaration. " +
      "Items of a list are not repeated: correct the literal or the declared sizes.",
    bad: program`
      fuse 1

      block Grey(image: [n, c: 3, h, w]) -> [n, h, w] {
        const luma: [c: 3] = [0.299, 0.587]
        return dot(image, luma, contract: c)
      }
    `,
    good: program`
      fuse 1

      block Grey(image: [n, c: 3, h, w]) -> [n, h, w] {
        const luma: [c: 3] = [0.299, 0.587, 0.114]
        return dot(image, luma, contract: c)
      }
    `,
  }),
  "const-size": programEntry({
    severity: "error",
    message: msg`the list of const \`${"name"}\` needs sizes that are numbers, but \`${"size"}\` is not one`,
    explain:
      "The numbers of a list are in the program, so the sizes of its axes are in the program, too. " +
      "Write them as numbers. " +
      "A single number fills a tensor, as `torch.zeros` and `torch.full` do: " +
      "`const zero: [k: hidden] = 0` takes sizes of every kind, those of inputs included.",
    bad: program`
      fuse 1

      block Start(x: [n, d], hidden: int = 3) -> [n, k: hidden] {
        const zero: [k: hidden] = [0, 0, 0]
        return linear(x, d -> k: hidden) + zero
      }
    `,
    good: program`
      fuse 1

      block Start(x: [n, d], hidden: int = 3) -> [n, k: hidden] {
        const zero: [k: hidden] = 0
        return linear(x, d -> k: hidden) + zero
      }
    `,
  }),
  "open-axes-in-tensor": programEntry({
    severity: "error",
    message: msg`${"what"} cannot have \`...\`: every axis of it must be named`,
    explain:
      "`...` in a signature matches the axes that a caller's tensor has besides those that are named. " +
      "Nobody passes a `weight` or `const`, so nothing would be matched. " +
      "List its axes with their sizes.",
    bad: program`
      fuse 1

      block Scale(x: [n, ..., c]) -> [n, ..., c] {
        weight gain: [..., c] = ones
        return x * gain
      }
    `,
    good: program`
      fuse 1

      block Scale(x: [n, ..., c]) -> [n, ..., c] {
        weight gain: [c] = ones
        return x * gain
      }
    `,
  }),
  "repeat-first": programEntry({
    severity: "error",
    message: msg`\`repeat\` needs a \`|>\` before it`,
    explain:
      "`repeat(n) B` passes the tensor before `|>` through n copies of `B`, so it is a stage. " +
      "It begins only a chain of stages, which gets its tensor from elsewhere: in a `layer`, and in an arm or branch after `|>`.",
    bad: program`
      fuse 1

      block Trunk(x: [n, c], depth: 1 | 2 = 2) -> [n, c] {
        return match depth { 1 => relu(x), 2 => repeat(2) linear(c: c) @fc }
      }
    `,
    good: program`
      fuse 1

      block Trunk(x: [n, c], depth: 1 | 2 = 2) -> [n, c] {
        return x |> match depth { 1 => relu, 2 => repeat(2) linear(c: c) @fc }
      }
    `,
  }),
  "repeat-changes-shape": programEntry({
    severity: "error",
    message: msg`\`repeat\` needs ${"callee"} to keep the shape or to add the same to it each time, but it turns ${"from"} into ${"to"}`,
    explain:
      "The number of repetitions is a parameter, and the repeated step changes the shape in a way that differs from one to the next. " +
      "It may add the same to an axis each time: `c + depth * growth` is the size after `depth` repetitions. " +
      "Otherwise, change the shape once before or after, repeat the step a " +
      "fixed number of times (`repeat(3)`), or list the possible numbers: `depth: 1 | 2 | 3`.",
    bad: program`
      fuse 1

      block Trunk(x: [n, c, h, w], depth: int) {
        return x |> repeat(depth) conv(c: 64, kernel: 3) @conv
      }
    `,
    good: program`
      fuse 1

      block Trunk(x: [n, c, h, w], depth: int) {
        return x |> repeat(depth) conv(c: c, kernel: 3) @conv
      }
    `,
  }),
  "repeat-count": programEntry({
    severity: "error",
    message: msg`${"count"} cannot be a number of repetitions`,
    explain:
      "The count of `repeat` is a whole number of at least 0 that is known at build time; 0 skips the stage. " +
      "A negative number, a fraction or a size that depends on the " +
      "inputs is not allowed, because the graph is fixed before it runs. " +
      "Use a number, or add an `int` parameter. " +
      "An `int` parameter with the name of the size makes the size known.",
    bad: program`
      fuse 1

      model Deep(x: [n, c]) -> [n, c] {
        return x |> repeat(c) relu
      }
    `,
    good: program`
      fuse 1

      model Deep(x: [n, c], c: int) -> [n, c] {
        return x |> repeat(c) relu
      }
    `,
  }),
  "layer-misuse": programEntry({
    severity: "error",
    message: msg`${"what"}`,
    explain:
      "A `layer` is a chain of stages without an input, like " +
      "`torch.nn.Sequential`: `layer mlp = linear(c: 64) |> relu`. " +
      "It is not a value: it can only be called with tensors, as `mlp(x)` or `x |> mlp`, without " +
      "attributes and without a label, because its name is already the path of its weights. " +
      "The first stage takes all the tensors of the call: `layer cell = Cell` allows `cell(h, x)`. " +
      "Omit the tensor from the definition. " +
      "For a tensor that is computed once, write `y = …` without `layer`; " +
      "for steps with attributes, write a block.",
    bad: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 8] {
        layer fc = x |> linear(c: 8)
        return fc(x)
      }
    `,
    good: program`
      fuse 1

      block Head(x: [n, c]) -> [n, c: 8] {
        layer fc = linear(c: 8)
        return fc(x)
      }
    `,
  }),
};
