/** @file Diagnostics of the lexer. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const lexical = {
  "unexpected-character": programEntry({
    severity: "error",
    message: msg`unexpected character ${"character"}`,
    explain:
      "The character begins nothing in the language. " +
      "Often it is a habit from another language: statements have no `;`, comments begin with `//`, strings stand in double quotes, " +
      "and conditions are joined by `and`, `or` and `not`. " +
      "It may also have come along with copied text, such as a no-break space or a typographic quotation mark.",
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
      'A string begins with `"` and ends with the next `"` in the same line. ' +
      "Strings name the modules of imports and occur nowhere else. " +
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
      "Numbers are decimal and written like `2`, `0.5` or `1e-5`: digits stand on both sides of a point, " +
      "and there are no `_`, no suffixes and no other bases. " +
      "An integer is at most 2147483647, which is what an axis or an i32 element can hold. " +
      "A product of a number and a size has a `*`: `2 * h`, not `2h`.",
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
  "floor-division-comment": programEntry({
    severity: "error",
    message: msg`\`//\` begins a comment, it does not divide`,
    explain:
      "In Python `//` divides and rounds down, here it begins a comment that would hide the divisor. " +
      "Between brackets, a comment behind an operand that reads like a divisor is therefore an error. " +
      "Write `/`, which between sizes is exact and requires that the divisor divides, or `floor(a / b)`, which rounds down. " +
      "If a comment is meant, put a comma before it or use several words.",
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
};
