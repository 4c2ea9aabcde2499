/** @file The parser: the programs it accepts, the tree it builds, and that every node has its exact place. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Ast, Expr, Label } from "../../src/parser/ast.ts";
import { Grammar } from "../../src/parser/grammar/grammar.ts";
import { lexerOf } from "../../src/parser/grammar/tokens.ts";
import { parse } from "../../src/parser/parse.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { placeOf, sourceFile, textOf, type Span } from "../../src/source/source.ts";

const samples = new URL("../fixtures/samples/", import.meta.url);
const sampleNames = readdirSync(samples).filter((name) => name.endsWith(".fuse"));

function parsed(text: string): { ast: Ast; codes: string[] } {
  const reporter = new Reporter();
  const ast = parse(sourceFile("test.fuse", text), reporter);
  return { ast, codes: reporter.diagnostics.map(({ code }) => code) };
}

/** Returns the AST of a program without errors. */
function valid(text: string): Ast {
  const { ast, codes } = parsed(text);
  expect(codes).toEqual([]);
  return ast;
}

/** Returns the value of a statement `y = …`. */
function expression(text: string): Expr {
  const statement = valid(`block A(x: [n]) {\n  y = ${text}\n}`).decls[0]?.body[0];
  if (statement?.kind !== "assign") throw new Error("not an assignment");
  return statement.value;
}

test("the tokens and the rules have no mistakes that Chevrotain finds", () => {
  expect(lexerOf(true).lexerDefinitionErrors).toEqual([]);
  expect(() => new Grammar(true)).not.toThrow();
});

/** Prints an expression with all its parentheses. */
function show(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return expr.raw;
    case "bool":
      return String(expr.value);
    case "inf":
      return "inf";
    case "list":
      return `[${expr.items.map(show).join(", ")}]`;
    case "unary":
      return `(${expr.op} ${show(expr.operand)})`;
    case "binary":
      return `(${show(expr.left)} ${expr.op} ${show(expr.right)})`;
    case "call": {
      const args = expr.args?.map((arg) => textOf(arg.span)).join(", ");
      const path = expr.path.map((name) => `.${name.text}`).join("");
      return `${expr.callee.text}${args === undefined ? "" : `(${args})`}${path}${showLabel(expr.label)}`;
    }
    case "match": {
      const arms = expr.arms.map((arm) => `${arm.choices.map(({ text }) => text).join("|")} => ${show(arm.value)}`);
      return `match ${show(expr.subject)} {${arms.join("; ")}}`;
    }
    case "if":
      return `if ${show(expr.condition)} {${show(expr.then)}} else {${show(expr.else)}}`;
    case "values":
      return expr.items.map(show).join(", ");
    case "pipeline":
      return `<${[show(expr.head), ...expr.stages.map(show)].join(" |> ")}>`;
    case "repeat": {
      const index = expr.index === undefined ? "" : `${expr.index.text}: `;
      return `repeat ${index}${show(expr.count)} ${show(expr.step)}${showLabel(expr.label)}`;
    }
    case "tensors":
      return `(${expr.items.map(show).join(", ")})`;
  }
}

function showLabel(label: Label | undefined): string {
  if (label === undefined) return "";
  const sums = [...label.sums];
  return `@${label.text.replace(/\{\}/g, () => `{${show(sums.shift()!)}}`)}`;
}

/** Returns the text of every span in a tree, by the path to it. */
function places(value: unknown, path = ""): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  if (isSpan(value)) return { [path.slice(1)]: textOf(value) };
  const parts = Object.entries(value).map(([key, part]: [string, unknown]) => places(part, `${path}.${key}`));
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

function isSpan(value: object): value is Span {
  return "source" in value && "start" in value;
}

describe("programs", () => {
  test.each(sampleNames)("%s", (name) => {
    const ast = valid(readFileSync(new URL(name, samples), "utf8"));
    expect(ast.edition?.value).toBe(1);
    expect(ast.decls.length).toBeGreaterThan(0);
  });

  test("an empty file", () => {
    const { edition, imports, decls, span } = valid("");
    expect({ edition, imports, decls, end: span.end }).toEqual({ edition: undefined, imports: [], decls: [], end: 0 });
  });

  test("each example of the description of the grammar", () => {
    const text = readFileSync(new URL("../../grammar/README.md", import.meta.url), "utf8");
    const examples = [...text.matchAll(/^```fuse\n(.*?)^```$/gms)].map((found) => found[1]!);
    expect(examples.length).toBeGreaterThan(5);
    for (const example of examples) valid(example);
  });
});

