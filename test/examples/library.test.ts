/** @file The standard library: every block checks and runs in every variant, and matches PyTorch's golden tensors. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Block } from "../../src/check/text/modules.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { library } from "../../src/library.ts";
import { planOptimized } from "../../src/optimize/planned.ts";
import { plan } from "../../src/plan/plan.ts";
import { difference, seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { runOnce } from "../support/run.ts";
import { randomShapes } from "../support/shapes.ts";
import { expectGolden, goldenTensors } from "../support/systems.ts";
import { byTier } from "../support/tier.ts";

interface Entry {
  readonly module: string;
  readonly block: string;
  readonly inputs: string;
  readonly result: string;
  /** All settings except the choices, each of which is run. */
  readonly settings?: string | undefined;
  /** Calls without weights have no label. */
  readonly weightless?: true | undefined;
}

const map = "x: [n, c: 8, h, w]";
const same = "[n, c: 8, h, w]";
const two = "high: [n, c: 4, h, w], low: [n, c: 3, h: p, w: q]";
const tokens = "x: [n, t, d: 8]";
const equal = "high: [n, c: 4, h, w], low: [n, c: 4, h: p, w: q]";

/** Maps from one level to another, each half the size of the one before. */
function pyramid(name: string, from: number, to: number): string {
  const halved = (axis: string, times: number) => (times === 0 ? axis : `${axis}: ceil(${axis} / ${2 ** times})`);
  return Array.from(
    { length: to - from + 1 },
    (_, i) => `${name}${from + i}: [n, c: 4, ${halved("h", i)}, ${halved("w", i)}]`,
  ).join(", ");
}

