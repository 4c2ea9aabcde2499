/** @file The networks of examples/zoo: PyTorch's weights load by name and give its results, and the defaults are the published sizes. */
import { readdirSync, readFileSync } from "node:fs";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { variantsOf } from "../../src/cli/summary/variants.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { shapeOf } from "../../src/contract/manifest.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import { matchWeights } from "../../src/weights/match.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { difference } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";
import { graphOf, writtenAndOptimized } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";
import { tensorsIn } from "../support/systems.ts";
import { byTier } from "../support/tier.ts";
import { namesOf, published, zoo, zooPath, zooText } from "../support/zoo.ts";

const bytesOf = (file: string): Uint8Array => readFileSync(`examples/zoo/${file}.safetensors`);

/** PyTorch's weights, by path. */
function weightsOf(file: string, graph: ModelGraph) {
  const { tensors, problems } = matchWeights(manifestOf(graph), readSafetensors(bytesOf(file)), { prefix: "param" });
  expect(problems.missing).toEqual([]);
  expect(problems.misshapen).toEqual([]);
  return Object.fromEntries([...tensors].map(([path, load]) => [path, load()]));
}

/** The sizes of a model at inputs of these shapes. */
function sizesAt({ guard }: ModelGraph, shapes: Readonly<Record<string, readonly number[]>>) {
  const inputs = guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }] as const);
  const admission = checkGuard(guard, Object.fromEntries(inputs));
  if ("problems" in admission) throw new Error(admission.problems.join("; "));
  return admission.sizes;
}

/** The row of a network in the README. */
function rowOf({ file, source, settings }: (typeof zoo)[number]): string[] {
  const { parameters, macs, inputs, state_dict } = published[file]!;
  const lines = zooText(file).trimEnd().split("\n").length;
  const at = Object.values(inputs).map((shape) => shape.join(" × "));
  const count = (number: number) => number.toLocaleString("en");
  const flags = Object.entries(settings).map(([name, value]) => `--set ${name}=${value}`);
  return [
    `[${file}](${file}.fuse)`,
    source,
    `${lines}`,
    count(Object.values(state_dict).filter(({ dtype }) => dtype !== "I64").length),
    count(parameters),
    count(macs),
    at.join(", "),
    `\`${flags.join(" ")}\``,
  ];
}

test("every program in the folder is in the list", () => {
  const files = readdirSync("examples/zoo").filter((name) => name.endsWith(".fuse"));
  expect(zoo.map(({ file }) => `${file}.fuse`).toSorted()).toEqual(files.toSorted());
});

// `npx vitest run -u test/examples/zoo.test.ts` writes the table.
test("the README has the table", async () => {
  const rows = zoo.map((network) => `| ${rowOf(network).join(" | ")} |\n`).join("");
  const text = readFileSync("examples/zoo/README.md", "utf8").replace(/^\| \[[^]*\|\n/m, rows);
  await expect(await format(text, { parser: "markdown" })).toMatchFileSnapshot("../../examples/zoo/README.md");
});

test("the command in the README runs a network and agrees with PyTorch", async () => {
  const [command] = readFileSync("examples/zoo/README.md", "utf8").match(/^node \S+ run (.*\\\n)*.*/m)!;
  const [, , ...args] = command.replaceAll("\\\n", " ").split(/ +/);
  expect(await fuse(".", [...args, "--backend", "wasm"])).toMatchObject({ code: 0, err: "" });
});

describe.each(zoo)("$file", ({ file, settings }) => {
  const program = programOf(zooText(file), {}, zooPath(file));
  const [model] = program.models;

  test("has neither errors nor warnings", () => {
    expect(program.check()).toEqual([]);
  });

  test("has the published weights by name, parameters and multiply-accumulates", () => {
    const it = published[file]!;
    const { graph } = program.instantiate(model!, {});
    const manifest = manifestOf(graph!);
    const { problems } = matchWeights(manifest, namesOf(it));
    expect(problems.missing).toEqual([]);
    expect(problems.misshapen).toEqual([]);
    // Swin stores the indices of its biases, which follow from the size of a window.
    const unused = problems.extra.filter(({ name }) => !name.endsWith("relative_position_index"));
    expect(unused).toEqual([]);
    // PyTorch calls running statistics buffers, and does not count them.
    const learned = manifest.filter(({ path }) => !/\.running_(mean|var)$/.test(path));
    const sizes = learned.map((entry) => shapeOf(entry).reduce((product, size) => product * size, 1));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(it.parameters);
    const [{ macs } = { macs: 0 }] = variantsOf(program, model!, {}, sizesAt(graph!, it.inputs));
    expect(Number(macs)).toBe(it.macs);
  });

  test("gives PyTorch's results in the interpreter", () => {
    const graph = graphOf(zooText(file), settings);
    const results = interpret(graph, tensorsIn(bytesOf(file), "in"), weightsOf(file, graph));
    const wanted = tensorsIn(bytesOf(file), "out");
    expect(Object.keys(results)).toEqual(Object.keys(wanted));
    // Both compute in float64, so what remains is that PyTorch's results are stored in float32: half a unit in the last place
    // is at most 2^-24 of a number. Llama's norms and angles are float32 in PyTorch.
    const tolerance = file === "llama" ? 1e-5 : 2 ** -24 * 1.01;
    for (const [name, want] of Object.entries(wanted))
      expect(difference(results[name]!, want, tolerance), name).toBe(undefined);
  });
});

// A browser's engine in the quick tier, and all of them in the full one.
const engines = testedEngines.filter(({ name }) => byTier({ quick: name === "esm on wasm", full: true }));

describe.each(engines)("$name", (engine) => {
  test.skipIf(engine.skipped).each(zoo)("$file", async ({ file, settings }) => {
    for (const graph of writtenAndOptimized(graphOf(zooText(file), settings), engine.profile)) {
      const results = await runOn(engine, graph, tensorsIn(bytesOf(file), "in"), weightsOf(file, graph));
      // As for all engines: float32, in an order of summation of their own.
      for (const [name, want] of Object.entries(tensorsIn(bytesOf(file), "out")))
        expect(difference(results[name]!, want, 1e-4), name).toBe(undefined);
    }
  });
});