describe("expressions", () => {
  test.each([
    ["a + b * c - d", "((a + (b * c)) - d)"],
    ["a / b / c % d", "(((a / b) / c) % d)"],
    ["(a + b) * c", "((a + b) * c)"],
    ["-a * - - b", "((- a) * (- (- b)))"],
    ["not a == b and c or d and not e", "(((not (a == b)) and c) or (d and (not e)))"],
    ["a + 1 <= b * 2", "((a + 1) <= (b * 2))"],
    ["a + b |> f |> g(c)", "<(a + b) |> f |> g(c)>"],
    ["(a |> f) + b", "(<a |> f> + b)"],
    ["f(x, c: 64) @conv.0", "f(x, c: 64)@conv.0"],
    ["f(x).p3", "f(x).p3"],
    ["f()", "f()"],
    ["y.c + f @1x1", "(y.c + f@1x1)"],
    ["x |> repeat(n - 1) f(c: 1) @1", "<x |> repeat (n - 1) f(c: 1)@1>"],
    ["x |> repeat |> f", "<x |> repeat |> f>"],
    ["repeat(3) + repeat", "(repeat(3) + repeat)"],
    ["x |> repeat(i: n) f(c: i) @a{i+1}.b", "<x |> repeat i: n f(c: i)@a{(i + 1)}.b>"],
    ["x |> repeat(i: n) (f @a.{2 * i} |> g) @b |> h", "<x |> repeat i: n <f@a.{(2 * i)} |> g>@b |> h>"],
    ["x |> repeat(2) (repeat(i: 3) (match m { a => f }))", "<x |> repeat 2 repeat i: 3 match m {a => f}>"],
    ["x |> match m { a => repeat(2) f |> g b => h }", "<x |> match m {a => <repeat 2 f |> g>; b => h}>"],
    ["(x, f(y) |> g,) |> repeat(2) F @a", "<(x, <f(y) |> g>) |> repeat 2 F@a>"],
    ["f((x, y) |> g, a: (x) |> g)", "f((x, y) |> g, a: (x) |> g)"],
    ["where(c, a, b)", "where(c, a, b)"],
    ["if a { b } else if c { d |> f } else { e }", "if a {b} else {if c {<d |> f>} else {e}}"],
    ["match m { a => x, 3 | b => y z => w }", "match m {a => x; 3|b => y; z => w}"],
    ["match m { a => x, y, b | c => y, x }", "match m {a => x, y; b|c => y, x}"],
    ["match m { true => x, y false => f(x, y) |> g, y, }", "match m {true => x, y; false => <f(x, y) |> g>, y}"],
    ["if a { x, y } else { y, x |> f }", "if a {x, y} else {y, <x |> f>}"],
    ["f(x) @.", "f(x)@."],
    ["x |> match m { a => f |> g b => identity }", "<x |> match m {a => <f |> g>; b => identity}>"],
    ["[1, [0.5, 1e-5,], [], -inf, true]", "[1, [0.5, 1e-5], [], (- inf), true]"],
    ["rename(t -> s, [h, w] -> [a: h, b])", "rename(t -> s, [h, w] -> [a: h, b])"],
  ])("%s", (text, tree) => {
    expect(show(expression(text))).toBe(tree);
  });

  test("arguments are positional, named or maps of axes", () => {
    const call = expression("f(x, axis: [h, w], [head, e] -> d, t -> [h, w: 2 * t])");
    if (call.kind !== "call") throw new Error("not a call");
    expect(call.args?.map((arg) => arg.kind)).toEqual(["positional", "named", "map", "map"]);
    expect(call.args?.flatMap((arg) => (arg.kind === "map" ? [arg.to.list, arg.to.axes.length] : []))).toEqual([
      ...[false, 1],
      ...[true, 2],
    ]);
  });

  test("a pipeline of ten thousand stages", () => {
    const pipeline = expression(`x${" |> conv(c: 64)".repeat(10_000)}`);
    expect(pipeline.kind === "pipeline" && pipeline.stages.length).toBe(10_000);
  });
});

