/** @file Fuzzes the whole compiler with random programs until stopped or ten failures: `npm run fuzz [-- COUNT [SEED]]`. */
import { fuzz, makeFuzzCase } from "../test/properties/fuzz.ts";

const count = Number(process.argv[2] ?? Infinity);
const first = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`from seed ${first}`);
const kinds = new Map<string, { cases: number; built: number }>();
const codes = new Map<string, number>();
let wrong = 0;
let slowest = { ms: 0, seed: first };
let seed = first;
let stopped = false;
process.on("SIGINT", () => (stopped = true));

for (; seed < first + count && !stopped && wrong < 10; seed++) {
  const before = performance.now();
  const { kind, text } = makeFuzzCase(seed);
  const sum = kinds.get(kind) ?? { cases: 0, built: 0 };
  kinds.set(kind, sum);
  sum.cases++;
  try {
    const report = fuzz(text);
    if (report.built) sum.built++;
    for (const code of report.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
  } catch (error) {
    wrong++;
    console.log(`\nseed ${seed} (${kind}): ${error instanceof Error ? error.stack : String(error)}\n${text}`);
  }
  const ms = performance.now() - before;
  if (ms > slowest.ms) slowest = { ms, seed };
  // Lets signals be handled.
  if (seed % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}

for (const [kind, { cases, built }] of kinds) console.log(`${kind.padEnd(16)} ${cases} programs, ${built} built`);
console.log(`${codes.size} kinds of messages; slowest ${slowest.ms.toFixed(0)} ms, seed ${slowest.seed}`);
console.log(`${wrong} wrong, seeds ${first} to ${seed - 1}`);
process.exitCode = wrong > 0 ? 1 : 0;
