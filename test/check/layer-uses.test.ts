/** @file A layer that is used for inputs of different sizes is reported at the later use, also where blocks are between. */
import { expect, test } from "vitest";
import { buildGraphs } from "../../src/compile.ts";
import { renderDiagnostics } from "../../src/source/render.ts";
import { programOf } from "../support/check.ts";

const half = `fuse 1

block Half(x: [n, c]) -> [n, c: 2] {
  return x |> linear(c: 4) @up |> linear(c: 2) @down
}
`;

const reported = (text: string): string =>
  renderDiagnostics(buildGraphs(programOf(half + text), {}).diagnostics, { color: false });

test("a layer that is a block", () => {
  const text = `
model Both(a: [n, c: 4], b: [n, c: 6]) -> (y: [n, c: 2]) {
  layer f = Half
  first = f(a)
  y = first + f(b)
  return y
}
`;
  expect(reported(text)).toMatchInlineSnapshot(`
    "error[shared-layer-mismatch]: this use of layer \`f\` needs \`f.up.weight\` to be [c: 4, c': 6], an earlier one [c: 4, c': 4]
       ┌─ main.fuse:10:15
     9 │   first = f(a)
       │           ─  first used here
    10 │   y = first + f(b)
       │               ^

    1 error
    "
  `);
});

test("a layer in a block that is called", () => {
  const text = `
block Both(a: [n, c: p], b: [n, c: q]) -> [n, c: 2] {
  layer f = Half
  return f(a) + f(b)
}

model Caller(a: [n, c: 4], b: [n, c: 6]) -> (y: [n, c: 2]) {
  y = Both(a, b)
  return y
}
`;
  expect(reported(text)).toMatchInlineSnapshot(`
    "error[shared-layer-mismatch]: this use of layer \`f\` needs \`y.f.up.weight\` to be [c: 4, c': 6], an earlier one [c: 4, c': 4]
       ┌─ main.fuse:13:7
    13 │   y = Both(a, b)
       │       ^^^^
       = required by \`f\` at 9:17

    1 error
    "
  `);
});

test("uses that agree", () => {
  const text = `
model Both(a: [n, c: 4], b: [n, c: 4]) -> (y: [n, c: 2]) {
  layer f = Half
  y = f(a) + f(b)
  return y
}
`;
  expect(reported(text)).toBe("");
});
