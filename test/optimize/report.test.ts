/** @file What the optimizer reports: the theorems that it used, and what kept it from saving more. */
import { expect, test } from "vitest";
import { buildReports, findHints } from "../../src/compile.ts";
import type { Report } from "../../src/optimize/report.ts";
import { programOf } from "../support/check.ts";

function reportOf(body: string): Report {
  const program = programOf(`fuse 1\n\nmodel Net(${body}\n`);
  const { value, diagnostics } = buildReports(program);
  expect(diagnostics).toEqual([]);
  return value![0]!;
}

const steps = ({ changes }: Report) => changes.flatMap((change) => change.steps.map(({ text }) => text));
const reasons = ({ misses }: Report) => misses.map(({ text }) => text);
const operators = (parts: Report["changes"][number]["before"]) => parts.map(({ node }) => node.op.name);

test("a change says why it is right, what it was and what it is", () => {
  const report =
    reportOf(`a: [n, h: 256, w: 256, c: 128], b: [n, h: 128, w: 128, c: 128]) -> (y: [n, h: 256, w: 256, c: 128]) {
  return concat(a, resize(b, like: a, mode: bilinear), axis: c) |> conv(c: 128) @conv
}`);
  expect(steps(report)).toEqual([
    "`conv` of a `concat` is the sum of products of its parts",
    "`conv` acts on c and `resize` on h and w, so they exchange: both are linear",
  ]);
  const [change] = report.changes;
  expect(operators(change!.before)).toEqual(["resize", "concat", "conv"]);
  expect(operators(change!.after)).toEqual(["conv", "conv", "resize", "add"]);
  expect(change!.before.map(({ macs }) => macs)).toEqual([0, 0, 256 * 256 * 256 * 128]);
  expect(change!.isProved).toBe(true);
  expect(change!.places[0]!.origin!.span.source.text.slice(change!.places[0]!.origin!.span.start)).toMatch(/^conv\(/);
  expect(report.misses).toEqual([]);
});

test("a constant that is kept is named", () => {
  const report = reportOf(`x: [n, h: 28, w: 28, c: 512]) -> (y: [n, c: 256]) {
  return x |> conv(c: 256) @conv |> mean(axis: [h, w])
}`);
  expect(steps(report)).toEqual([
    "`mean` acts on h and w and `conv` on c, so they exchange: `mean` keeps the constant that `conv` adds",
  ]);
});

const head = "x: [n, h: 28, w: 28, c: 512]) -> (y: [n, h: s, w: s, c: 256], const) {\n  return x ";
const netOf = (size: number, body: string) => head.replaceAll(": s", `: ${size}`).replace(", const", "") + body + "\n}";

test.each([
  [
    112,
    "|> resize(h: 112, w: 112, mode: bilinear) |> conv(c: 256, kernel: 3) @conv",
    "`conv` stays after `resize` at line 4: both act on h and w",
  ],
  [
    112,
    "|> resize(h: 112, w: 112, mode: bilinear) |> relu |> conv(c: 256) @conv",
    "`conv` stays after `resize` at line 4: `relu` at line 4 is between them, and `relu` is not linear",
  ],
  [
    14,
    "|> conv(c: 256) @conv |> avgpool(kernel: 3, stride: 2, pad: 1)",
    "`avgpool` stays after `conv` at line 4: `avgpool` does not keep the constant that `conv` adds",
  ],
  [
    14,
    "|> conv(c: 256) @conv |> maxpool(kernel: 2)",
    "`maxpool` stays after `conv` at line 4: `conv` does not keep the order of elements, which `maxpool` compares",
  ],
])("a near miss says what is in the way (%i, %s)", (size, body, reason) => {
  const report = reportOf(netOf(size, body));
  expect(report.changes).toEqual([]);
  expect(reasons(report)).toEqual([reason]);
  expect(report.misses[0]!.miss.macs).toBeGreaterThan(0);
  expect(report.misses[0]!.miss.saves).toBeLessThan(1);
});

test("activations between products are meant", () => {
  const report = reportOf(`x: [n, c: 64]) -> (y: [n, c: 64]) {
  return x |> linear(c: 256) @fc1 |> relu |> linear(c: 64) @fc2
}`);
  expect(reasons(report)).toEqual([]);
});

test("operators that act on the same axes are no hint: they would be another model altogether", () => {
  const text = (kernel: number) =>
    `fuse 1\n\nmodel Net(${netOf(112, `|> resize(h: 112, w: 112, mode: bilinear) |> relu |> conv(c: 256, kernel: ${kernel}) @conv`)}\n`;
  expect(findHints(programOf(text(1))).map(({ code }) => code)).toEqual(["could-be-cheaper"]);
  expect(findHints(programOf(text(3)))).toEqual([]);
});

test("sums that share their terms are noted once", () => {
  const layers = Array.from(
    { length: 24 },
    (_, i) => `  x${i + 1} = x${i} + (layernorm(x${i}, axis: c) @n${i} |> linear(c: 8) @l${i})`,
  );
  const report = reportOf(
    `x0: [n, t: 16, c: 8]) -> (y: [n, c: 8]) {\n${layers.join("\n")}\n  return mean(x24, axis: t) |> linear(c: 8) @fc\n}`,
  );
  for (const { steps } of report.changes) expect(steps.length).toBeLessThan(10);
});