const entries: readonly Entry[] = [
  { module: "attention", block: "SE", inputs: map, result: same, settings: "r: 4" },
  { module: "attention", block: "ECA", inputs: map, result: same },
  { module: "attention", block: "CBAM", inputs: map, result: same, settings: "r: 2" },
  { module: "attention", block: "BAM", inputs: map, result: same, settings: "r: 4, dilation: 2" },
  { module: "attention", block: "GlobalContext", inputs: map, result: same, settings: "r: 2" },
  { module: "attention", block: "NonLocal", inputs: map, result: same },
  { module: "attention", block: "CoordinateAttention", inputs: map, result: same, settings: "r: 2" },
  { module: "attention", block: "SelectiveKernel", inputs: map, result: same, settings: "r: 2, groups: 4" },
  {
    module: "attention",
    block: "MultiheadAttention",
    inputs: "x: [n, t, d: 8]",
    result: "[n, t, d: 8]",
    settings: "heads: 2",
  },
  {
    module: "attention",
    block: "CrossAttention",
    inputs: `${tokens}, memory: [n, s, d: 8]`,
    result: "[n, t, d: 8]",
    settings: "heads: 4",
  },
  {
    module: "attention",
    block: "MaskedAttention",
    inputs: `${tokens}, memory: [n, s, d: 8], mask: bool[n, t, s]`,
    result: "[n, t, d: 8]",
    settings: "heads: 2",
  },
  {
    module: "attention",
    block: "GroupedQueryAttention",
    inputs: tokens,
    result: "[n, t, d: 8]",
    settings: "heads: 4, kv_heads: 2, size: 6",
  },
  {
    module: "attention",
    block: "Rotary",
    inputs: "x: [n, t, head, e: 6]",
    result: "[n, t, head, e: 6]",
    weightless: true,
  },
  { module: "attention", block: "SelfAttention", inputs: map, result: same, settings: "heads: 4" },
  { module: "reduce", block: "ConvReduce", inputs: map, result: "[n, c: 3, h, w]", settings: "width: 3" },
  {
    module: "reduce",
    block: "FlattenLinearReduce",
    inputs: "x: [n, c: 4, h: 3, w: 2]",
    result: "[n, c: 3, h: 3, w: 2]",
    settings: "width: 3",
  },
  {
    module: "reduce",
    block: "AttentionReduce",
    inputs: map,
    result: "[n, c: 3, h, w]",
    settings: "width: 3, heads: 2",
  },
  { module: "reduce", block: "ConvPair", inputs: map, result: "[n, c: 3, h, w]", settings: "mid: 5, out: 3" },
  {
    module: "reduce",
    block: "Autoencoder",
    inputs: map,
    result: "(code: [n, c: 3, h, w], y: [n, c: 8, h, w])",
    settings: "mid: 5, bottleneck: 3",
  },
  { module: "fusion", block: "ConcatFuse", inputs: two, result: "[n, c: 7, h, w]", weightless: true },
  { module: "fusion", block: "ConcatConvFuse", inputs: two, result: "[n, c: 5, h, w]", settings: "width: 5" },
  { module: "fusion", block: "ConcatLinearFuse", inputs: two, result: "[n, c: 5, h, w]", settings: "width: 5" },
  { module: "fusion", block: "AddFuse", inputs: equal, result: "[n, c: 4, h, w]", weightless: true },
  { module: "fusion", block: "MulFuse", inputs: equal, result: "[n, c: 4, h, w]", weightless: true },
  {
    module: "fusion",
    block: "GatedFusion",
    inputs: "a: [n, c: 4, h, w], b: [n, c: 3, h, w]",
    result: "[n, c: 5, h, w]",
    settings: "width: 5",
  },
  { module: "fusion", block: "FiLM", inputs: `${map}, condition: [n, d: 3]`, result: same },
  {
    module: "fusion",
    block: "FPN",
    inputs: "c3: [n, c: 3, h, w], c4: [n, c: 4, h: p, w: q], c5: [n, c: 5, h: u, w: v]",
    result: "(p3: [n, c: 6, h, w], p4: [n, c: 6, h: p, w: q], p5: [n, c: 6, h: u, w: v])",
    settings: "width: 6",
  },
  {
    module: "fusion",
    block: "PAN",
    inputs:
      "p3: [n, c: 4, h, w], p4: [n, c: 4, h: ceil(h / 2), w: ceil(w / 2)], p5: [n, c: 4, h: ceil(h / 4), w: ceil(w / 4)]",
    result:
      "(n3: [n, c: 4, h, w], n4: [n, c: 4, h: ceil(h / 2), w: ceil(w / 2)], n5: [n, c: 4, h: ceil(h / 4), w: ceil(w / 4)])",
  },
  {
    module: "fusion",
    block: "FPN4",
    inputs: "c2: [n, c: 3, h, w], c3: [n, c: 4, h: p, w: q], c4: [n, c: 5, h: r, w: s], c5: [n, c: 6, h: u, w: v]",
    result: "(p2: [n, c: 4, h, w], p3: [n, c: 4, h: p, w: q], p4: [n, c: 4, h: r, w: s], p5: [n, c: 4, h: u, w: v])",
    settings: "width: 4",
  },
  {
    module: "fusion",
    block: "BiFPN",
    inputs: pyramid("p", 3, 7),
    result: `(${pyramid("n", 3, 7)})`,
    settings: "depth: 2",
  },
  { module: "fusion", block: "PAN4", inputs: pyramid("p", 2, 5), result: `(${pyramid("n", 2, 5)})` },
  { module: "fusion", block: "BiFPNNode", inputs: `${map}, y: [n, c: 8, h, w]`, result: same },
  {
    module: "fusion",
    block: "BiFPNNode3",
    inputs: `${map}, y: [n, c: 8, h, w], z: [n, c: 8, h, w]`,
    result: same,
  },
  { module: "pooling", block: "GapHead", inputs: map, result: "[n, k: 5]", settings: "classes: 5" },
  {
    module: "pooling",
    block: "GlobalPools",
    inputs: map,
    result:
      "(gap: [n, c: 8, h: 1, w: 1], gmp: [n, c: 8, h: 1, w: 1], gmp_index: i32[n, c: 8, h: 1, w: 1], " +
      "channel_max: [n, c: 1, h, w], channel_mean: [n, c: 1, h, w], " +
      "adaptive_avg: [n, c: 8, h: 4, w: 2], adaptive_max: [n, c: 8, h: 4, w: 2])",
    settings: "rows: 4",
    weightless: true,
  },
  { module: "pooling", block: "GeM", inputs: map, result: "[n, c: 8]" },
  {
    module: "pooling",
    block: "AttentionPool",
    inputs: "x: [n, t, d: 8]",
    result: "[n, m: 3, d: 8]",
    settings: "m: 3, heads: 2",
  },
  {
    module: "transformer",
    block: "TransformerEncoderLayer",
    inputs: tokens,
    result: "[n, t, d: 8]",
    settings: "heads: 2, hidden: 12",
  },
  {
    module: "transformer",
    block: "TransformerDecoderLayer",
    inputs: `${tokens}, memory: [n, s, d: 8]`,
    result: "[n, t, d: 8]",
    settings: "heads: 2, hidden: 12",
  },
  {
    module: "recurrent",
    block: "LSTMCell",
    inputs: "x: [n, d: 3], h: [n, k: 5], c: [n, k: 5]",
    result: "(h: [n, k: 5], c: [n, k: 5])",
  },
  { module: "recurrent", block: "GRUCell", inputs: "x: [n, d: 3], h: [n, k: 5]", result: "[n, k: 5]" },
  { module: "pooling", block: "PyramidPooling", inputs: map, result: "[n, c: 16, h, w]" },
  { module: "pooling", block: "ASPP", inputs: map, result: "[n, c: 3, h, w]", settings: "width: 3, rate: 2" },
];

