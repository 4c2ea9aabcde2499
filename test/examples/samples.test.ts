/** @file The sample programs of the language: every variant checks, with the documented types and weight paths. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Program } from "../../src/check/program.ts";
import type { Block } from "../../src/check/text/modules.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { printType } from "../../src/ir/type.ts";
import { programOf } from "../support/check.ts";

const sample = (name: string): Program =>
  programOf(readFileSync(`test/fixtures/samples/${name}.fuse`, "utf8"), {}, `${name}.fuse`);

const blockOf = (program: Program, name: string): Block => {
  const block = program.main.blocks.get(name);
  if (block === undefined) throw new Error(`no block ${name}`);
  return block;
};

/** Returns the distinct results of all worlds. */
function results(program: Program, name: string): string[] {
  const { sizes } = program.context;
  const texts = program
    .worlds(blockOf(program, name))
    .map(({ results }) =>
      (results ?? []).map((type) => (type === undefined ? "?" : printType(sizes, type))).join(" · "),
    );
  return [...new Set(texts)];
}

const samples: readonly {
  readonly file: string;
  readonly worlds: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    file: "fuse-reduce",
    worlds: { FuseReduce: 12 },
    types: {
      FuseReduce: ["[n, c: width, h, w]", "[n, c: ca + cb, h, w]", "[n, c: ca, h, w]"],
    },
  },
  {
    file: "attention",
    worlds: { SE: 1, ChannelGate: 1, SpatialGate: 2, CBAM: 2, BAM: 1 },
    types: {
      SE: ["[n, c, h, w]"],
      ChannelGate: ["[n, c]"],
      SpatialGate: ["[n, h, w]"],
      CBAM: ["[n, c, h, w]"],
      BAM: ["[n, c, h, w]"],
    },
  },
  {
    file: "classifier",
    worlds: { Bottleneck: 3, Stage: 1, ResNet50: 1, Classifier: 3 },
    types: {
      Bottleneck: ["[n, c: out, h: ceil(h/stride), w: ceil(w/stride)]"],
      Stage: ["[n, c: out, h: ceil(h/stride), w: ceil(w/stride)]"],
      ResNet50: ["[n, c: 2048, h: ceil(h/32), w: ceil(w/32)]"],
      Classifier: ["[n, k: classes]"],
    },
  },
  {
    file: "autoencoders",
    worlds: { Autoencoder: 1, ConvAE: 1 },
    types: {
      Autoencoder: ["[n, z] · [n, c]"],
      ConvAE: ["[n, c: width, h: p, w: q] · [n, c, h: 4*p, w: 4*q]"],
    },
  },
  { file: "attention-pool", worlds: { AttentionPool: 1 }, types: { AttentionPool: ["[n, m, d]"] } },
  {
    file: "fpn",
    worlds: { Lateral: 2, FPN: 1 },
    types: {
      Lateral: ["[n, c: k, h, w]"],
      FPN: ["[n, c: width, h: 4*h, w: 4*w] · [n, c: width, h: 2*h, w: 2*w] · [n, c: width, h, w]"],
    },
  },
];

