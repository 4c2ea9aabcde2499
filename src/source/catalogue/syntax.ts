/** @file Diagnostics of the parser. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const syntax = {
  "syntax-error": programEntry({
    severity: "error",
    message: msg`${"found"} where ${"expected"} is expected`,
    explain:
      "The text is not a program up to the marked place, and what stands there cannot go on with it. " +
      "The message says what could. " +
      "Each statement is read on its own: a mistake in one does not hide those in others.",
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
      "An opening bracket has no partner in its statement, header or block. " +
      "Where several could be meant, indentation decides: what stands no further in than the line of a bracket is not inside it. " +
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
    message: msg`tensors are not indexed: their axes have names, not positions`,
    explain:
      "A `[` cannot follow a value. " +
      "Which axis `x[0]` takes a part of depends on an order, and tensors here have none. " +
      "Write `slice(x, t: [0, 1])` for a part along the axis `t`, `unstack(x, axis: t)` for all its parts, " +
      "and `x.c` for the size of the axis `c`.",
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
      "The body of a block consists of `a = …`, `a, b = …`, `layer a = …`, `weight a: […] = …`, `const a: […] = …` and `return …`. " +
      "An expression that nobody names or returns would have no effect. " +
      "`if` and `match` are expressions too, names are given without a keyword and without brackets, " +
      "and they keep their value: there is no `+=`.",
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
      "A pipeline ends the expression it stands in: `a + b |> relu` is `relu(a + b)`, and after a stage only another stage may follow. " +
      "In `x |> relu + y` it would be easy to overlook what is added to what. " +
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
      "What follows `|>` receives the tensor before it, so it is a call without that tensor: `relu`, `conv(c: 64)`, `Block(r: 16)`. " +
      "The arms of a `match` or `if` that follows `|>`, and the value of a `layer`, are chains of such stages. " +
      "Where nothing is to be done, the stage is `identity`. " +
      "To compute with a tensor in another way, give it a name first.",
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
  "missing-else": programEntry({
    severity: "error",
    message: msg`this \`if\` has no \`else\``,
    explain:
      "`if` is an expression: it has a value whichever way the condition is decided, so it needs both branches. " +
      "Where nothing is to be done otherwise, the second branch is the value itself, as in `if bias { x + b } else { x }`, " +
      "or `identity` where the `if` follows `|>`.",
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
    message: msg`\`=\` where \`${"meant"}\` is meant`,
    explain:
      "`=` gives a name to a value at the beginning of a statement, and a default to a parameter. " +
      "Sizes and choices are compared with `==`, and an attribute is separated from its value by `:`, as in `conv(c: 64)`.",
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
    message: msg`\`${"name"}\` is called like a method, but tensors have none`,
    explain:
      "Operators are functions: the tensor is their first argument, `mean(x, axis: c)`, or is piped into them, `x |> mean(axis: c)`. " +
      "A `.` only asks for the size of an axis, `x.c`, or for one of several results, `F(x).p3`. " +
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
      "`return`, `if`, `else`, `match`, `and`, `or`, `not`, `true`, `false` and `inf` have a meaning in expressions and are never names. " +
      "All other words are, also `layer`, `weight`, `where` and `repeat`. " +
      "Choose another name; a word with `_` behind it is one.",
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
      "The first line of a file says for which edition of the language it was written, so that later ones can still read it. " +
      "This compiler knows edition 1. " +
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
