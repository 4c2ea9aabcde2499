/** @file The page about numbers says what every engine gives for NaN and infinities. `npx vitest run test/docs/numbers.test.ts -u` updates its tables. */
import { readFileSync } from "node:fs";
import prettier from "prettier";
import { describe, expect, test } from "vitest";
import { table } from "../../scripts/reference/markdown.ts";
import { backends } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";
import { notFiniteCases, type NotFiniteCase } from "../support/not-finite-cases.ts";

const page = "docs/numbers.md";

/** Native kernels differ between processors. */
const isComplete = process.arch === "x64" && backends().every(({ skipped }) => !skipped);
const numbers = (data: ArrayLike<number>): string =>
  Array.from(data, (value) =>
    String(Number.isInteger(value) && Math.abs(value) <= 2 ** 31 ? value : Number(value.toPrecision(4))),
  )
    .join(" ")
    .replaceAll("Infinity", "inf");

/** The names that the page uses for engines that give the same. */
function together(engines: readonly string[]): string {
  const short = (engine: string) => engine.replace(/^esm on /, "").replace("saved-model", "session");
  const graphs = engines.filter((engine) => engine.startsWith("graph-model on "));
  const others = engines.filter((engine) => !graphs.includes(engine));
  const apart = graphs.filter((engine) => !others.includes(engine.replace("graph-model", "esm")));
  return [...others.map(short), ...apart].join(", ");
}

interface Row {
  readonly same: boolean;
  readonly cells: readonly string[];
}

async function rowOf({ code, input, shape, x, result }: NotFiniteCase): Promise<Row> {
  const graph = graphOf(`fuse 1\nmodel M(x: ${input}) -> (y: ${result}) {\n  return ${code}\n}\n`);
  const inputs = { x: { dtype: "f32" as const, shape, data: Float64Array.from(x) } };
  const want = numbers(interpret(graph, inputs)["y"]!.data);
  const others = new Map<string, string[]>();
  const all: string[] = [];
  for (const engine of testedEngines) {
    const got = numbers((await runOn(engine, graph, inputs))["y"]!.data);
    all.push(got);
    if (got !== want) others.set(got, [...(others.get(got) ?? []), engine.name]);
  }
  // A graph model that gives the reference, although the module on its backend does not, would be hidden.
  for (const backend of ["cpu", "wasm", "tensorflow"]) {
    const of = (kind: string) => all[testedEngines.findIndex(({ name }) => name === `${kind} on ${backend}`)];
    if (of("graph-model") === want && of("esm") !== want)
      others.set(want, [...(others.get(want) ?? []), `graph-model on ${backend}`]);
  }
  const differ = [...others].map(([got, engines]) => `${got} (${together(engines)})`);
  return { same: differ.length === 0, cells: [`\`${code}\``, numbers(x), want, differ.join("; ")] };
}

test.skipIf(!isComplete)("the tables are what the engines give", async () => {
  const rows: Row[] = [];
  for (const it of notFiniteCases) rows.push(await rowOf(it));
  const text = readFileSync(page, "utf8");
  const [written] = text.split("### Where the engines differ");
  const differing = rows.filter(({ same }) => !same).map(({ cells }) => cells);
  const agreeing = rows.filter(({ same }) => same).map(({ cells }) => cells.slice(0, 3));
  const made = `${written!}### Where the engines differ

<!-- The rest of the page is generated: npx vitest run test/docs/numbers.test.ts -u -->

${table(["call", "x", "reference", "elsewhere"], differing)}
### Where they agree

${table(["call", "x", "result"], agreeing)}`;
  const formatted = await prettier.format(made, { parser: "markdown", printWidth: 120 });
  await expect(formatted).toMatchFileSnapshot(`../../${page}`);
});

describe("the interpreter gives what PyTorch gives", () => {
  /** From PyTorch 2.15. */
  const image = [1, NaN, 3, 4];
  test.each([
    ["maxpool(x, kernel: 2)", "[n, h: 1, w: 1]", [NaN]],
    ["avgpool(x, kernel: 2)", "[n, h: 1, w: 1]", [NaN]],
    ["relu6(x)", "[n, h: 2, w: 2]", [1, NaN, 3, 4]],
    ["max(x, axis: [h, w])", "[n]", [NaN]],
    ["softmax(x, axis: [h, w])", "[n, h: 2, w: 2]", [NaN, NaN, NaN, NaN]],
  ] as const)("%s", (code, result, want) => {
    const graph = graphOf(`fuse 1\nmodel M(x: [n, h: 2, w: 2]) -> (y: ${result}) {\n  return ${code}\n}\n`);
    const x = { dtype: "f32" as const, shape: [1, 2, 2], data: Float64Array.from(image) };
    expect([...interpret(graph, { x })["y"]!.data]).toEqual(want);
  });
});
