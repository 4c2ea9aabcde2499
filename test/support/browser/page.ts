/** @file The page: runs modules on a backend in the browser. Bundled for Chromium by `chromium.ts`. */
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgl";
import * as tf from "@tensorflow/tfjs-core";
import { elements } from "../../../src/contract/ndarray.ts";
import { instantiate, model } from "../../../src/runtime/index.ts";
import { dtypeNamed, received, sent, type Answer, type Page, type SentArray, type SentArrays } from "./messages.ts";
import { upload } from "../tensors.ts";

// Checks every kernel for leaks, and suppresses advice to users.
tf.env().set("IS_TEST", true);
// Small tensors would be computed by the kernels of cpu.
for (const flag of ["WEBGL_CPU_FORWARD", "WEBGPU_CPU_FORWARD"]) tf.env().set(flag, false);

/** What the device reported since it was last asked. tfjs ignores it: results are then what the memory held before. */
const errors: string[] = [];

async function start(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
  const started = tf.backend();
  if (!(started instanceof WebGPUBackend)) return;
  started.device.addEventListener("uncapturederror", (event) => {
    if (event instanceof GPUUncapturedErrorEvent) errors.push(event.error.message);
  });
}

/** Calls a function. Turns whatever goes wrong into an answer, and leaves the device ready for the next call. */
async function answered<T>(compute: () => Promise<T[]>): Promise<Answer<T>> {
  const before = tf.memory().numTensors;
  const failures: string[] = [];
  let results: readonly T[] = [];
  try {
    results = await compute();
  } catch (error) {
    failures.push(String(error));
  }
  const leaked = tf.memory().numTensors - before;
  if (leaked !== 0 && failures.length === 0) failures.push(`leaks ${leaked} tensors`);
  const backend = tf.backend();
  if (backend instanceof WebGPUBackend) {
    // An invalid command also drops those submitted with it, even the next model's. Reading submits all of them.
    const last = tf.add(1, 1);
    await last.data();
    last.dispose();
    await backend.device.queue.onSubmittedWorkDone();
  }
  failures.push(...errors.splice(0));
  return failures.length === 0 ? { results } : { failure: failures.join("; ") };
}

async function download(tensor: tf.Tensor): Promise<SentArray> {
  const data = await tensor.data();
  const dtype = dtypeNamed(tensor.dtype);
  if (dtype === undefined || data.length !== elements(tensor.shape))
    throw new Error(`not a sound tensor: ${tensor.dtype}[${tensor.shape.join(", ")}] of ${data.length} elements`);
  return sent({ dtype, shape: tensor.shape, data });
}

const arrays = (sent: SentArrays) => Object.entries(sent).map(([name, array]) => [name, received(array)] as const);

const page: Page = {
  start,
  runModel: ({ text, model: name, weights, runs }) =>
    answered(async () => {
      const loaded = await (
        await instantiate(text, "net.fuse.js", model)
      )[name]!.load(Object.fromEntries(arrays(weights)));
      try {
        const found: SentArrays[] = [];
        for (const run of runs) {
          const inputs = Object.fromEntries(arrays(run).map(([name, array]) => [name, upload(array)]));
          const results = tf.tidy(() => loaded.run(inputs));
          const made: [string, SentArray][] = [];
          for (const [name, tensor] of Object.entries(results)) made.push([name, await download(tensor)]);
          found.push(Object.fromEntries(made));
          tf.dispose([inputs, results]);
        }
        return found;
      } finally {
        loaded.dispose();
      }
    }),
  evaluate: async (sent) => {
    const found: Answer<SentArray>[] = [];
    for (const { text, operands } of sent)
      found.push(
        await answered(async () => {
          const names = operands.map((_, i) => `x${i}`);
          // This tests exactly the code that Fuse prints.
          // eslint-disable-next-line @typescript-eslint/no-implied-eval
          const compute = new Function("tf", ...names, `return ${text}`) as (...of: unknown[]) => tf.Tensor;
          const inputs = operands.map((operand) => upload(received(operand)));
          const result = compute(tf, ...inputs);
          const array = await download(result);
          tf.dispose([inputs, result]);
          return [array];
        }),
      );
    return found;
  },
  debugModel: async ({ text, model: name, weights, runs }) => {
    const reports: string[] = [];
    const loaded = await (
      await instantiate(text, "net.fuse.js", model)
    )[name]!.load(Object.fromEntries(arrays(weights)), { debug: (message) => reports.push(message) });
    for (const run of runs) {
      const inputs = Object.fromEntries(arrays(run).map(([name, array]) => [name, upload(array)]));
      const results = loaded.run(inputs);
      for (const tensor of Object.values(results)) await tensor.data();
      tf.dispose([inputs, results]);
    }
    loaded.dispose();
    return reports;
  },
};

Object.assign(globalThis, { fuse: page });
