/** @file How diagnostics look on a terminal. */
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/source/diagnostic.ts";
import { renderDiagnostic, renderDiagnostics } from "../../src/source/render.ts";
import { sourceFile, type SourceFile, type Span } from "../../src/source/source.ts";

const neck = sourceFile(
  "neck.fuse",
  `fuse 1
block Neck(x: [n, c, h, w]) {
  a = conv(x, c: 8)
  b = conv(x, c: 16)
  return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
}
`,
);

/** Returns the first occurrence of a text. */
function at(text: string, source: SourceFile = neck): Span {
  const start = source.text.indexOf(text);
  return { source, start, end: start + text.length };
}

const mismatch: Diagnostic = {
  code: "size-mismatch",
  severity: "error",
  span: at("+"),
  message: "sizes can differ on axis `h`",
  labels: [],
  notes: [],
  helps: [],
};

/** Framed, to show the indentation of the first line. */
const shown = (more: Partial<Diagnostic>): string =>
  `\n${renderDiagnostic({ ...mismatch, ...more }, { color: false })}\n`;

describe("marks", () => {
  test("labels are under their operands, the last one next to it", () => {
    const labels = [
      { span: at("conv(a, c: 256)"), text: "[n, h: ceil(h/4), w: …, c: 256]" },
      { span: at("upsample(conv(b, c: 256), 2)"), text: "[n, h: 2*ceil(h/8), w: …, c: 256]" },
    ];
    expect(shown({ labels })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ neck.fuse:5:26
      5 │   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
        │          ─────────────── ^ ────────────────────────────  [n, h: 2*ceil(h/8), w: …, c: 256]
        │          [n, h: ceil(h/4), w: …, c: 256]
      "
    `);
  });

  test("texts that do not overlap share a row", () => {
    const labels = [
      { span: at("return"), text: "one" },
      { span: at("a, c"), text: "two" },
      { span: at("upsample"), text: "a text that goes on under the next label" },
      { span: at("(b, "), text: "four" },
    ];
    expect(shown({ labels })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ neck.fuse:5:26
      5 │   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
        │   ──────      ────       ^ ────────     ────  four
        │   one         two          a text that goes on under the next label
      "
    `);
  });

  test("a label inside the primary place stays visible", () => {
    const labels = [{ span: at("256"), text: "this" }];
    expect(shown({ span: at("conv(a, c: 256)"), labels })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ neck.fuse:5:10
      5 │   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
        │          ^^^^^^^^^^^───^
        │                     this
      "
    `);
  });

  test("labels in other lines and other files", () => {
    const other = sourceFile("fuse/attention", "fuse 1\n\nblock SE(x: [n, c]) {}\n");
    const labels = [
      { span: at("conv(x, c: 8)"), text: "halves h" },
      { span: at("conv(x, c: 16)"), text: "so does this" },
      { span: at("SE", other), text: "declared here" },
    ];
    expect(shown({ labels })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ neck.fuse:5:26
      3 │   a = conv(x, c: 8)
        │       ─────────────  halves h
      4 │   b = conv(x, c: 16)
        │       ──────────────  so does this
      5 │   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
        │                          ^
        ┌─ fuse/attention:3:7
      3 │ block SE(x: [n, c]) {}
        │       ──  declared here
      "
    `);
  });
});

