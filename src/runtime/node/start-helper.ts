/** @file Starts workers in Node. */
import { Worker } from "node:worker_threads";
import type { HelperData } from "../wasm/helper.ts";
import type { Helper } from "../wasm/team.ts";

/** Starts a worker that calls a function, which is given as text, with data. It keeps no process alive. */
export async function startHelper(text: string, data: HelperData): Promise<Helper> {
  const script = `const { parentPort, workerData } = require("node:worker_threads");
    parentPort.postMessage("ready");
    (${text})(workerData);`;
  const worker = new Worker(script, { eval: true, workerData: data, execArgv: [], stdin: false });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    // It stays to receive later errors, which would end the process otherwise.
    worker.on("error", reject);
    worker.once("exit", (code) => reject(new Error(`it ended with code ${code}`)));
  });
  worker.unref();
  return { terminate: () => void worker.terminate() };
}
