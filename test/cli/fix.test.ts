/** @file `fuse check --fix` and `--json`, on files. */
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fixText } from "../../src/cli/commands/fix.ts";
import { diagnostic } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";
import { fuse } from "../support/command-line.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-fix-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
const got = (name: string) => readFileSync(join(folder, name), "utf8");

const wrong = `import { SE, CBAM } from "fuse/atention"

block Main(x: [n, c, h, w], rate: f32 = 0.5) -> [n, c: 8, h, w] {
  y = SE(x) @gate;
  return rate * y |> Conv2d(c: 8, kernel_size: 3) @conv |> relu @act
}
`;
const right = `fuse 1
import { SE } from "fuse/attention"

block Main(x: [n, c, h, w], rate: float = 0.5) -> [n, c: 8, h, w] {
  y = SE(x) @gate
  return rate * y |> conv(c: 8, kernel: 3) @conv |> relu
}
`;

test("applies suggested fixes until there are none", async () => {
  put("main.fuse", wrong);
  const { code, out, err } = await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect(got("main.fuse")).toBe(right);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replace(/^main\.fuse:\d+:\d+: /, ""))).toEqual([
    'fixed unknown-module: did you mean: "fuse/attention"',
    "fixed unknown-type: did you mean: float",
    "fixed unexpected-character: no semicolon needed: remove it",
    "fixed missing-edition: add: fuse 1",
    "fixed unused-import: remove it",
    "fixed unknown-operator: did you mean: conv",
    "fixed unknown-attribute: did you mean: kernel",
    "fixed label-without-weights: remove the label",
    "main.fuse: 1 block, 1 variant",
    "",
  ]);
});

test("a second run does nothing, and the file is not written", async () => {
  put("main.fuse", right);
  const then = new Date(2020, 1, 1);
  utimesSync(join(folder, "main.fuse"), then, then);
  const { code, out } = await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect({ code, out }).toEqual({ code: 0, out: "main.fuse: 1 block, 1 variant\n" });
  expect(statSync(join(folder, "main.fuse")).mtime).toEqual(then);
});