describe("names", () => {
  test("keywords are names where the grammar has no keyword", () => {
    const words = "fuse import from as block model layer weight const where repeat".split(" ");
    for (const word of words) {
      const ast = valid(
        `block A(${word}: [${word}: ${word}], k: ${word} | b = ${word}) {\n  y = ${word}\n  ${word} = ${word}(${word}: ${word}.${word})\n  return ${word}\n}`,
      );
      expect(ast.decls[0]?.body.map(({ kind }) => kind)).toEqual(["assign", "assign", "return"]);
    }
  });

  test("a keyword that ends an expression does not begin a statement", () => {
    const body = ["y =\n  layer", "z = weight", "w = x |> repeat(2)\n  layer", "return w"];
    const ast = valid(`block A(x: [n]) {\n${body.join("\n")}\n}`);
    expect(ast.decls[0]?.body.map(({ span }) => textOf(span))).toEqual(body);
  });

  test("newlines mean nothing", () => {
    const lines = valid("block A(x: [n]) {\n  y = x\n  a, b = f(y)\n  return a, b\n}").decls[0]?.body;
    const row = valid("block A(x: [n]) { y = x a, b = f(y) return a, b }").decls[0]?.body;
    const words = valid("block A(x: [n]) { y = x a, b = f(y) return a, b }".replaceAll(" ", "\n")).decls[0]?.body;
    for (const body of [lines, row, words])
      expect(body?.map(({ span }) => textOf(span).replace(/\s+/g, " "))).toEqual([
        "y = x",
        "a, b = f(y)",
        "return a, b",
      ]);
  });
});

