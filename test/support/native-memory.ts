/**
 * @file Prints the memory that examples/background-blur holds after many runs, as a session, in its own process.
 *
 * First with tensors, then with arrays. Needs `--expose-gc`. Arguments: the two numbers of runs to measure after.
 */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { buildGraphs } from "../../src/graphs.ts";
import { alignedArray, selectBackend } from "../../src/runtime/node/index.ts";
import { programOf } from "./check.ts";
import { held, sessionModel } from "./native.ts";

const [some, all] = process.argv.slice(2).map(Number);
const folder = "examples/background-blur";
const path = `${folder}/background-blur.fuse`;

/** Returns the median of several readings, in bytes. */
async function residentMemory(): Promise<number> {
  const readings: number[] = [];
  for (let i = 0; i < 9; i++) {
    (globalThis as unknown as { gc: () => void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
    readings.push(process.memoryUsage.rss());
  }
  return readings.sort((a, b) => a - b)[4]!;
}

await selectBackend("tensorflow");
const { value: graphs } = buildGraphs(programOf(readFileSync(path, "utf8"), {}, path), { model: "Selfie" });
const before = held();
const selfie = await (
  await sessionModel(graphs![0]!)
).load(`${folder}/background-blur.safetensors`, { prefix: "network" });
const shape = [1, 256, 256, 3];
const x = tf.zeros(shape);
const data = alignedArray("f32", shape);
const out = alignedArray("f32", [1, 256, 256, 1]);
const runs = {
  run: () => tf.dispose(selfie.run({ x })),
  runArrays: () => selfie.runArrays({ x: { shape, data } }, { mask: out }),
};
const after: Record<string, object[]> = { run: [], runArrays: [] };
for (const [name, run] of Object.entries(runs))
  for (let count = 1; count <= all!; count++) {
    await run();
    if (count === some || count === all) after[name]!.push({ ...held(), resident: await residentMemory() });
  }
const { engine } = selfie;
x.dispose();
selfie.dispose();
process.stdout.write(JSON.stringify({ engine, before, after, end: held() }));
