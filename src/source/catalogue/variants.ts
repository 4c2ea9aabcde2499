/** @file Diagnostics about the variants of a program. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const variants = {
  "match-not-exhaustive": programEntry({
    severity: "error",
    message: msg`no arm for ${"choices"}`,
    explain:
      "A `match` needs an arm for every choice of its parameter; there is no wildcard. " +
      "When a choice is added later, every `match` that must handle it is reported. " +
      "Add the missing arm, or let one arm handle several choices: `add | mul => …`. " +
      "For a stage that does nothing, write `identity`.",
    bad: program`
      fuse 1

      block Fuse(a: [n, c], b: [n, c], by: add | mul | max = add) -> [n, c] {
        return match by {
          add => a + b
          mul => a * b
        }
      }
    `,
    good: program`
      fuse 1

      block Fuse(a: [n, c], b: [n, c], by: add | mul | max = add) -> [n, c] {
        return match by {
          add => a + b
          mul => a * b
          max => maximum(a, b)
        }
      }
    `,
  }),
  "match-not-finite": programEntry({
    severity: "error",
    message: msg`\`match\` needs a parameter with choices, but \`${"subject"}\` has unlimited values`,
    explain:
      "The arms of a `match` are the choices of a parameter, and a size or an `int` has no list of choices. " +
      "List the values where the parameter is declared, as in `exponent: 1 | " +
      "2`, or distinguish the cases with `if exponent == 1 { … } else { … }`.",
    bad: program`
      fuse 1

      block Power(x: [n, c], exponent: int) -> [n, c] {
        return match exponent {
          1 => x
          2 => x * x
        }
      }
    `,
    good: program`
      fuse 1

      block Power(x: [n, c], exponent: 1 | 2) -> [n, c] {
        return match exponent {
          1 => x
          2 => x * x
        }
      }
    `,
  }),
  "undecided-choice": programEntry({
    severity: "error",
    message: msg`${"value"} is not known to be one of ${"choices"}`,
    explain:
      "A parameter with choices was given an `int` or a size of unknown value, so it might be none of the choices. " +
      "Every variant is checked before anything is built, and an `int` has unlimited values. " +
      "Pass one of the choices, or give the caller's parameter " +
      "its own choices, which may be fewer than the callee's.",
    bad: program`
      fuse 1

      block Smooth(x: [n, c, h, w], kernel: 3 | 5 = 3) -> [n, c, h, w] {
        return x |> conv(c: c, kernel: kernel) @conv
      }

      block Refine(x: [n, c, h, w], reach: int) -> [n, c, h, w] {
        return x |> Smooth(kernel: reach) @smooth
      }
    `,
    good: program`
      fuse 1

      block Smooth(x: [n, c, h, w], kernel: 3 | 5 = 3) -> [n, c, h, w] {
        return x |> conv(c: c, kernel: kernel) @conv
      }

      block Refine(x: [n, c, h, w], reach: 3 | 5) -> [n, c, h, w] {
        return x |> Smooth(kernel: reach) @smooth
      }
    `,
  }),
  "too-many-variants": programEntry({
    severity: "error",
    message: msg`\`${"block"}\` has ${"count"} variants; at most ${"limit"} are checked`,
    explain:
      "A block is checked once for every combination of its choices and undecided conditions. " +
      "Their number is the product of all of them: five parameters with four choices each make 1,024. " +
      "Split the block into several, each with only the parameters it " +
      "uses, or replace parameters that always vary together with one.",
    bad: program`
      fuse 1

      block Deep(
        x: [n, c],
        act1: relu | gelu | silu | tanh,
        act2: relu | gelu | silu | tanh,
        act3: relu | gelu | silu | tanh,
        act4: relu | gelu | silu | tanh,
        act5: relu | gelu | silu | tanh,
      ) -> [n, c] {
        return x |> act1 |> act2 |> act3 |> act4 |> act5
      }
    `,
    good: program`
      fuse 1

      block Deep(
        x: [n, c],
        act1: relu | gelu | silu | tanh,
        act2: relu | gelu | silu | tanh,
        act3: relu | gelu | silu | tanh,
        act4: relu | gelu | silu | tanh,
      ) -> [n, c] {
        return x |> act1 |> act2 |> act3 |> act4
      }
    `,
  }),
};
