/** @file What the optimizer reports: the theorems that it used, and what kept it from saving more. */
import { expect, test } from "vitest";
import { buildReports, findHints } from "../../src/compile.ts";
import type { OptimizeOptions } from "../../src/optimize/optimize.ts";
import type { Report } from "../../src/optimize/report.ts";
import { placeOf } from "../../src/source/source.ts";
import { programOf } from "../support/check.ts";

function reportOf(body: string, optimize: OptimizeOptions = {}): Report {
  const program = programOf(`fuse 1\n\nmodel Net(${body}\n`);
  const { value, diagnostics } = buildReports(program, { optimize });
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

const files = {
  "main.fuse": `fuse 1
import { Reduce } from "./blocks.fuse"

model Net(x: [n, h: 28, w: 28, c: 64], z: [n, h: 28, w: 28, c: 64]) -> (y: [n, c: 256], u: [n, c: 256]) {
  y = Reduce(x) @a
  u = Reduce(z) @b
  return y, u
}
`,
  "blocks.fuse": `fuse 1

block Reduce(x: [n, h, w, c]) -> [n, c: 256] {
  return x |> relu |> conv(c: 256) @conv |> relu |> mean(axis: [h, w])
}
`,
};

test("a near miss in a block names its file, its label and its calls", () => {
  const { value } = buildReports(programOf(files["main.fuse"], files));
  const { misses } = value![0]!;
  expect(misses.map(({ node: { operator, origin } }) => [operator, placeOf(origin!.span), origin!.scope])).toEqual([
    ["mean", "blocks.fuse:4:53", ["a"]],
    ["mean", "blocks.fuse:4:53", ["b"]],
  ]);
  expect(misses.map(({ node: { origin } }) => origin!.calls.map(placeOf))).toEqual([
    ["main.fuse:5:7"],
    ["main.fuse:6:7"],
  ]);
  expect(misses[0]!.text).toBe(
    "`mean` stays after `conv` at line 4: `relu` at line 4 is between them, and `relu` is not linear",
  );
});

test("what is in another file than the near miss is named with that file", () => {
  const text = `fuse 1
import { Reduce } from "./blocks.fuse"

model Net(x: [n, h: 28, w: 28, c: 64]) -> (y: [n, c: 256]) {
  return x |> Reduce @a |> mean(axis: [h, w])
}
`;
  const blocks = `fuse 1

block Reduce(x: [n, h, w, c]) -> [n, h, w, c: 256] {
  return x |> conv(c: 256) @conv |> relu
}
`;
  const { value } = buildReports(programOf(text, { "main.fuse": text, "blocks.fuse": blocks }));
  expect(value![0]!.misses.map(({ text }) => text)).toEqual([
    "`mean` stays after `conv` at blocks.fuse:4: `relu` at blocks.fuse:4 is between them, and `relu` is not linear",
  ]);
});

test("hints are at a place that the author can change, once for all uses, with their calls as notes", () => {
  const found = findHints(programOf(files["main.fuse"], files));
  expect(found.map(({ span }) => placeOf(span!))).toEqual(["blocks.fuse:4:53"]);
  expect(found[0]!.message).toMatch(/^`Net` would take about 9\d % less time if `mean` came before `conv`$/);
  expect(found[0]!.notes.map(({ text, span }) => [text, span && placeOf(span)])).toEqual([
    ["`conv` is", "blocks.fuse:4:23"],
    ["`relu` is between them", "blocks.fuse:4:45"],
    ["`relu` is not linear", undefined],
    ["called", "main.fuse:5:7"],
    ["called", "main.fuse:6:7"],
  ]);
  expect(found[0]!.helps[0]!.text).toMatch(/^write `mean` before `relu`, if /);
});

test("where no space is left after an operator that should come first, `linear` takes the place of `conv`", () => {
  const text = `fuse 1

model Net(x: [n, h: 28, w: 28, c: 512]) -> (y: [n, c: 256]) {
  return x |> conv(c: 256) @conv |> max(axis: [h, w])
}
`;
  const [found] = findHints(programOf(text));
  expect(found!.helps[0]!.text).toMatch(/^write `max` first, then `linear` instead of `conv`, if such/);
});

test.each([
  ["conv(c: 256) @conv", "write `bias: false` in `conv`, or write `avgpool` before `conv`, if such"],
  [
    "conv(c: 256, bias: false) @conv |> batchnorm @bn",
    "leave out the constant, or write `avgpool` before `batchnorm`, if such",
  ],
])("a hint says how to leave out a constant (%s)", (layer, help) => {
  const text = `fuse 1

model Net(x: [n, h: 28, w: 28, c: 512]) -> (y: [n, h: 14, w: 14, c: 256]) {
  return x |> ${layer} |> avgpool(kernel: 3, stride: 2, pad: 1)
}
`;
  const [found] = findHints(programOf(text));
  expect(found!.helps[0]!.text.startsWith(help)).toBe(true);
});

test("a hint says that the bias of a convolution keeps a `dot` after it", () => {
  const text = (bias: boolean) => `fuse 1

model Net(x: [n, t: 16, h: 28, w: 28, c: 64], g: [n, t: 16]) -> (y: [n, h: 28, w: 28, c: 64]) {
  frames = x |> conv(c: 64, kernel: 3, pad: 1, axis: [h, w], bias: ${bias}) @conv
  return dot(frames, g, contract: t, batch: n)
}
`;
  const [found, ...others] = findHints(programOf(text(true)));
  expect(others).toEqual([]);
  expect(found!.message).toMatch(/^`Net` would take about 9\d % less time if `dot` came before `conv`$/);
  expect(found!.notes.map(({ text }) => text)).toContain("`dot` does not keep the constant that `conv` adds");
  expect(found!.helps[0]!.text).toMatch(/^write `bias: false` in `conv`, or write `dot` before `conv`, if such/);
  expect(findHints(programOf(text(false)))).toEqual([]);
});

test("an operator that the optimizer made is named as the author's from which it comes", () => {
  const report =
    reportOf(`a: [n, h: 64, w: 64, c: 128], b: [n, h: 32, w: 32, c: 128]) -> (y: [n, h: 64, w: 64, c: 32]) {
  y = concat(a, resize(b, like: a, mode: bilinear), axis: c) |> conv(c: 128) @conv
  return y |> relu |> avgpool(kernel: 2) |> conv(c: 32, kernel: 1) @out |> upsample(2)
}`);
  expect(operators(report.changes[0]!.after)).toContain("add");
  const own = ["concat", "resize", "conv", "relu", "avgpool", "upsample"];
  for (const { node, partner, blocker } of report.misses)
    for (const { operator } of [node, partner, blocker]) expect(own).toContain(operator);
  expect(reasons(report)[0]).toBe(
    "`avgpool` stays after `conv` at line 4: `relu` at line 5 is between them, and `relu` is not linear",
  );
});

test("moved operators keep their places", () => {
  const report =
    reportOf(`a: [n, h: 64, w: 64, c: 128], b: [n, h: 32, w: 32, c: 128]) -> (y: [n, h: 64, w: 64, c: 32]) {
  up = resize(b, like: a, mode: bilinear)
  return concat(a, up, axis: c) |> conv(c: 32) @conv
}`);
  const lines = report.optimized.steps.map(({ note }) => [note.purpose, placeOf(note.origin!.span)]);
  expect(lines).toContainEqual(["resize", "main.fuse:4:8"]);
});

test("no order of operators takes a convolution out of a gate", () => {
  const report = reportOf(`x: [n, h: 28, w: 28, c: 512]) -> (y: [n, h: 28, w: 28, c: 512]) {
  gate = x |> mean(axis: [h, w]) |> linear(c: 32) @fc1 |> relu |> linear(c: 512) @fc2 |> sigmoid
  return x * gate |> conv(c: 512) @conv
}`);
  expect(reasons(report)).toEqual([]);
});

test.each([
  [
    14,
    "|> conv(c: 256) @conv |> relu |> mean(axis: [h, w])",
    "|> conv(c: 256) @conv |> mean(axis: [h, w]) |> relu",
    true,
  ],
  [
    112,
    "|> resize(h: 112, w: 112, mode: bilinear) |> relu |> conv(c: 256) @conv",
    "|> resize(h: 112, w: 112, mode: bilinear) |> conv(c: 256) @conv |> relu",
    false,
  ],
  [14, "|> conv(c: 256) @conv |> maxpool(kernel: 2)", "|> maxpool(kernel: 2) |> conv(c: 256) @conv", false],
  [
    112,
    "|> resize(h: 112, w: 112, mode: bilinear) |> conv(c: 256, kernel: 3, pad: 1) @conv",
    "|> conv(c: 256, kernel: 3, pad: 1) @conv |> resize(h: 112, w: 112, mode: bilinear)",
    false,
  ],
])("what a near miss would save is what the other model takes less (%i, %s)", (size, body, other, isPooled) => {
  const result = isPooled ? "[n, c: 256]" : `[n, h: ${size}, w: ${size}, c: 256]`;
  const report = (body: string) => reportOf(`x: [n, h: 28, w: 28, c: 512]) -> (y: ${result}) {\n  return x ${body}\n}`);
  const [now, then] = [report(body), report(other)];
  const [miss] = now.misses;
  expect(miss!.miss.saves).toBeCloseTo(1 - then.costs.optimized / now.costs.optimized, 6);
  expect(miss!.miss.saves).toBeGreaterThan(0.02);
});

test("changes are numbered as a limit counts them, and a limit makes them even if they cost more", () => {
  const body = `x1: [n, h: 64, w: 64, c: 32], x2: [n, h: 32, w: 32, c: 64]) -> (y: [n, h: 64, w: 64, c: 96], z: [n, c: 8]) {
  u2 = resize(x2, like: x1, mode: bilinear)
  y = concat(x1, u2, axis: c) |> conv(c: 96) @conv |> batchnorm @bn |> relu
  z = x2 |> conv(c: 8) @small |> mean(axis: [h, w])
  return y, z
}`;
  const all = reportOf(body);
  expect(all.changes.map(({ number }) => number)).toEqual(all.changes.map((_, i) => i + 1));
  expect(all.changes.length).toBeGreaterThan(1);
  for (let limit = 0; limit <= all.changes.length; limit++) {
    const some = reportOf(body, { limit });
    expect(some.changes.map(({ number, places: [place] }) => [number, placeOf(place!.origin!.span)])).toEqual(
      all.changes.slice(0, limit).map(({ number, places: [place] }) => [number, placeOf(place!.origin!.span)]),
    );
    expect(some.misses).toEqual([]);
  }
});

test("factors that are fused into a product are marked, and take no step", () => {
  const report =
    reportOf(`x1: [n, h: 128, w: 128, c: 32], x2: [n, h: 64, w: 64, c: 64]) -> (y: [n, h: 128, w: 128, c: 256]) {
  u2 = resize(x2, like: x1, mode: bilinear)
  return concat(x1, u2, axis: c) |> conv(c: 256, bias: false) @conv |> batchnorm @bn |> relu
}`);
  const fused = report.changes.flatMap(({ after }) => after.filter(({ fusedInto }) => fusedInto !== undefined));
  expect(new Set(fused.map(({ node }) => node.op.name))).toEqual(new Set(["batchnorm", "mul"]));
  for (const { fusedInto } of fused) expect(fusedInto).toMatchObject({ op: { name: "conv" } });
  const steps = report.optimized.steps.map(({ value }) => value.primitive.name);
  expect(steps.filter((name) => name === "conv2d" || name === "matmul").length).toBe(2);
  expect(steps.filter((name) => name === "binary").length).toBe(1);
});

test("an operator that would make an axis twice is no near miss", () => {
  const report = reportOf(`z: [n, w: 4, c: 6]) -> (y: [n, c: 8]) {
  return sum(z, axis: c) |> linear([w] -> [c: 8]) @a
}`);
  expect(report.misses).toEqual([]);
});

test("a product with weights does not go before an activation to be merged with another", () => {
  const program = programOf(`fuse 1
model Net(x: [n, h: 64, w: 64, c: 64]) -> (y: [n, h: 64, w: 64, c: 8]) {
  return x |> conv(c: 64, kernel: 3, bias: false) @a |> batchnorm @bn |> relu |> conv(c: 8) @b
}
`);
  expect(findHints(program)).toEqual([]);
});

test("options are checked", () => {
  const program = programOf("fuse 1\nmodel Net(x: [n]) -> [n] {\n  return relu(x)\n}\n");
  const message = (options: object) => findHints(program, options)[0]?.message;
  expect(message({ costs: null })).toMatch(/costs must be an object/);
  expect(message({ costs: {} })).toMatch(/the cost macs is missing: `fuse calibrate/);
  expect(message({ model: "Other" })).toMatch(/no model `Other`/);
  expect(message({ target: "onnx", backend: "wasm" })).toMatch(/onnx runs on every backend/);
});
