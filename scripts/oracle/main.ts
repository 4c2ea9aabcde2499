/**
 * @file Compares the optimizer with an exhaustive search on small random models: `npm run oracle [-- COUNT [SEED]]`. Reports
 * where the search finds a cheaper graph, which is a rewrite that the optimizer misses, and whether all results are equal.
 */
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Value } from "../../src/ir/graph.ts";
import { targets } from "../../src/codegen/targets.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import { nominalNumbers } from "../../src/plan/buffers.ts";
import { planCost } from "../../src/plan/cost.ts";
import { plan } from "../../src/plan/plan.ts";
import { modelOf } from "./models.ts";
import { printGraph, printMoves } from "./print.ts";
import { Saturation } from "./saturate.ts";
import { differenceOf, runAt } from "./verify.ts";

/** Sizes at which graphs are compared, and small ones at which they are run. */
const at = { n: 1, h: 64, w: 64, p: 16, q: 16, t: 196, s: 196 };
const small = { n: 2, h: 8, w: 8, p: 4, q: 4, t: 6, s: 5 };
const bounds = { graphs: 1000, ms: 5000 };
/** What a graph must save for the report: as much as a change of the optimizer. */
const margin = 0.97;

interface Gap {
  readonly seed: number;
  readonly saved: number;
  readonly moves: string;
}

const [count = 100, first = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);
const { profile } = targets["saved-model"];
const gaps: Gap[] = [];
const counts = { models: 0, changed: 0, complete: 0, graphs: 0, wrong: 0 };
const started = performance.now();
console.log(`from seed ${first}`);

const withResults = (graph: ModelGraph, results: readonly Value[]): ModelGraph => ({
  ...graph,
  results: graph.results.map((result, i) => ({ ...result, value: results[i]! })),
});
const us = (picoseconds: number) => `${(picoseconds / 1e6).toFixed(0)} µs`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

for (let seed = first; counts.models < count; seed++) {
  const model = modelOf(seed);
  if (model === undefined) continue;
  counts.models++;
  const { graph, text } = model;
  const { graph: optimized, changes } = optimize(graph, profile, { at });
  const saturation = new Saturation(graph, profile, at);
  const resultsOf = (of: ModelGraph) => of.results.map(({ value }) => value);
  const fromSource = saturation.from(resultsOf(graph), bounds);
  const fromOptimized = saturation.from(resultsOf(optimized), bounds);
  const cost = saturation.cost(resultsOf(optimized));
  const found = fromSource.best.cost <= fromOptimized.best.cost ? fromSource : fromOptimized;
  if (changes.length > 0) counts.changed++;
  if (fromSource.isComplete) counts.complete++;
  counts.graphs += fromSource.graphs + fromOptimized.graphs;
  const best = withResults(graph, found.best.results);
  const want = runAt(small, seed, graph);
  for (const [what, other] of [
    ["optimized", optimized],
    ["saturated", best],
  ] as const) {
    const wrong = differenceOf(runAt(small, seed, other), want);
    if (wrong === undefined) continue;
    counts.wrong++;
    console.log(`\nseed ${seed}: the ${what} graph is wrong: ${wrong}\n${text}\n${printGraph(other)}`);
  }
  if (found.best.cost >= margin * cost) continue;
  const number = nominalNumbers(graph.builder.sizes, at);
  const planned = [graph, optimized, best].map((one) => us(planCost({ ...plan(one, profile), graph }, number)));
  const before = saturation.cost(resultsOf(graph));
  const start = found === fromOptimized ? "what the optimizer made" : "the program";
  const moves = printMoves(found.best.moves);
  const saved = 1 - found.best.cost / cost;
  gaps.push({ seed, saved, moves });
  console.log(
    [
      `\nseed ${seed}: ${percent(saved)} cheaper`,
      text,
      `written ${us(before)}, optimized ${us(cost)}, found ${us(found.best.cost)}; as plans ${planned.join(", ")}`,
      `optimized, apart from what both have:\n${printGraph(optimized, best)}`,
      `found:\n${printGraph(best, optimized)}`,
      `from ${start}, by ${moves}`,
    ].join("\n"),
  );
}

console.log("");
for (const { seed, saved, moves } of gaps.toSorted((a, b) => b.saved - a.saved))
  console.log(`${percent(saved).padStart(7)}  seed ${seed}: ${moves}`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `\n${counts.models} models in ${seconds} s: ${counts.changed} changed, ${counts.complete} searched completely`,
);
console.log(`${counts.graphs} graphs; ${gaps.length} gaps; ${counts.wrong} wrong`);
process.exitCode = counts.wrong > 0 ? 1 : 0;
