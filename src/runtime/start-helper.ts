/** @file Starts workers in a page. */
import type { HelperData } from "./wasm/helper.ts";
import type { Threads, ThreadsHere } from "./threads.ts";
import type { Helper } from "./wasm/team.ts";

/** Starts a worker that calls a function, which is given as text, with data. */
export async function startHelper(text: string, data: HelperData): Promise<Helper> {
  const script = `onmessage = ({ data }) => { postMessage("ready"); (${text})(data); };`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    const worker = new Worker(url);
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = ({ message = "" }) =>
        reject(new Error(message === "" ? "the page's Content-Security-Policy must allow worker-src blob:" : message));
      worker.postMessage(data);
    });
    return { terminate: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** What a page tells, and what old browsers do not. */
interface PageGlobals {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly SharedArrayBuffer?: unknown;
}

/** What this page allows. */
export function threadsHere(): ThreadsHere & Pick<Threads, "start"> {
  const { crossOriginIsolated, navigator, SharedArrayBuffer }: PageGlobals = globalThis;
  const obstacle =
    crossOriginIsolated === true && SharedArrayBuffer !== undefined
      ? undefined
      : "threads share memory, which needs a page with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  return { processors: navigator?.hardwareConcurrency ?? 1, obstacle, start: startHelper };
}
