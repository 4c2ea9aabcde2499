/** @file Diagnostics of the lexer. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const lexical = {
  "unexpected-character": programEntry({
    severity: "error",
    message: msg`unexpected character ${"character"}`,
    explain:
      "No token starts with this character. " +
      "It is often a habit from another language: statements have no `;`, " +
      "strings use double quotes, and conditions use `and`, `or` and `not`. " +
      "It may also come from copied text, such as a no-break space or a typographic quotation mark.",
    bad: program`
      fuse 1

      block Activate(x: [n, c]) -> [n, c] {
        y = relu(x);
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
  "unterminated-string": programEntry({
    severity: "error",
    message: msg`this string has no closing \`"\``,
    explain:
      'A string starts with `"` and ends with the next `"` on the same line. ' +
      "Strings name the modules of imports and are used nowhere else. " +
      "They have no escapes, so a string cannot contain a quotation mark or a line break.",
    bad: program`
      fuse 1
      import { SE } from "fuse/attention

      block Gate(x: [n, c, h, w]) -> [n, c, h, w] {
        return relu(x)
      }
    `,
    good: program`
      fuse 1
      import { SE } from "fuse/attention"

      block Gate(x: [n, c, h, w]) -> [n, c, h, w] {
        return relu(SE(x))
      }
    `,
  }),
  "bad-number": programEntry({
    severity: "error",
    message: msg`${"number"} is not a number: ${"reason"}`,
    explain:
      "Numbers are decimal and written like `2`, `0.5` or `1e-5`: a decimal point has " +
      "digits on both sides, and there are no `_`, no suffixes and no other bases. " +
      "An integer is at most 2147483647, the largest value that an axis or an i32 element can hold. " +
      "Multiplication needs a `*`: `2 * h`, not `2h`.",
    bad: program`
      fuse 1

      block Halve(x: [n, c]) -> [n, c] {
        return x * .5
      }
    `,
    good: program`
      fuse 1

      block Halve(x: [n, c]) -> [n, c] {
        return x * 0.5
      }
    `,
  }),
  "floor-division": programEntry({
    severity: "error",
    message: msg`there is no operator \`//\`: use \`/\` (exact) or \`floor(a / b)\``,
    explain:
      "In Python, `//` divides and rounds down; here that is `floor(a / b)`. " +
      "Between sizes, `a / b` requires that b divides a exactly, and Fuse checks it. " +
      "Comments start with `#`.",
    bad: program`
      fuse 1

      block Reduce(x: [n, c], r: int = 4) -> [n, c: c / r] {
        return linear(x, c: c // r)
      }
    `,
    good: program`
      fuse 1

      block Reduce(x: [n, c], r: int = 4) -> [n, c: c / r] {
        return linear(x, c: c / r)
      }
    `,
  }),
  "slash-comment": programEntry({
    severity: "error",
    message: msg`comments start with \`#\`, not \`//\``,
    explain:
      "A comment starts with `#` and ends with the line. Lines that start with `##` document the declaration, parameter or " +
      "statement that follows. In Python, `//` divides; a program that a Python programmer could misread is not accepted. " +
      "`fuse check --fix` converts a file.",
    bad: program`
      fuse 1

      // A gate for each channel.
      block Gate(x: [n, c]) -> [n, c] {
        return x * sigmoid(x)
      }
    `,
    good: program`
      fuse 1

      # A gate for each channel.
      block Gate(x: [n, c]) -> [n, c] {
        return x * sigmoid(x)
      }
    `,
  }),
};
