/** @file Mistakes of syntax: each entry of the catalogue's own programs, and what a terminal shows for those that people make. */
import { describe, expect, test } from "vitest";
import { parse } from "../../src/parser/parse.ts";
import { lexical } from "../../src/source/catalogue/lexical.ts";
import { limits } from "../../src/source/catalogue/limits.ts";
import { syntax } from "../../src/source/catalogue/syntax.ts";
import type { Diagnostic, ProgramEntry } from "../../src/source/diagnostic.ts";
import { renderDiagnostic } from "../../src/source/render.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";

function diagnose(text: string): Diagnostic[] {
  const reporter = new Reporter();
  parse(sourceFile("net.fuse", text), reporter);
  return reporter.diagnostics;
}

const codes = (text: string): string[] => diagnose(text).map(({ code }) => code);
const shown = (text: string): string =>
  `\n${diagnose(text)
    .map((diagnostic) => renderDiagnostic(diagnostic, { color: false }))
    .join("\n")}\n`;
/** Statements in a block. */
const body = (...lines: string[]): string => `block A(x: [n, c], y: [n, c]) {\n${lines.join("\n")}\n}`;

/** The text after the edits of the first help of each diagnostic. */
function repaired(text: string): string {
  const edits = diagnose(text).flatMap(({ helps }) => helps[0]?.edits ?? []);
  return edits
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((result, { span, text }) => result.slice(0, span.start) + text + result.slice(span.end), text);
}

const entries: [string, ProgramEntry][] = Object.entries({ ...lexical, ...syntax, ...limits });

describe.each(entries)("%s", (code, { bad, good }) => {
  test("its wrong program is reported once and nothing else", () => {
    expect(codes(bad)).toEqual([code]);
  });
  test("its repaired program is not", () => {
    expect(codes(good)).toEqual([]);
  });
});

test("six independent mistakes are reported in order", () => {
  const text = `fuse 1
import { SE } "fuse/attention"
block A(x: [n, c], k = 3) {
  a = conv(x c: 64)
  b = x[0]
  return a + b;
}
block B(x: [n]) {
  c = if x { x }
  return c
}`;
  expect(diagnose(text).map(({ code, span }) => [code, span?.start])).toEqual(
    [
      ["syntax-error", '"fuse'],
      ["single-equals", "= 3"],
      ["syntax-error", "c: 64"],
      ["no-indexing", "[0]"],
      ["unexpected-character", ";"],
      ["missing-else", "if x"],
    ].map(([code, where]) => [code, text.indexOf(where!)]),
  );
});

test("a file with nothing but mistakes reports a hundred of them", () => {
  expect(diagnose("; ".repeat(5000)).length).toBe(100);
});

describe("edits of the first help repair the program", () => {
  test.each([
    [body("  return x |> relu + y"), body("  return (x |> relu) + y")],
    [body("  z = f(a: x", "    |> relu * 2)", "  return z"), body("  z = f(a: (x", "    |> relu) * 2)", "  return z")],
    [body("  return linear(x, c = 64);"), body("  return linear(x, c: 64)")],
    [body("  z = if c = 2 && n != 3 { x } else { y }"), body("  z = if c = 2 and n != 3 { x } else { y }")],
    [body("  (a, b) = f(x)", "  return a"), body("  a, b = f(x)", "  return a")],
    [body("  let z = x.mean(axis: c)", "  return z"), body("  z = x.mean(axis: c)", "  return z")],
    [body("  return x.mean(axis: c) + y.exp()"), body("  return mean(x, axis: c) + y.exp()")],
    [body("  return self.conv(x, c: 2h)"), body("  return self.conv(x, c: 2 * h)")],
    [body("  return nn.conv(x, c: 2)"), body("  return conv(x, c: 2)")],
    [body('  return resize(x, mode: "bilinear")'), body("  return resize(x, mode: bilinear)")],
    [body("  # a comment", "  relu(x)"), body("  // a comment", "  return relu(x)")],
    [body("  return f(a // b, c: .5, d: 1_000, e: 0x10)"), body("  return f(a / b, c: 0.5, d: 1000, e: 16)")],
    ["block small(match: int) { return x }", "block small(match_: int) { return x }"],
    ["block small(x: [n]) { return x }", "block Small(x: [n]) { return x }"],
    ["fuse 2\nimport { A } from 'x'", 'fuse 1\nimport { A } from "x"'],
  ])("%s", (text, better) => {
    expect(repaired(text)).toBe(better);
  });
});

