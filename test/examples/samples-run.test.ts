/** @file The sample programs of the language, as one-line models, on every backend against the interpreter. */
import { readFileSync } from "node:fs";
import { seeded } from "../support/arrays.ts";
import { describeCases, graphOf, prepareCase } from "../support/compare.ts";
import { randomShapes } from "../support/shapes.ts";

const models: readonly (readonly [file: string, header: string, result: string, call: string])[] = [
  ["attention", "x: [n, c: 32, h, w]", "[n, c: 32, h, w]", "SE(x, r: 4) @m"],
  ["attention", "x: [n, h, w, c: 16]", "[n, h, w, c: 16]", "CBAM(x, r: 4) @m"],
  ["attention", "x: [n, c: 16, h, w]", "[n, c: 16, h, w]", "CBAM(x, r: 2, kernel: 3) @m"],
  ["attention", "x: [n, c: 16, h, w]", "[n, c: 16, h, w]", "BAM(x, r: 4) @m"],
  [
    "classifier",
    "x: [n, c: 8, h, w]",
    "[n, c: 16, h: ceil(h / 2), w: ceil(w / 2)]",
    "Bottleneck(x, out: 16, stride: 2) @m",
  ],
  ["classifier", "x: [n, c: 16, h, w]", "[n, c: 16, h, w]", "Bottleneck(x, out: 16) @m"],
  ["attention-pool", "x: [n, t, d: 16]", "[n, m: 4, d: 16]", "AttentionPool(x, heads: 4) @m"],
  [
    "fpn",
    "c3: [n, c: 4, h: 4*h, w: 4*w], c4: [n, c: 6, h: 2*h, w: 2*w], c5: [n, c: 8, h, w]",
    "(p3: [n, c: 5, h: 4*h, w: 4*w], p4: [n, c: 5, h: 2*h, w: 2*w], p5: [n, c: 5, h, w])",
    "FPN(c3, c4, c5, width: 5) @m",
  ],
  ["autoencoders", "x: [n, c: 12]", "(code: [n, z: 3], recon: [n, c: 12])", "Autoencoder(x, z: 3) @m"],
  [
    "autoencoders",
    "x: [n, c: 3, h: 4*p, w: 4*q]",
    "(code: [n, c: 6, h: p, w: q], recon: [n, c: 3, h: 4*p, w: 4*q])",
    "ConvAE(x, width: 6) @m",
  ],
  ["fuse-reduce", "a: [n, c: 8, h, w], b: [n, c: 8, h, w]", "[n, c: 6, h, w]", "FuseReduce(a, b, width: 6) @m"],
  [
    "fuse-reduce",
    "a: [n, c: 8, h, w], b: [n, c: 8, h, w]",
    "[n, c: 6, h, w]",
    "FuseReduce(a, b, by: mul, reduce: se, width: 6) @m",
  ],
];

const cases = models.map(([file, header, result, call], i) => {
  const text = readFileSync(`test/fixtures/samples/${file}.fuse`, "utf8");
  const graph = graphOf(`${text}\nmodel Probe(${header}) -> ${result} { return ${call} }\n`, {}, "Probe");
  return prepareCase(`${call} of ${header}`, graph, randomShapes(graph.guard, seeded(i), 3, 6), i);
});

describeCases(cases);
