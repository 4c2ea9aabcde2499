import { test } from "vitest";
import { readFileSync, writeFileSync } from "node:fs";
import { buildGraphs } from "../../src/compile.ts";
import { programOf } from "../support/check.ts";
import { lower } from "../../src/plan/lower.ts";
import { absorbEpilogues } from "../../src/plan/epilogues.ts";
import { schedule } from "../../src/plan/schedule.ts";
import { plan } from "../../src/plan/plan.ts";
import { emitEsm } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/plan/profile.ts";
test("x", () => {
  const text = readFileSync("examples/background-blur/background-blur.fuse", "utf8");
  for (let k = 0; k < 4; k++) {
  const g = buildGraphs(programOf(text, {}, "b.fuse"), {}).value!;
  for (const graph of g) {
    const t0 = performance.now();
    const l = lower(graph, esmProfile());
    const t1 = performance.now();
    const e = absorbEpilogues(l.results, l.builder, esmProfile());
    const t2 = performance.now();
    schedule(e, l.builder);
    const t3 = performance.now();
    const p = plan(graph, esmProfile());
    const t4 = performance.now();
    emitEsm([p], { source: "a", hash: "b", version: "1" });
    console.log(graph.name, "lower", (t1 - t0).toFixed(1), "epi", (t2 - t1).toFixed(1), "sched", (t3 - t2).toFixed(1), "plan", (t4 - t3).toFixed(1), "emit", (performance.now() - t4).toFixed(1));
  }
  }
});