describe.each(samples)("$file", ({ file, worlds, types }) => {
  const program = sample(file);

  it("has no error in any variant", () => {
    expect(program.check().filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it.each(Object.entries(worlds))("%s has %i worlds", (name, count) => {
    expect(program.worlds(blockOf(program, name))).toHaveLength(count);
  });

  it.each(Object.entries(types))("%s has its result types", (name, expected) => {
    expect(results(program, name)).toEqual(expected);
  });
});

/** Weight paths, as the language's table lists them. Each stands for `.weight`, and `.bias` if there is one. */
const paths: readonly (readonly [
  file: string,
  block: string,
  header: string,
  call: string,
  owners: readonly string[],
])[] = [
  ["attention", "SE", "x: [n, c: 64, h, w]", "SE(x)", ["fc1", "fc2"]],
  ["attention", "ChannelGate", "x: [n, c: 64, h, w]", "expand(ChannelGate(x), like: x)", ["mlp.0", "mlp.2"]],
  ["attention", "SpatialGate", "x: [n, c: 64, h, w]", "x * SpatialGate(x)", ["conv"]],
  ["attention", "CBAM", "x: [n, c: 64, h, w]", "CBAM(x)", ["channel.mlp.0", "channel.mlp.2", "spatial.conv"]],
  ["attention", "BAM", "x: [n, c: 64, h, w]", "BAM(x)", ["s.0", "s.1", "s.2", "channel.mlp.0", "channel.mlp.2"]],
  ["attention-pool", "AttentionPool", "x: [n, t, d: 64]", "AttentionPool(x)", ["query", "q", "k", "v", "out"]],
];

/** Returns the owners of a model's weights, without the last part of the path if it is a parameter's name. */
function owners(program: Program, model: string): string[] {
  const { value, diagnostics } = buildGraphs(program, { model });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const names = value![0]!.weights.map(({ path }) => path.replace(/\.(weight|bias|running_mean|running_var)$/, ""));
  return [...new Set(names)];
}

describe("weight paths", () => {
  it.each(paths)("%s: %s", (file, block, header, call, expected) => {
    const text = readFileSync(`test/fixtures/samples/${file}.fuse`, "utf8");
    const axes = header.slice(header.indexOf("["));
    const result = block === "AttentionPool" ? "[n, m: 4, d: 64]" : axes;
    const model = `model Probe(${header}) -> ${result} { return ${call.replace(/(\w+)\(x\)/, (found) => `${found} @probe`)} }`;
    const program = programOf(`${text}\n${model}\n`);
    const found = owners(program, "Probe").map((path) => path.replace(/^probe\./, ""));
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it("Classifier: torchvision's ResNet-50", () => {
    const program = sample("classifier");
    const found = owners(program, "Classifier");
    const blocks = [3, 4, 6, 3].flatMap((count, stage) =>
      Array.from({ length: count }, (_, i) => {
        const own = ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3"];
        const names = i === 0 ? [...own, "downsample.0", "downsample.1"] : own;
        return names.map((name) => `backbone.layer${stage + 1}.${i}.${name}`);
      }).flat(),
    );
    expect([...found].sort()).toEqual(["backbone.conv1", "backbone.bn1", ...blocks, "fc"].sort());
  });

  it.each([
    [
      "autoencoders",
      "Autoencoder",
      "x: [n, c: 64]",
      "(code: [n, z: 32], recon: [n, c: 64])",
      ["code", "enc", "recon", "dec"],
    ],
    [
      "autoencoders",
      "ConvAE",
      "x: [n, c: 3, h: 4*p, w: 4*q]",
      "(code: [n, c: 64, h: p, w: q], recon: [n, c: 3, h: 4*p, w: 4*q])",
      ["code.0", "code.2", "recon.1", "recon.4"],
    ],
    [
      "fpn",
      "FPN",
      "c3: [n, c: 8, h: 4*h, w: 4*w], c4: [n, c: 16, h: 2*h, w: 2*w], c5: [n, c: 32, h, w]",
      "(p3: [n, c: 256, h: 4*h, w: 4*w], p4: [n, c: 256, h: 2*h, w: 2*w], p5: [n, c: 256, h, w])",
      ["p5", "p4.conv", "p3.conv", "out3", "out4"],
    ],
  ] as const)("%s: %s", (file, block, header, result, expected) => {
    const text = readFileSync(`test/fixtures/samples/${file}.fuse`, "utf8");
    const inputs = [...header.matchAll(/(\w+): \[/g)].map(([, name]) => name).join(", ");
    const program = programOf(`${text}\nmodel Probe(${header}) -> ${result} { return ${block}(${inputs}) @probe }\n`);
    const found = owners(program, "Probe").map((path) => path.replace(/^probe\./, ""));
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it.each([
    ["concat", "conv", ["conv", "bn"]],
    ["add", "linear", ["linear"]],
    ["mul", "se", ["se.fc1", "se.fc2", "conv"]],
    ["concat", "none", []],
  ])("FuseReduce by %s, reduced by %s", (by, reduce, expected) => {
    const text = readFileSync("test/fixtures/samples/fuse-reduce.fuse", "utf8");
    const width = reduce === "none" ? "32" : "256";
    const header = "a: [n, c: 16, h, w], b: [n, c: 16, h, w]";
    const call = `FuseReduce(a, b, by: ${by}, reduce: ${reduce}) @probe`;
    const program = programOf(`${text}\nmodel Probe(${header}) -> [n, c: ${width}, h, w] { return ${call} }\n`);
    expect(
      owners(program, "Probe")
        .map((path) => path.replace(/^probe\./, ""))
        .sort(),
    ).toEqual([...expected].sort());
  });
});
