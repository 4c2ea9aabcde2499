/** @file Benchmarks the compiler on ResNet-50: checking all variants, and checking and building. */
import { readFileSync } from "node:fs";
import { build, buildPlans, openProgram } from "../dist/index.js";
import { format, median } from "./measure.js";

const path = "test/fixtures/samples/classifier.fuse";

export async function compile() {
  const text = readFileSync(path, "utf8");
  const host = { read: () => undefined };
  const check = () => openProgram(path, text, host).check();
  const checkAndBuild = () => {
    const program = openProgram(path, text, host);
    build(program, "esm", buildPlans(program).value);
  };
  const rows = [];
  for (const [name, run] of Object.entries({ check, "check and build": checkAndBuild })) {
    const times = [];
    for (let round = -10; round < 20; round++) {
      const start = performance.now();
      run();
      if (round >= 0) times.push(performance.now() - start);
    }
    rows.push([`ResNet-50 (${path}), ${name}`, `${format(median(times), 1)} ms`, "goal: below 100 ms"]);
  }
  return { title: "The compiler, after warm-up", rows };
}