test.each([
  ["a byte order mark", (text: string) => `\uFEFF${text}`],
  ["lines that end as on Windows", (text: string) => text.replaceAll("\n", "\r\n")],
  ["both", (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
  ["characters of two units before what is wrong", (text: string) => `# 🙂🙂 é\n${text}`],
])("%s stays as it is", async (_, change) => {
  // `wrong` lacks `fuse 1`. If a comment comes first, it is inserted before the comment.
  put("main.fuse", change(wrong));
  await fuse(folder, ["check", "main.fuse", "--fix"]);
  const fixed = right.replace("fuse 1\n", "");
  const expected = change(fixed);
  const ending = expected.includes("\r\n") ? "\r\n" : "\n";
  const mark = expected.startsWith("\uFEFF") ? "\uFEFF" : "";
  expect(got("main.fuse")).toBe(`${mark}fuse 1${ending}${expected.slice(mark.length)}`);
});

test("remaining errors are reported, and the exit code is 1", async () => {
  put("main.fuse", "fuse 1\n\nblock Main(x: [n, c]) {\n  y = rleu(x)\n  return y + nothing\n}\n");
  const { code, out, err } = await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect(code).toBe(1);
  expect(out).toBe("main.fuse:4:7: fixed unknown-operator: did you mean: relu\n");
  expect(err).toContain("main.fuse:5:14");
  expect(got("main.fuse")).toContain("y = relu(x)\n  return y + nothing");
});

test("a file that cannot be improved is left alone", async () => {
  // The suggested name has another shape, so using it would add an error.
  const text = "fuse 1\n\nblock Main(x: [n, c], xs: [m, d]) {\n  y = x + 1\n  return (y * sx) + (y + xs)\n}\n";
  put("main.fuse", text);
  const { code } = await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect(code).toBe(1);
  const errors = async () => ((await fuse(folder, ["check", "main.fuse"])).err.match(/^error/gm) ?? []).length;
  const after = await errors();
  put("main.fuse", text);
  expect(after).toBeLessThanOrEqual(await errors());
});

test("errors that appear when the syntax is mended are no reason to keep its mistakes", async () => {
  const body = "  a = rleu(x) + nothing\n  b = a + other\n  return b + third(x)\n}\n";
  put("main.fuse", `fuse 1\n\nblock Main(x: [n, c]) -> [n, c] {\n  y = x + 1;\n${body}`);
  const { code, out, err } = await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect(code).toBe(1);
  expect(out).toContain("fixed unexpected-character: no semicolon needed: remove it");
  expect(got("main.fuse")).toContain("y = x + 1\n  a = relu(x) + nothing\n");
  expect(err.match(/^error\[.*\]/gm)).toEqual([
    "error[unknown-name]",
    "error[unknown-name]",
    "error[unknown-operator]",
  ]);
});

test("a fix that adds errors of its own kind is not applied", () => {
  const syntax = (text: string) => diagnostic("unexpected-character", undefined, { character: text });
  const size = diagnostic("size-mismatch", undefined, { modality: "differ", axis: "c" });
  const check = (text: string) => (text.includes("x") ? [syntax(text)] : []);
  const diagnostics = [offering("x", "abc", 0), size, size];
  expect(fixText("x.fuse", { text: "abc", diagnostics }, check).text).toBe("abc");
});

test("files that are only imported are not changed", async () => {
  const parts = "block Part(x: [n, c]) -> [n, c] {\n  y = rleu(x)\n  return y\n}\n";
  put("parts.fuse", parts);
  put("main.fuse", 'import { Part } from "./part.fuse"\n\nblock Main(x: [n, c]) {\n  return Part(x)\n}\n');
  await fuse(folder, ["check", "main.fuse", "--fix"]);
  expect(got("parts.fuse")).toBe(parts);
  expect(got("main.fuse")).toContain('fuse 1\nimport { Part } from "./parts.fuse"');
  const { code } = await fuse(folder, ["check", "main.fuse", "parts.fuse", "--fix"]);
  expect(got("parts.fuse")).toBe(`fuse 1\n${parts.replace("rleu", "relu")}`);
  // The first file was checked before the second one was fixed.
  expect(code).toBe(1);
  expect((await fuse(folder, ["check", "main.fuse", "parts.fuse", "--fix"])).code).toBe(0);
});

test("a missing file", async () => {
  const { code, err } = await fuse(folder, ["check", "none.fuse", "--fix"]);
  expect(code).toBe(1);
  expect(err).toContain("error[unreadable-file]");
});

/** Returns a diagnostic whose fix replaces one character with `text`. */
const offering = (text: string, source: string, at: number) => {
  const span = { source: sourceFile("x.fuse", source), start: at, end: at + 1 };
  return diagnostic("unused-name", span, { name: "x" }, { helps: [{ text: "help", edits: [{ span, text }] }] });
};

test("fixes that undo each other end", () => {
  const check = (text: string) => [offering(text.startsWith("a") ? "b" : "a", text, 0)];
  const fixed = fixText("x.fuse", { text: "a", diagnostics: check("a") }, check);
  expect(fixed.text).toBe("b");
  expect(fixed.fixes).toHaveLength(1);
});

test("fixes that never end are stopped", () => {
  const check = (text: string) => [offering("aa", text, 0)];
  expect(fixText("x.fuse", { text: "a", diagnostics: check("a") }, check).text).toBe("a".repeat(11));
});

test("only the first of conflicting fixes is applied per round, and none in another file", () => {
  let rounds = 0;
  const check = (text: string) => (rounds++ === 0 && text !== "" ? [] : []);
  const diagnostics = [offering("x", "abc", 0), offering("y", "abc", 0), offering("z", "abc", 2)];
  expect(fixText("x.fuse", { text: "abc", diagnostics }, check).text).toBe("xbz");
  expect(fixText("other.fuse", { text: "abc", diagnostics }, check).text).toBe("abc");
});

test("if the fixes together make it worse, those that do not are applied alone", () => {
  const bad = (text: string) => diagnostic("unexpected-character", undefined, { character: text });
  const check = (text: string) =>
    text.includes("x") ? [bad(text)] : text.includes("c") ? [offering("z", text, 2)] : [];
  const diagnostics = [offering("x", "abc", 0), offering("z", "abc", 2)];
  const fixed = fixText("x.fuse", { text: "abc", diagnostics }, check);
  expect(fixed.text).toBe("abz");
  expect(fixed.fixes).toHaveLength(1);
});

test("JSON has this form", async () => {
  put("main.fuse", "fuse 1\n\n# 🙂\nblock Main(x: [n, c], y: [n, c: d]) {\n  return 1 + (x + y) * rleu(x)\n}\n");
  const { code, out, err } = await fuse(folder, ["check", "main.fuse", "none.fuse", "--json"]);
  expect(code).toBe(1);
  expect(err).toBe("");
  const text = got("main.fuse");
  /** Returns the span of the first `part` after `before`, on the given line. Columns count UTF-16 units. */
  const span = (before: string, part: string, line: number) => {
    const start = text.indexOf(part, text.indexOf(before) + before.length);
    const column = start - text.lastIndexOf("\n", start - 1);
    const end = start + part.length;
    return { start, end, line, column, endLine: line, endColumn: column + part.length };
  };
  expect(span("", "rleu", 5)).toEqual({ start: 74, end: 78, line: 5, column: 24, endLine: 5, endColumn: 28 });
  expect(JSON.parse(out)).toEqual({
    diagnostics: [
      {
        code: "size-mismatch",
        severity: "error",
        file: "main.fuse",
        span: span("(x ", "+", 5),
        message: "sizes can differ on axis `c`",
        help: ["declare it in the signature: where c == d"],
        related: [
          { message: "[n, c]", file: "main.fuse", span: span("+ (", "x", 5) },
          { message: "[n, c: d]", file: "main.fuse", span: span("(x + ", "y", 5) },
          { message: "for example c = 2, d = 1:  2  vs  1" },
        ],
        fixes: [
          {
            message: "declare it in the signature: where c == d",
            edits: [{ file: "main.fuse", span: span("c: d])", "", 4), text: " where c == d" }],
          },
        ],
      },
      {
        code: "unknown-operator",
        severity: "error",
        file: "main.fuse",
        span: span("", "rleu", 5),
        message: "there is no operator, block or layer called `rleu`",
        help: ["did you mean: relu"],
        related: [],
        fixes: [
          { message: "did you mean: relu", edits: [{ file: "main.fuse", span: span("", "rleu", 5), text: "relu" }] },
        ],
      },
      {
        code: "unreadable-file",
        severity: "error",
        file: "none.fuse",
        span: null,
        message: "cannot read `none.fuse`: no such file",
        help: [],
        related: [],
        fixes: [],
      },
    ],
  });
});

test("JSON with --fix lists the fixes", async () => {
  put("main.fuse", "fuse 1\n\nblock Main(x: [n, c]) {\n  return rleu(x)\n}\n");
  const { code, out } = await fuse(folder, ["check", "main.fuse", "--json", "--fix"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    diagnostics: [],
    fixed: [{ place: "main.fuse:4:10", code: "unknown-operator", help: "did you mean: relu" }],
  });
});
