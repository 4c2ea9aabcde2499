/** @file Diagnostics of the parser. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const syntax = {
  "syntax-error": programEntry({
    severity: "error",
    message: msg`expected ${"expected"}, found ${"found"}`,
    explain:
      "The parser cannot continue at the marked place. " +
      "The message says what it expected. " +
      "Each statement is parsed on its own, so a mistake in one does not hide mistakes in others.",
    bad: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        return linear(x c: 64)
      }
    `,
    good: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        return linear(x, c: 64)
      }
    `,
  }),
  "unclosed-bracket": programEntry({
    severity: "error",
    message: msg`\`${"bracket"}\` is never closed`,
    explain:
      "An opening bracket has no match in its statement, header or block. " +
      "If several brackets could be meant, indentation decides: text that " +
      "is indented no further than a bracket's line is not inside it. " +
      "Close the bracket before the second marked place.",
    bad: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        y = linear(x, c: 64
        return relu(y)
      }
    `,
    good: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        y = linear(x, c: 64)
        return relu(y)
      }
    `,
  }),
  "no-indexing": programEntry({
    severity: "error",
    message: msg`tensors cannot be indexed: their axes have names, not positions`,
    explain:
      "A `[` cannot follow a value. " +
      "What `x[0]` selects depends on the order of the axes, and tensors here have none. " +
      "Write `slice(x, t: [0, 1])` for a part along the axis `t`, `unstack(x, " +
      "axis: t)` for all its elements, and `x.c` for the size of the axis `c`.",
    bad: program`
      fuse 1

      block First(x: [n, t: 8, d]) -> [n, t: 1, d] {
        return x[0]
      }
    `,
    good: program`
      fuse 1

      block First(x: [n, t: 8, d]) -> [n, t: 1, d] {
        return slice(x, t: [0, 1])
      }
    `,
  }),
  "not-a-statement": programEntry({
    severity: "error",
    message: msg`${"found"} is not a statement`,
    explain:
      "The body of a block consists of `a = …`, `a, b = …`, `layer a " +
      "= …`, `weight a: […] = …`, `const a: […] = …` and `return …`. " +
      "An expression that is neither named nor returned would have no effect. " +
      "`if` and `match` are expressions too. " +
      "Assignments have no keyword and no brackets, and names cannot be reassigned: there is no `+=`.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        let y = relu(x)
        return y
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
  "operator-after-stage": programEntry({
    severity: "error",
    message: msg`\`${"operator"}\` cannot follow a stage`,
    explain:
      "A pipeline ends its expression: `a + b |> relu` is `relu(a + b)`, and only another stage may follow a stage. " +
      "In `x |> relu + y`, it would be easy to misread what is added to what. " +
      "Put the pipeline in parentheses, `(x |> relu) + y`, or give it a name.",
    bad: program`
      fuse 1

      block Residual(x: [n, c]) -> [n, c] {
        return x |> relu + x
      }
    `,
    good: program`
      fuse 1

      block Residual(x: [n, c]) -> [n, c] {
        return (x |> relu) + x
      }
    `,
  }),
  "not-a-stage": programEntry({
    severity: "error",
    message: msg`${"found"} is not a stage`,
    explain:
      "`|>` passes the tensor before it to the call that follows, " +
      "which omits that tensor: `relu`, `conv(c: 64)`, `Block(r: 16)`. " +
      "The arms of a `match` or `if` after `|>`, and the value of a `layer`, are chains of such stages. " +
      "A stage that does nothing is `identity`. " +
      "To use the tensor in another way, give it a name first.",
    bad: program`
      fuse 1

      block Shift(x: [n, c]) -> [n, c] {
        return x |> 1 + relu
      }
    `,
    good: program`
      fuse 1

      block Shift(x: [n, c]) -> [n, c] {
        return 1 + relu(x)
      }
    `,
  }),
  "several-values": programEntry({
    severity: "error",
    message: msg`${"where"} has one value, not several`,
    explain:
      "There are no tuples. " +
      "Only a `return`, an arm of a `match` and a branch of an `if` take several values, separated by commas, and only a " +
      "call can have several results, as in `left, right = split(x, axis: c)`. Write one statement for each value.",
    bad: program`
      fuse 1

      block Both(x: [n, c: 2*k], swap: bool = false) -> [n, c: k] {
        a, b = split(x, axis: c)
        left, right = a, if swap { b } else { a }
        return left - right
      }
    `,
    good: program`
      fuse 1

      block Both(x: [n, c: 2*k], swap: bool = false) -> [n, c: k] {
        a, b = split(x, axis: c)
        left, right = if swap { a, b } else { a, a }
        return left - right
      }
    `,
  }),
  "statement-in-branch": programEntry({
    severity: "error",
    message: msg`${"where"} is a value: it has no statements`,
    explain:
      "`if` and `match` are expressions, and each of their branches is one expression. " +
      "Name the steps before the `if` or `match`: a step that no result needs is not computed, and its weights " +
      "are not part of the model. " +
      "If a branch needs many steps, write them as one pipeline, or as a block that the branch calls.",
    bad: program`
      fuse 1

      block Activate(x: [n, c], swish: bool = true) -> [n, c] {
        return if swish {
          z = sigmoid(x)
          x * z
        } else { x }
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c], swish: bool = true) -> [n, c] {
        z = sigmoid(x)
        return if swish { x * z } else { x }
      }
    `,
  }),
  "missing-else": programEntry({
    severity: "error",
    message: msg`this \`if\` has no \`else\``,
    explain:
      "`if` is an expression and always has a value, so it needs both branches. " +
      "If there is nothing to do otherwise, the second branch is the value itself, " +
      "as in `if bias { x + b } else { x }`, or `identity` if the `if` follows `|>`.",
    bad: program`
      fuse 1

      block Activate(x: [n, c], active: bool = true) -> [n, c] {
        return if active { relu(x) }
      }
    `,
    good: program`
      fuse 1

      block Activate(x: [n, c], active: bool = true) -> [n, c] {
        return if active { relu(x) } else { x }
      }
    `,
  }),
  "single-equals": programEntry({
    severity: "error",
    message: msg`expected \`${"meant"}\`, found \`=\``,
    explain:
      "`=` names a value at the start of a statement, or sets the default of a parameter. " +
      "Compare sizes and choices with `==`, and separate an attribute from its value with `:`, as in `conv(c: 64)`.",
    bad: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        return linear(x, c = 64)
      }
    `,
    good: program`
      fuse 1

      block Widen(x: [n, c]) -> [n, c: 64] {
        return linear(x, c: 64)
      }
    `,
  }),
  "method-call": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` is called like a method, but operators are functions`,
    explain:
      "Operators are functions: the tensor is the first argument, `mean(x, " +
      "axis: c)`, or is piped into the call, `x |> mean(axis: c)`. " +
      "A `.` selects only the size of an axis, `x.c`, or one of several results, `F(x).p3`. " +
      "There is no `self` and no module prefix: weights are created where a layer is written.",
    bad: program`
      fuse 1

      block Pool(x: [n, c, h, w]) -> [n, c] {
        return x.mean(axis: [h, w])
      }
    `,
    good: program`
      fuse 1

      block Pool(x: [n, c, h, w]) -> [n, c] {
        return mean(x, axis: [h, w])
      }
    `,
  }),
  "keyword-as-name": programEntry({
    severity: "error",
    message: msg`\`${"word"}\` is reserved and cannot be a name`,
    explain:
      "`return`, `if`, `else`, `match`, `and`, `or`, `not`, `true`, `false` " +
      "and `inf` have a meaning in expressions and are never names. " +
      "All other words can be names, including `layer`, `weight`, `where` and `repeat`. " +
      "Choose another name, or append `_`.",
    bad: program`
      fuse 1

      block Select(x: [n, c], match: int = 2) -> [n, c] {
        return x
      }
    `,
    good: program`
      fuse 1

      block Select(x: [n, c], factor: int = 2) -> [n, c] {
        return x * factor
      }
    `,
  }),
  "unknown-edition": programEntry({
    severity: "error",
    message: msg`there is no edition ${"edition"}`,
    explain:
      "The first line of a file names the edition of the language " +
      "it was written for, so later compilers can still read it. " +
      "This compiler supports edition 1. " +
      "A file that needs a later edition needs a later compiler.",
    bad: program`
      fuse 2

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
};