describe("declarations", () => {
  const header = `
    model A(
      x: i32[n, ...rest, c: 2 * k],
      by: add | mul = mul,
      r: 3 | 7,
    ) -> (y: [n, ...], z: []) where k == 2 if by == add, c % r == 0 { return x }
  `;

  test("parameters, results and constraints", () => {
    const decl = valid(header).decls[0];
    const [x, by, r] = decl?.params ?? [];
    if (x?.kind !== "tensor" || by?.kind !== "attribute" || r?.kind !== "attribute") throw new Error("wrong kinds");
    expect(x.type.dtype?.text).toBe("i32");
    expect(x.type.axes.map(({ name, size }) => [name.text, size && show(size)])).toEqual([
      ["n", undefined],
      ["c", "(2 * k)"],
    ]);
    expect([x.type.open?.name?.text, x.type.open?.index]).toEqual(["rest", 1]);
    expect([by.choices.map(({ text }) => text), by.default && show(by.default)]).toEqual([["add", "mul"], "mul"]);
    expect([r.choices.map(({ text }) => text), r.default]).toEqual([["3", "7"], undefined]);
    expect(decl?.kind).toBe("model");
    expect(decl?.result?.kind === "named" && decl.result.items.map(({ name }) => name.text)).toEqual(["y", "z"]);
    expect(decl?.where.map((where) => [show(where.condition), where.if && show(where.if)])).toEqual([
      ["(k == 2)", "(by == add)"],
      ["((c % r) == 0)", undefined],
    ]);
    expect(textOf(decl!.header)).toBe(header.slice(header.indexOf("model"), header.indexOf(" {")));
  });

  test("the `{` of a default value does not begin the body", () => {
    const ast = valid(
      "block A(x: [n], k: int = if n == 1 { 2 } else if n == 2 { 3 } else { 4 }) where n > 1 { return x }",
    );
    expect(ast.decls[0]?.body.length).toBe(1);
  });

  test("imports", () => {
    const [found] = valid('import { A, B as C, } from "./x.fuse"').imports;
    expect(found?.names.map(({ name, as }) => [name.text, as?.text])).toEqual([
      ["A", undefined],
      ["B", "C"],
    ]);
    expect([found?.from.text, found && textOf(found.from.span)]).toEqual(["./x.fuse", '"./x.fuse"']);
  });

  test("`##` documents what follows, `#` is only collected", () => {
    const ast = valid(
      "## One.\n##  Two.\n# aside\nblock A(\n  ## The input.\n  x: [n], # trailing\n  k: int,\n) {\n  ## The gate.\n  g = x ###\n  return g\n}\n## nothing",
    );
    const [decl] = ast.decls;
    expect(decl?.doc).toBe("One.\n Two.");
    expect(decl?.params.map(({ doc }) => doc)).toEqual(["The input.", undefined]);
    expect(decl?.body.map((statement) => "doc" in statement && statement.doc)).toEqual(["The gate.", false]);
    expect(ast.comments.map(({ text, doc }) => `${doc ? "doc" : "#"}:${text}`)).toEqual([
      "doc: One.",
      "doc:  Two.",
      "#: aside",
      "doc: The input.",
      "#: trailing",
      "doc: The gate.",
      "#:##",
      "doc: nothing",
    ]);
    for (const comment of ast.comments) expect(textOf(comment.span)).toMatch(/^#.*[^\n]$/);
  });
});

describe("places", () => {
  test("every node spans exactly its text, parentheses included", () => {
    const { body } = valid("block A(x: [n]) {\n  y = (a + b) * -f(c: 2, t -> [h: 3]).p @q.0 |> repeat(2) g\n}")
      .decls[0]!;
    expect(places(body)).toMatchInlineSnapshot(`
      {
        "0.names.0.span": "y",
        "0.span": "y = (a + b) * -f(c: 2, t -> [h: 3]).p @q.0 |> repeat(2) g",
        "0.value.head.left.left.callee.span": "a",
        "0.value.head.left.left.span": "a",
        "0.value.head.left.opSpan": "+",
        "0.value.head.left.right.callee.span": "b",
        "0.value.head.left.right.span": "b",
        "0.value.head.left.span": "(a + b)",
        "0.value.head.opSpan": "*",
        "0.value.head.right.operand.args.0.name.span": "c",
        "0.value.head.right.operand.args.0.span": "c: 2",
        "0.value.head.right.operand.args.0.value.span": "2",
        "0.value.head.right.operand.args.1.from.callee.span": "t",
        "0.value.head.right.operand.args.1.from.span": "t",
        "0.value.head.right.operand.args.1.span": "t -> [h: 3]",
        "0.value.head.right.operand.args.1.to.axes.0.name.span": "h",
        "0.value.head.right.operand.args.1.to.axes.0.size.span": "3",
        "0.value.head.right.operand.args.1.to.axes.0.span": "h: 3",
        "0.value.head.right.operand.args.1.to.span": "[h: 3]",
        "0.value.head.right.operand.callee.span": "f",
        "0.value.head.right.operand.label.span": "@q.0",
        "0.value.head.right.operand.path.0.span": "p",
        "0.value.head.right.operand.span": "f(c: 2, t -> [h: 3]).p @q.0",
        "0.value.head.right.span": "-f(c: 2, t -> [h: 3]).p @q.0",
        "0.value.head.span": "(a + b) * -f(c: 2, t -> [h: 3]).p @q.0",
        "0.value.span": "(a + b) * -f(c: 2, t -> [h: 3]).p @q.0 |> repeat(2) g",
        "0.value.stages.0.count.span": "2",
        "0.value.stages.0.span": "repeat(2) g",
        "0.value.stages.0.step.callee.span": "g",
        "0.value.stages.0.step.span": "g",
      }
    `);
  });

  test("a whole declaration", () => {
    const text =
      'fuse 1 import { A as B } from "x/y" block C(x: i32[n: 2, ...r], k: a | b = a) -> [n] where n == k if k == a { return x }';
    const { edition, imports, decls } = valid(text);
    expect(places({ edition, imports, decls })).toMatchInlineSnapshot(`
      {
        "decls.0.body.0.span": "return x",
        "decls.0.body.0.values.0.callee.span": "x",
        "decls.0.body.0.values.0.span": "x",
        "decls.0.header": "block C(x: i32[n: 2, ...r], k: a | b = a) -> [n] where n == k if k == a",
        "decls.0.name.span": "C",
        "decls.0.params.0.name.span": "x",
        "decls.0.params.0.span": "x: i32[n: 2, ...r]",
        "decls.0.params.0.type.axes.0.name.span": "n",
        "decls.0.params.0.type.axes.0.size.span": "2",
        "decls.0.params.0.type.axes.0.span": "n: 2",
        "decls.0.params.0.type.dtype.span": "i32",
        "decls.0.params.0.type.open.name.span": "r",
        "decls.0.params.0.type.open.span": "...r",
        "decls.0.params.0.type.span": "i32[n: 2, ...r]",
        "decls.0.params.1.choices.0.span": "a",
        "decls.0.params.1.choices.1.span": "b",
        "decls.0.params.1.default.callee.span": "a",
        "decls.0.params.1.default.span": "a",
        "decls.0.params.1.name.span": "k",
        "decls.0.params.1.span": "k: a | b = a",
        "decls.0.result.span": "[n]",
        "decls.0.result.type.axes.0.name.span": "n",
        "decls.0.result.type.axes.0.span": "n",
        "decls.0.result.type.span": "[n]",
        "decls.0.span": "block C(x: i32[n: 2, ...r], k: a | b = a) -> [n] where n == k if k == a { return x }",
        "decls.0.where.0.condition.left.callee.span": "n",
        "decls.0.where.0.condition.left.span": "n",
        "decls.0.where.0.condition.opSpan": "==",
        "decls.0.where.0.condition.right.callee.span": "k",
        "decls.0.where.0.condition.right.span": "k",
        "decls.0.where.0.condition.span": "n == k",
        "decls.0.where.0.if.left.callee.span": "k",
        "decls.0.where.0.if.left.span": "k",
        "decls.0.where.0.if.opSpan": "==",
        "decls.0.where.0.if.right.callee.span": "a",
        "decls.0.where.0.if.right.span": "a",
        "decls.0.where.0.if.span": "k == a",
        "decls.0.where.0.span": "n == k if k == a",
        "edition.span": "fuse 1",
        "imports.0.from.span": ""x/y"",
        "imports.0.names.0.as.span": "B",
        "imports.0.names.0.name.span": "A",
        "imports.0.span": "import { A as B } from "x/y"",
      }
    `);
  });

  test("a byte order mark and CRLF are accepted; columns count UTF-16 units", () => {
    const text = "\uFEFFfuse 1\r\nblock A(x: [n]) {\r\n  y = x # z\r\n  return y\r\n}\r\n";
    const { decls, comments } = valid(text);
    expect(decls[0]?.body.map(({ span }) => placeOf(span))).toEqual(["test.fuse:3:3", "test.fuse:4:3"]);
    expect(comments.map((comment) => comment.text)).toEqual([" z"]);
    const reporter = new Reporter();
    parse(sourceFile("test.fuse", "block A(x: [n]) {\n  return 😀 + 😀\n}"), reporter);
    expect(reporter.diagnostics.map(({ span }) => span && placeOf(span))).toEqual(["test.fuse:2:10", "test.fuse:2:15"]);
  });
});

describe("text that cannot be parsed is skipped", () => {
  test("a statement; its names are kept", () => {
    const { ast, codes } = parsed(
      "block A(x: [n]) {\n  a, b = f(x c)\n  weight w: [n = zeros\n  let d = x\n  e = x\n  return e +\n}",
    );
    expect(codes).toEqual(["syntax-error", "unclosed-bracket", "not-a-statement", "syntax-error"]);
    expect(ast.decls[0]?.body.map(({ span }) => textOf(span))).toEqual(["e = x"]);
    expect(ast.decls[0]?.broken.map(({ text }) => text)).toEqual(["a", "b", "w", "d", "return"]);
  });

  test("a declaration or an import; errors in the body are still found", () => {
    const { ast, codes } = parsed(
      'import { A, B as C } "x/y"\nblock D(x [n]) {\n  return x[0]\n}\nblock E(x: [n]) {\n  return x\n}',
    );
    expect(codes).toEqual(["syntax-error", "syntax-error", "no-indexing"]);
    expect(ast.decls.map(({ name }) => name.text)).toEqual(["E"]);
    expect(ast.broken.map(({ text }) => text)).toEqual(["A", "C", "D"]);
  });

  test("a block without its last brace ends where the next one begins", () => {
    const { ast, codes } = parsed("block A(x: [n]) {\n  return x\n\nblock B(x: [n]) {\n  return x\n}");
    expect(codes).toEqual(["unclosed-bracket"]);
    expect(ast.decls.map(({ name, body }) => [name.text, body.length])).toEqual([
      ["A", 1],
      ["B", 1],
    ]);
  });
});

test("three thousand lines are parsed in well under a second", () => {
  const sample = readFileSync(new URL("background-blur.fuse", samples), "utf8").replace("fuse 1\n", "");
  const text = sample.repeat(Math.ceil(3000 / sample.split("\n").length));
  valid(text);
  const { user } = process.cpuUsage();
  valid(text);
  expect(process.cpuUsage().user - user).toBeLessThan(1_000_000);
});

describe("line breaks in the type of a weight mean nothing", () => {
  const tight = "block A(x: [n]) { weight g: f32[c: 2] = ones const k: [c: 2] = [1, 2] y = x return y }";
  const tokens = tight.split(/(?<=[^\w])|(?=[^\w])/).filter((token) => token.trim() !== "");
  const kinds = (text: string) => valid(text).decls.map(({ body }) => body.map(({ kind }) => kind));

  test.each(tokens.slice(0, -1).map((token, i) => [token, tokens[i + 1]!, i] as const))(
    "%s | %s (%i)",
    (_, next, i) => {
      const text = `${tokens.slice(0, i + 1).join(" ")}\n${tokens.slice(i + 1).join(" ")}`;
      if (next !== "") expect(kinds(text)).toEqual(kinds(tight));
    },
  );

  test("all at once", () => {
    expect(kinds(tokens.join("\n"))).toEqual(kinds(tight));
  });

  test("and an unfinished type swallows only brackets of its own kind", () => {
    const { ast, codes } = parsed("block A(x: [n]) {\n  weight g: f32\n  (a, b) = x\n  y = x\n  return y\n}");
    expect(codes).toEqual(["syntax-error", "not-a-statement"]);
    expect(ast.decls[0]?.body.map(({ kind }) => kind)).toEqual(["assign", "return"]);
  });
});
