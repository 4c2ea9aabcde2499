/** @file The work of the optimizer grows with the length of a program, and what it gains per line stays the same. */
import { expect, test } from "vitest";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { buildGraphs, openProgram } from "../../src/graphs.ts";
import { optimizeWith, toolsFor } from "../../src/optimize/optimize.ts";

/** Lines for the numbers from 1. */
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `  ${line(i + 1)}\n`).join("");
const list = (count: number, separator: string): string =>
  Array.from({ length: count }, (_, i) => `a${i + 1}`).join(separator);

const small = "[n, h: 16, w: 16, c: 8]";
const large = "[n, h: 32, w: 32, c: 8]";

/** Programs of any length, with the axes of what they take and return. */
const programs = {
  "linear residuals": {
    types: [small, small],
    body: (count) =>
      `  y0 = x\n${lines(count, (i) => `y${i} = y${i - 1} + (y${i - 1} |> conv(c: 8) @c.${i})`)}  return y${count}`,
  },
  "linear residuals after a product": {
    types: [small, small],
    body: (count) =>
      `  y0 = x |> conv(c: 8) @first\n${lines(count, (i) => `y${i} = y${i - 1} + (y${i - 1} |> conv(c: 8) @c.${i})`)}  return y${count}`,
  },
  "linear residuals before a mean": {
    types: [small, "[n, c: 8]"],
    body: (count) =>
      `  y0 = x\n${lines(count, (i) => `y${i} = y${i - 1} + (y${i - 1} |> conv(c: 8) @c.${i})`)}  return y${count} |> mean(axis: [h, w])`,
  },
  diamonds: {
    types: [small, small],
    body: (count) =>
      `  y0 = x\n${lines(count, (i) => `y${i} = (y${i - 1} |> conv(c: 8) @a.${i}) + (y${i - 1} |> conv(c: 8) @b.${i})`)}  return y${count}`,
  },
  "diamonds between activations": {
    types: [small, small],
    body: (count) =>
      `  y0 = x\n${lines(count, (i) => `y${i} = (y${i - 1} |> conv(c: 8) @a.${i}) + (y${i - 1} |> conv(c: 8) @b.${i}) |> relu`)}  return y${count}`,
  },
  "a concat": {
    types: [small, small],
    body: (count) =>
      `${lines(count, (i) => `a${i} = x |> conv(c: 8) @a.${i} |> relu`)}  return concat(${list(count, ", ")}, axis: c) |> conv(c: 8) @last`,
  },
  "a concat of resized images": {
    types: [small, large],
    body: (count) =>
      `${lines(count, (i) => `a${i} = x |> conv(c: 8) @a.${i} |> relu |> resize(h: 32, w: 32, mode: bilinear)`)}  return concat(${list(count, ", ")}, axis: c) |> conv(c: 8) @last`,
  },
  "a sum": {
    types: [small, small],
    body: (count) => `${lines(count, (i) => `a${i} = x |> conv(c: 8) @a.${i} |> relu`)}  return ${list(count, " + ")}`,
  },
  "a sum of products": {
    types: [small, small],
    body: (count) =>
      `${lines(count, (i) => `a${i} = x |> conv(c: 8) @a.${i} |> relu |> conv(c: 8) @b.${i}`)}  return ${list(count, " + ")}`,
  },
  "a sum of resized images": {
    types: [small, large],
    body: (count) =>
      `${lines(count, (i) => `a${i} = x |> conv(c: 8) @a.${i} |> relu |> resize(h: 32, w: 32, mode: bilinear)`)}  return ${list(count, " + ")}`,
  },
} satisfies Record<string, { readonly types: readonly [string, string]; readonly body: (count: number) => string }>;

/** The work for a program of some lines, and which part of its cost is left. */
function workFor({ types: [from, to], body }: (typeof programs)[keyof typeof programs], count: number) {
  const text = `fuse 1\nmodel Net(x: ${from}) -> (y: ${to}) {\n${body(count)}\n}\n`;
  const { value, diagnostics } = buildGraphs(openProgram("net.fuse", text, { read: () => undefined }));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const [graph] = value!;
  const tools = toolsFor(graph!, savedModelProfile, undefined);
  const { graph: better } = optimizeWith(tools, graph!);
  const { asked } = tools.algebra;
  const { walked } = tools.costs;
  const [before, after] = [graph!, better].map(({ results }) => tools.costs.total(results.map(({ value }) => value)));
  return {
    asked,
    walked,
    isSpent: asked > tools.mostWork.asked || walked > tools.mostWork.walked,
    left: after! / before!,
  };
}

test.each(Object.entries(programs))("%s", (_, program) => {
  const [few, some, many] = [8, 60, 120].map((count) => workFor(program, count));
  // Twice as many lines take hardly more than twice the work, all of which is done.
  expect(many!.asked).toBeLessThan(3.5 * some!.asked);
  expect(many!.walked).toBeLessThan(3.5 * some!.walked);
  expect(many!.asked).toBeLessThan(500 * 120);
  expect(many!.isSpent).toBe(false);
  // As much is gained as in few lines.
  expect(many!.left).toBeLessThan(few!.left + 0.02);
});