describe("what a terminal shows", () => {
  test("brackets", () => {
    expect(shown(body("  z = conv(x, c: f(2)", "  return z"))).toMatchInlineSnapshot(`
      "
      error[unclosed-bracket]: \`(\` is never closed
        ┌─ net.fuse:2:11
      2 │   z = conv(x, c: f(2)
        │           ^
      3 │   return z
        │   ──────  it must end before this
      "
    `);
    expect(shown("block A(x: [n, c {\n  return x\n}")).toMatchInlineSnapshot(`
      "
      error[unclosed-bracket]: \`(\` is never closed
        ┌─ net.fuse:1:8
      1 │ block A(x: [n, c {
        │        ^         ─  it must end before this
      "
    `);
    expect(shown(body("  z = match k {", "    a => x", "    b => y", "  w = z", "  return w"))).toMatchInlineSnapshot(`
      "
      error[unclosed-bracket]: \`{\` is never closed
        ┌─ net.fuse:2:15
      2 │   z = match k {
        │               ^
        ┆
      5 │   w = z
        │   ─  it must end before this
      "
    `);
    expect(shown("block A(x: [n]) {\n  return x\n\nblock B(x: [n]) {\n  return x\n}")).toMatchInlineSnapshot(`
      "
      error[unclosed-bracket]: \`{\` is never closed
        ┌─ net.fuse:1:17
      1 │ block A(x: [n]) {
        │                 ^
        ┆
      4 │ block B(x: [n]) {
        │ ─────  it must end before this
      "
    `);
    expect(shown(body("  return f(x))"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`)\` where an operator or the next statement is expected
        ┌─ net.fuse:2:14
      2 │   return f(x))
        │              ^
      "
    `);
    expect(shown(body("  return f(x]", "  return x"))).toMatchInlineSnapshot(`
      "
      error[unclosed-bracket]: \`(\` is never closed
        ┌─ net.fuse:2:11
      2 │   return f(x]
        │           ^
      3 │   return x
        │   ──────  it must end before this
      "
    `);
  });

  test("something is missing", () => {
    expect(shown(body("  z = x +", "  return z"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: the end of the statement where an expression is expected
        ┌─ net.fuse:2:10
      2 │   z = x +
        │          ^
      "
    `);
    expect(shown(body("  return"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`}\` where an expression is expected
        ┌─ net.fuse:3:1
      3 │ }
        │ ^
      "
    `);
    expect(shown("block A(x: [n])")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: the end of the file where \`{\` is expected
        ┌─ net.fuse:1:16
      1 │ block A(x: [n])
        │                ^
      "
    `);
    expect(shown("block A(x [n]) { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`[\` where \`:\` is expected
        ┌─ net.fuse:1:11
      1 │ block A(x [n]) { return x }
        │           ^
      "
    `);
    expect(shown("import { A } from\nblock A(x: [n]) { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: the end of the import where a module in double quotes (\`"fuse/attention"\`) is expected
        ┌─ net.fuse:1:18
      1 │ import { A } from
        │                  ^
      "
    `);
    expect(shown(body("  return x |> repeat(3)"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`}\` where a call is expected
        ┌─ net.fuse:3:1
      3 │ }
        │ ^
      "
    `);
    expect(shown(body("  weight w = normal(0.02)", "  return w"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`=\` where \`:\` is expected
        ┌─ net.fuse:2:12
      2 │   weight w = normal(0.02)
        │            ^
        help: state its axes    weight w: [c] = …
      "
    `);
  });

  test("something is too much", () => {
    expect(shown(body("  return f(x,, y)"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`,\` where an argument or \`)\` is expected
        ┌─ net.fuse:2:14
      2 │   return f(x,, y)
        │              ^
      "
    `);
    expect(shown(body("  z = x", "  z z = y", "  return z"))).toMatchInlineSnapshot(`
      "
      error[not-a-statement]: \`z\` is not a statement
        ┌─ net.fuse:3:3
      3 │   z z = y
        │   ^
        help: names are given without a keyword    z = …
      "
    `);
    expect(shown("block A(x: [...a, n, ...b]) { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`...\` where an axis is expected
        ┌─ net.fuse:1:22
      1 │ block A(x: [...a, n, ...b]) { return x }
        │                      ^^^
        = \`...\` stands for all other axes
      "
    `);
    expect(shown("block A(x: [n]) { return x }\n}\nblock B(x: [n]) { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`}\` where \`import\`, \`block\` or \`model\` is expected
        ┌─ net.fuse:2:1
      2 │ }
        │ ^
      "
    `);
    expect(shown('x = 3\nblock A(x: [n]) { return x }\nimport { B } from "x"')).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`x\` where \`import\`, \`block\` or \`model\` is expected
        ┌─ net.fuse:1:1
      1 │ x = 3
        │ ^
        help: statements stand inside a block or model
      error[syntax-error]: \`import\` where \`block\` or \`model\` is expected
        ┌─ net.fuse:3:1
      3 │ import { B } from "x"
        │ ^^^^^^
        help: imports stand before the declarations
      "
    `);
  });

  test("habits of other languages", () => {
    expect(shown(body("  for i in range(3) {", "    x = relu(x)", "  }", "  return x"))).toMatchInlineSnapshot(`
      "
      error[not-a-statement]: \`for\` is not a statement
        ┌─ net.fuse:2:3
      2 │   for i in range(3) {
        │   ^^^
        help: a stage is repeated by    x |> repeat(3) conv(c: 64)
      "
    `);
    expect(shown(body("  if a {", "    return x", "  }", "  return y"))).toMatchInlineSnapshot(`
      "
      error[not-a-statement]: \`if\` on its own is not a statement
        ┌─ net.fuse:2:3
      2 │   if a {
        │   ^^
        help: it is a value: give it a name    y = if … { … } else { … }
      "
    `);
    expect(shown(body("  z = x if a else y", "  return z"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`if\` where an operator or the next statement is expected
        ┌─ net.fuse:2:9
      2 │   z = x if a else y
        │         ^^
        help: the condition stands before both values    if a == b { x } else { y }
      "
    `);
    expect(shown(body("  z = a || b", "  return z ** 2"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`|\` where an operator or the next statement is expected
        ┌─ net.fuse:2:9
      2 │   z = a || b
        │         ^
        help: write    or
      error[syntax-error]: \`*\` where an expression is expected
        ┌─ net.fuse:3:13
      3 │   return z ** 2
        │             ^
        help: a power is a call    pow(x, 2)
      "
    `);
    expect(shown(body("  x += y", "  x.c = 3", "  z: int = 4", "  return x"))).toMatchInlineSnapshot(`
      "
      error[not-a-statement]: \`+=\` is not a statement
        ┌─ net.fuse:2:5
      2 │   x += y
        │     ^
        help: a name keeps its value: take a new one    y = x + …
      error[not-a-statement]: an assignment to something that is no name is not a statement
        ┌─ net.fuse:3:3
      3 │   x.c = 3
        │   ^
        help: tensors do not change: give the new one a name    y = …
      error[not-a-statement]: a name with a type is not a statement
        ┌─ net.fuse:4:3
      4 │   z: int = 4
        │   ^
        help: only \`weight\` and \`const\` say their type    z = …
      "
    `);
    expect(shown(body("  s = q @ k", "  return s.shape[0] ? x : y"))).toMatchInlineSnapshot(`
      "
      error[unexpected-character]: unexpected character \`@\`
        ┌─ net.fuse:2:9
      2 │   s = q @ k
        │         ^
        help: a matrix product names the axis that it sums over    dot(q, k, contract: e)
      error[unexpected-character]: unexpected character \`?\`
        ┌─ net.fuse:3:21
      3 │   return s.shape[0] ? x : y
        │                     ^
        help: a choice is an \`if\`    if a == b { x } else { y }
      "
    `);
    expect(shown("def net(x):\n  return x")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`def\` where \`import\`, \`block\` or \`model\` is expected
        ┌─ net.fuse:1:1
      1 │ def net(x):
        │ ^^^
        help: a graph is declared by    block Name(x: [n, c]) { … }
      "
    `);
  });

  test("stages", () => {
    expect(shown(body("  return x |> (a + b)"))).toMatchInlineSnapshot(`
      "
      error[not-a-stage]: \`(a + b)\` is not a stage
        ┌─ net.fuse:2:15
      2 │   return x |> (a + b)
        │               ^^^^^^^
        = a stage is a call without the tensor that is piped into it
      "
    `);
    expect(shown(body("  return x |> match m { a => relu b => y * 2 }"))).toMatchInlineSnapshot(`
      "
      error[not-a-stage]: \`y * 2\` is not a stage
        ┌─ net.fuse:2:40
      2 │   return x |> match m { a => relu b => y * 2 }
        │                                        ^^^^^
        = a stage is a call without the tensor that is piped into it
      "
    `);
    expect(shown(body("  layer mlp = x + y", "  return x |> repeat(2) match m { a => mlp }"))).toMatchInlineSnapshot(`
      "
      error[not-a-stage]: \`x + y\` is not a stage
        ┌─ net.fuse:2:15
      2 │   layer mlp = x + y
        │               ^^^^^
        = a stage is a call without the tensor that is piped into it
      error[not-a-stage]: \`match\` is not a stage
        ┌─ net.fuse:3:25
      3 │   return x |> repeat(2) match m { a => mlp }
        │                         ^^^^^
        = \`repeat\` takes one call
      "
    `);
  });

  test("operators", () => {
    expect(shown(body("  return where(a < b < c, x, y)"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`<\` where \`and\` or \`or\` is expected
        ┌─ net.fuse:2:22
      2 │   return where(a < b < c, x, y)
        │                      ^
        = two comparisons are joined like this: \`a < b and b < c\`
      "
    `);
    expect(shown(body("  return a + not b"))).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`not\` where an operand is expected
        ┌─ net.fuse:2:14
      2 │   return a + not b
        │              ^^^
        = \`not\` and what it negates need parentheses here
      "
    `);
    expect(shown("block A(x: [n]) where match n { a => b } { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`match\` where a comparison is expected
        ┌─ net.fuse:1:23
      1 │ block A(x: [n]) where match n { a => b } { return x }
        │                       ^^^^^
        = a constraint holds or it does not
      "
    `);
    expect(shown("block A(x: [n, c: a == b]) { return x }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`==\` where the end of the size is expected
        ┌─ net.fuse:1:21
      1 │ block A(x: [n, c: a == b]) { return x }
        │                     ^^
      "
    `);
  });

  test("names and numbers", () => {
    expect(shown("block A(x: [n, if], k: relu | 3) { return x }")).toMatchInlineSnapshot(`
      "
      error[keyword-as-name]: \`if\` is reserved and cannot be a name
        ┌─ net.fuse:1:16
      1 │ block A(x: [n, if], k: relu | 3) { return x }
        │                ^^
        help: choose another name, for example    if_
      "
    `);
    expect(shown("block A(x: [n], k: relu | 3) { return x.or }")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`3\` where a name is expected
        ┌─ net.fuse:1:27
      1 │ block A(x: [n], k: relu | 3) { return x.or }
        │                           ^
        = the choices of a parameter are all names or all integers
      error[keyword-as-name]: \`or\` is reserved and cannot be a name
        ┌─ net.fuse:1:41
      1 │ block A(x: [n], k: relu | 3) { return x.or }
        │                                         ^^
        help: choose another name, for example    or_
      "
    `);
    expect(shown(body("  return x * 4294967296 + 1e999 - 1.2.3"))).toMatchInlineSnapshot(`
      "
      error[bad-number]: \`4294967296\` is not a number: the largest integer is 2147483647
        ┌─ net.fuse:2:14
      2 │   return x * 4294967296 + 1e999 - 1.2.3
        │              ^^^^^^^^^^
      error[bad-number]: \`1e999\` is not a number: it is too large
        ┌─ net.fuse:2:27
      2 │   return x * 4294967296 + 1e999 - 1.2.3
        │                           ^^^^^
      error[bad-number]: \`1.2.3\` is not a number: numbers are written like \`2\`, \`0.5\` or \`1e-5\`
        ┌─ net.fuse:2:35
      2 │   return x * 4294967296 + 1e999 - 1.2.3
        │                                   ^^^^^
      "
    `);
    expect(shown("fuse one")).toMatchInlineSnapshot(`
      "
      error[syntax-error]: \`one\` where the number of an edition (\`1\`) is expected
        ┌─ net.fuse:1:6
      1 │ fuse one
        │      ^^^
      "
    `);
    expect(shown(body("  return “x” – größe"))).toMatchInlineSnapshot(`
      "
      error[unexpected-character]: unexpected character \`“\`
        ┌─ net.fuse:2:10
      2 │   return “x” – größe
        │          ^
        help: write    "
      error[unexpected-character]: unexpected character \`”\`
        ┌─ net.fuse:2:12
      2 │   return “x” – größe
        │            ^
        help: write    "
      error[unexpected-character]: unexpected character \`–\`
        ┌─ net.fuse:2:14
      2 │   return “x” – größe
        │              ^
        help: write    -
      error[unexpected-character]: unexpected character \`ö\`
        ┌─ net.fuse:2:18
      2 │   return “x” – größe
        │                  ^
        help: names are made of the letters a to z, digits and \`_\`
      "
    `);
  });

  test("comments that divide, and comments that do not", () => {
    expect(shown(body("  return linear(x, c: max(c // 2, 8)) |> f[0]"))).toMatchInlineSnapshot(`
      "
      error[floor-division-comment]: \`//\` begins a comment, it does not divide
        ┌─ net.fuse:2:29
      2 │   return linear(x, c: max(c // 2, 8)) |> f[0]
        │                             ^^
        = if it is a comment, put a comma before it
        help: divide exactly    a / b
        help: or round down     floor(a / b)
      "
    `);
    const fine = ["conv(", "  x, // half", "  c: 2 // of the channels", "  // 1x1", ")"];
    expect(codes(body("  z = x // half", `  return ${fine.join("\n")}`))).toEqual([]);
  });
});