describe("places", () => {
  const marked = (text: string, start: number, end = start + 1): string => {
    const source = sourceFile("a.fuse", text);
    return shown({ span: { source, start, end } });
  };

  test("an empty file, and the end of a file", () => {
    expect(marked("", 0, 0)).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:1:1
      1 │
        │ ^
      "
    `);
    expect(marked("fuse 1\nblock", 12, 12)).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:2:6
      2 │ block
        │      ^
      "
    `);
    expect(marked("fuse 1\n", 7, 7)).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:2:1
      2 │
        │ ^
      "
    `);
  });

  test("a place of several lines shows the first", () => {
    expect(marked("x = f(\r\n  y,\r\n)", 4, 15)).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:1:5
      1 │ x = f(
        │     ^^
      "
    `);
  });

  test("tabs are four columns wide, a byte order mark none", () => {
    expect(marked("\uFEFF\tx\t= ?", 6)).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:1:7
      1 │     x   = ?
        │           ^
      "
    `);
  });

  test("line numbers are aligned", () => {
    const source = sourceFile("a.fuse", "x\n".repeat(120));
    const span = (line: number): Span => ({ source, start: 2 * line - 2, end: 2 * line - 1 });
    expect(
      shown({
        span: span(100),
        labels: [
          { span: span(9), text: "here" },
          { span: span(8), text: "there" },
        ],
      }),
    ).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
          ┌─ a.fuse:100:1
        8 │ x
          │ ─  there
        9 │ x
          │ ─  here
          ┆
      100 │ x
          │ ^
      "
    `);
  });

  test("long lines are cut around the place", () => {
    const text = `y = x${" + x".repeat(500)}`;
    const rendered = marked(text, 1001, 1002);
    expect(Math.max(...rendered.split("\n").map((line) => line.length))).toBeLessThanOrEqual(164);
    expect(rendered).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ a.fuse:1:1002
      1 │ …+ x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + …
        │                                         ^
      "
    `);
    const ends = [marked(text, 0), marked(text, text.length - 1), marked(text, 100, 1900)];
    for (const rendered of ends) expect(rendered.split("\n")[4]).toMatch(/\^/);
  });

  test("nothing in a text controls the terminal", () => {
    const text = "x = \u001b[31m\u202ey";
    const span = at("y", sourceFile("evil\u001b.fuse", text));
    const rendered = shown({
      span,
      message: text,
      labels: [{ span, text }],
      notes: [{ text }],
      helps: [{ text, code: text }],
    });
    expect(rendered).not.toMatch(/[\u001b\u202e]/);
  });
});

describe("notes and helps", () => {
  test("come below, with the places of notes and the code of helps", () => {
    const notes = [
      { text: "for example h = 1:  1  vs  2" },
      { text: "note: variant `by: concat` is fine" },
      { text: "required by `conv`", span: at("b = conv") },
      { text: "and by `SE`", span: at("SE", sourceFile("fuse/attention", "block SE")) },
    ];
    const helps = [
      { text: "declare it in the signature", code: "h: 8*i" },
      { text: "or resize", code: "y = resize(…,\n  like: a)" },
      { text: "never shown" },
    ];
    expect(shown({ notes, helps })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        ┌─ neck.fuse:5:26
      5 │   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
        │                          ^
        = for example h = 1:  1  vs  2
        = required by \`conv\` at 4:3
        = and by \`SE\` at fuse/attention:1:7
        help: declare it in the signature    h: 8*i
        help: or resize                      y = resize(…,
                                               like: a)
        note: variant \`by: concat\` is fine
      "
    `);
  });

  test("without a place", () => {
    expect(shown({ span: undefined, notes: [{ text: "a note" }], helps: [{ text: "a help" }] })).toMatchInlineSnapshot(`
      "
      error[size-mismatch]: sizes can differ on axis \`h\`
        = a note
        help: a help
      "
    `);
  });
});

test("colours", () => {
  const labels = [{ span: at("conv(a, c: 256)"), text: "here" }];
  const rendered = renderDiagnostic(
    { ...mismatch, labels, notes: [{ text: "why" }], helps: [{ text: "do" }] },
    { color: true },
  );
  expect(rendered.replaceAll("\u001b", "␛")).toMatchInlineSnapshot(`
    "␛[1;31merror[size-mismatch]␛[0m␛[1m: sizes can differ on axis \`h\`␛[0m
    ␛[34m  ┌─␛[0m neck.fuse:5:26
    ␛[34m5 │␛[0m   return conv(a, c: 256) + upsample(conv(b, c: 256), 2)
    ␛[34m  │␛[0m          ␛[36m───────────────␛[0m ␛[1;31m^␛[0m
    ␛[34m  │␛[0m          ␛[36mhere␛[0m
      ␛[34m=␛[0m why
      ␛[32mhelp␛[0m: do"
  `);
  expect(rendered.replace(/\u001b\[[\d;]*m/g, "")).toBe(
    renderDiagnostic({ ...mismatch, labels, notes: [{ text: "why" }], helps: [{ text: "do" }] }, { color: false }),
  );
});

describe("a list", () => {
  test("is sorted by file and place and counted", () => {
    const other = sourceFile("a.fuse", "x y");
    const list: Diagnostic[] = [
      { ...mismatch, message: "third", span: at("a =") },
      { ...mismatch, message: "second", span: at("y", other), severity: "warning" },
      { ...mismatch, message: "none", span: undefined },
      { ...mismatch, message: "first", span: at("x", other) },
    ];
    const text = renderDiagnostics(list, { color: false });
    expect([...text.matchAll(/: (none|first|second|third)$/gm)].map(([, word]) => word)).toEqual([
      ...["none", "first", "second", "third"],
    ]);
    expect(text.endsWith("\n\n3 errors, 1 warning\n")).toBe(true);
  });

  test("with one entry says so; an empty one prints nothing", () => {
    expect(renderDiagnostics([mismatch], { color: false }).split("\n").at(-2)).toBe("1 error");
    expect(renderDiagnostics([], { color: false })).toBe("");
  });
});
