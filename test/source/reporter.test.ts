/** @file Collecting diagnostics: each once, fast however many there are, with quotations cut to a readable length. */
import { expect, test } from "vitest";
import { diagnostic, Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";
import { check } from "../support/check.ts";

test("the same code at the same place is one error, in each file", () => {
  const reporter = new Reporter();
  const [one, other] = [sourceFile("a.fuse", "abc"), sourceFile("a.fuse", "abc")];
  const at = (source = one, start = 0, end = 1) =>
    reporter.report("unknown-name", { source, start, end }, { name: "a" });
  at();
  at();
  at(other);
  at(one, 0, 2);
  at(one, 1, 1);
  reporter.report("unknown-operator", { source: one, start: 0, end: 1 }, { name: "a" });
  // A diagnostic without a place is kept every time.
  reporter.report("unknown-name", undefined, { name: "a" });
  reporter.report("unknown-name", undefined, { name: "a" });
  expect(reporter.diagnostics).toHaveLength(7);
  expect(reporter.errors).toBe(8);
});

test("takes time proportional to the number of errors", () => {
  const source = sourceFile("a.fuse", "");
  const reporter = new Reporter();
  const began = performance.now();
  for (let start = 0; start < 100_000; start++)
    reporter.report("unknown-name", { source, start, end: start }, { name: "a" });
  expect(reporter.diagnostics).toHaveLength(100_000);
  // Comparing each with all earlier ones takes several times as long.
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("a name of a megabyte is quoted by its beginning", () => {
  const name = "q".repeat(1_000_000);
  const found = check(`fuse 1\n\nblock F(x: [n]) {\n  ${name} = ${name}r(x)\n  return ${name}s + ${name}.n\n}\n`);
  expect(found.length).toBe(2);
  for (const { message, labels, notes, helps } of found) {
    const texts = [
      message,
      ...[...labels, ...notes, ...helps].map(({ text }) => text),
      ...helps.map(({ code }) => code),
    ];
    for (const text of texts) expect(text?.length ?? 0).toBeLessThan(500);
  }
  expect(found.map(({ message }) => message)).toContain(
    `there is no operator, block or layer called \`${"q".repeat(80)}…\``,
  );
});

test("a quotation stays whole if it is readable", () => {
  const type = `[${["n", "c: 64", "h: floor((h - 1) / 2) + 1", "w: floor((w - 1) / 2) + 1", "d: floor((d - 1) / 2) + 1"].join(", ")}]`;
  const { message } = diagnostic("missing-axis", undefined, { callee: "q".repeat(80), axis: "k", type });
  expect(message).toContain(type);
  expect(message).toContain("`" + "q".repeat(80) + "`");
  const list = diagnostic("unknown-name", undefined, { name: Array(10_000).fill("ab").join(" ") });
  expect(list.message.length).toBeLessThan(500);
});