const modules = Object.entries(library).map(([name, text]) => ({ name, program: programOf(text, {}, name) }));
const publicBlocks = modules.flatMap(({ name, program }) =>
  [...program.main.blocks]
    .filter(([block]) => !block.startsWith("_"))
    .map(([block, found]) => ({ name, block, found })),
);

/** Parts of other blocks, without a paper of their own. */
const unpublished: ReadonlySet<string> = new Set(["ConvPair"]);

describe.each(modules)("$name", ({ program }) => {
  test("has neither errors nor warnings in any variant", () => {
    expect(program.check()).toEqual([]);
  });

  test("documents every block; the public ones name a paper and the shapes", () => {
    for (const [name, { decl }] of program.main.blocks) {
      expect(decl.doc, name).toMatch(/^[A-Z]/);
      if (name.startsWith("_") || unpublished.has(name)) continue;
      expect(decl.doc, name).toMatch(/\(\D+ \d{4}/);
      expect(decl.doc, name).toContain("->");
    }
  });
});

test("every public block has an entry", () => {
  const names = entries.map(({ module, block }) => `fuse/${module} ${block}`);
  expect(names.toSorted()).toEqual(publicBlocks.map(({ name, block }) => `${name} ${block}`).toSorted());
});

/** Returns every combination of a block's choices, as written in a call. */
function variants({ decl }: Block): string[] {
  return decl.params
    .filter((param) => param.kind === "attribute")
    .filter(({ choices }) => choices.length > 1)
    .reduce(
      (all, { name, choices }) =>
        all.flatMap((text) => choices.map((choice) => `${text}, ${name.text}: ${choice.text}`)),
      [""],
    );
}

/** Returns a model that only calls a block. */
function probe({ module, block, inputs, result, settings, weightless }: Entry, choices = ""): string {
  const tensors = [...inputs.matchAll(/(\w+): \w*\[/g)].map(([, name]) => name).join(", ");
  const call = `${block}(${tensors}${settings === undefined ? "" : `, ${settings}`}${choices})`;
  const label = weightless ? "" : " @m";
  return `fuse 1\nimport { ${block} } from "fuse/${module}"\nmodel Probe(${inputs}) -> ${result} { return ${call}${label} }\n`;
}

describe("in every variant, the compiled block agrees with the interpreter", () => {
  beforeAll(() => useBackend("wasm"));

  test.each(entries)("$module: $block", async (entry) => {
    const { found } = publicBlocks.find(({ name, block }) => name === `fuse/${entry.module}` && block === entry.block)!;
    for (const [i, choices] of variants(found).entries()) {
      const text = probe(entry, choices);
      expect(programOf(text).check()).toEqual([]);
      const graph = graphOf(text);
      const { plan: planned, weights, samples } = prepareCase(text, graph, randomShapes(graph.guard, seeded(i), 2), i);
      expect(samples).toHaveLength(2);
      for (const { inputs, want } of samples) {
        const got = await runOnce(planned, inputs, weights);
        for (const [name, array] of Object.entries(want))
          expect(difference(got[name]!, array, 1e-4), `${text} ${name}`).toBe(undefined);
      }
    }
  });
});

/** Golden tensors, their block, and its settings and choices. */
const golden: readonly (readonly [file: string, block: string, settings?: string])[] = [
  ["conv-reduce", "ConvReduce", "width: 12"],
  ["flatten-linear-reduce", "FlattenLinearReduce", "width: 3"],
  ["attention-reduce", "AttentionReduce", "width: 10"],
  ["autoencoder", "Autoencoder", "mid: 16, bottleneck: 6"],
  ["concat-conv-fuse", "ConcatConvFuse", "width: 32"],
  ["concat-linear-fuse", "ConcatLinearFuse", "width: 32"],
  ["add-fuse", "AddFuse"],
  ["mul-fuse", "MulFuse"],
  ["se", "SE", "r: 4"],
  ["cbam", "CBAM", "r: 4"],
  ["bam", "BAM", "r: 4"],
  ["gap-head", "GapHead", "classes: 10"],
  ["global-pools", "GlobalPools"],
  ["blocks/ECA", "ECA", "kernel: 5"],
  ["blocks/GlobalContext", "GlobalContext", "r: 2"],
  ["blocks/NonLocal-gaussian", "NonLocal", "by: gaussian"],
  ["blocks/NonLocal-embedded", "NonLocal"],
  ["blocks/NonLocal-product", "NonLocal", "by: product"],
  ["blocks/CoordinateAttention", "CoordinateAttention", "r: 2"],
  ["blocks/SelectiveKernel", "SelectiveKernel", "r: 2, groups: 4"],
  ["blocks/SelfAttention", "SelfAttention", "heads: 4"],
  ["blocks/GatedFusion", "GatedFusion", "width: 5"],
  ["blocks/FiLM", "FiLM"],
  ["blocks/FPN", "FPN", "width: 6"],
  ["blocks/PAN", "PAN"],
  ["blocks/BiFPNNode", "BiFPNNode"],
  ["blocks/BiFPNNode3", "BiFPNNode3"],
  ["blocks/GeM", "GeM"],
  ["blocks/AttentionPool", "AttentionPool", "m: 3, heads: 2"],
  ["blocks/PyramidPooling", "PyramidPooling"],
  ["blocks/ASPP", "ASPP", "width: 3, rate: 2"],
  ["layers/MultiheadAttention", "MultiheadAttention", "heads: 2"],
  ["layers/MultiheadAttention-causal", "MultiheadAttention", "heads: 2, bias: false, mask: causal"],
  ["layers/CrossAttention", "CrossAttention", "heads: 4"],
  ["layers/MaskedAttention", "MaskedAttention", "heads: 2"],
  ["layers/GroupedQueryAttention", "GroupedQueryAttention", "heads: 4, kv_heads: 2, size: 6"],
  ["layers/Rotary", "Rotary", "by: interleaved"],
  ["layers/TransformerEncoderLayer", "TransformerEncoderLayer", "heads: 2, hidden: 12"],
  ["layers/TransformerEncoderLayer-no-bias", "TransformerEncoderLayer", "heads: 2, hidden: 12, bias: false"],
  [
    "layers/TransformerEncoderLayer-norm_first",
    "TransformerEncoderLayer",
    "heads: 2, hidden: 12, norm_first: true, activation: gelu",
  ],
  ["layers/TransformerDecoderLayer", "TransformerDecoderLayer", "heads: 2, hidden: 12"],
  [
    "layers/TransformerDecoderLayer-norm_first",
    "TransformerDecoderLayer",
    "heads: 2, hidden: 12, norm_first: true, activation: gelu",
  ],
  ["layers/FPN4", "FPN4", "width: 4"],
  ["layers/PAN4", "PAN4"],
  ["layers/BiFPN", "BiFPN", "depth: 2"],
  ["layers/LSTMCell", "LSTMCell"],
  ["layers/GRUCell", "GRUCell"],
  ["layers/GRUCell-no-bias", "GRUCell", "bias: false"],
];

/** Parts of blocks that have golden tensors. */
const parts: ReadonlySet<string> = new Set(["ConcatFuse", "ConvPair"]);

test("every other block has golden tensors", () => {
  const names = [...new Set(golden.map(([, block]) => block)), ...parts];
  expect(names.toSorted()).toEqual(entries.map(({ block }) => block).toSorted());
});

/** Declares the tensors of a header in order, with axes as written, and the sizes and names of the golden ones. */
function declared(header: string, arrays: Readonly<Record<string, NdArray>>): string {
  const types = [...header.matchAll(/(?:(\w+): )?(?:i32)?\[([^\]]*)\]/g)];
  const names = Object.keys(arrays);
  const tensors = types.map(([, name = "", axes], i) => {
    const golden = name in arrays ? name : names[i]!;
    const { dtype, shape } = arrays[golden]!;
    const sizes = axes!.split(", ").map((axis, k) => `${axis.split(":")[0]}: ${shape[k]}`);
    return `${golden}: ${dtype}[${sizes.join(", ")}]`;
  });
  return tensors.join(", ");
}

describe("PyTorch's weights load under the block's label and give PyTorch's outputs", () => {
  beforeAll(() => useBackend("wasm"));

  const cases = golden.map(([file, block, settings]) => ({ file, block, settings }));
  test.each(cases)("$file", async ({ file, block, settings }) => {
    const entry = entries.find((found) => found.block === block)!;
    const inputs = declared(entry.inputs, goldenTensors(file, "in"));
    const result = `(${declared(entry.result, goldenTensors(file, "out"))})`;
    const text = probe({ ...entry, inputs, result, settings });
    const options = entry.weightless ? {} : { rename: { "param.*": "m.*" } };
    const graph = graphOf(text);
    const optimized = planOptimized(graph, esmProfile()).plan;
    const plans = byTier({ quick: [optimized], full: [plan(graph, esmProfile()), optimized] });
    for (const made of plans) await expectGolden(file, made, options);
  });
});
