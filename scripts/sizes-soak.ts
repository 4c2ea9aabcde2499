/** @file Tests many random pairs of sizes, with new seeds each time: `node --import ./scripts/typescript-hooks.js scripts/sizes-soak.ts 100000 [SEED]`. */
import { makeCase } from "../test/properties/size-cases.ts";
import { check } from "../test/properties/size-check.ts";

const pairs = Number(process.argv[2] ?? 10_000);
const first = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seeds ${first} to ${first + pairs - 1}`);
const counts = new Map<string, number>();
let witnesses = 0;
let wrong = 0;
let slowest = { ms: 0, seed: first };
const start = performance.now();
for (let seed = first; seed < first + pairs; seed++) {
  const before = performance.now();
  try {
    const report = check(makeCase(seed), seed);
    witnesses += report.witnesses;
    const key = report.outcome + (report.outcome === "unknown" && !report.hasExample ? " without example" : "");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  } catch (error) {
    wrong += 1;
    console.log(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n`);
    if (wrong === 10) break;
  }
  const ms = performance.now() - before;
  if (ms > slowest.ms) slowest = { ms, seed };
}
for (const [outcome, n] of [...counts].sort((x, y) => y[1] - x[1])) console.log(`${outcome.padEnd(24)} ${n}`);
console.log(
  `${wrong} wrong; ${witnesses} assignments; ${((performance.now() - start) / pairs).toFixed(2)} ms per pair; slowest ${slowest.ms.toFixed(0)} ms, seed ${slowest.seed}`,
);
process.exitCode = wrong > 0 ? 1 : 0;
