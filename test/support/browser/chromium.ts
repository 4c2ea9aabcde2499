/** @file Starts Chromium, and a page in it that runs modules on one backend. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { emitFactory } from "../../../src/codegen/esm/emit.ts";
import type { Backend } from "../../../src/contract/backends.ts";
import type { NdArray } from "../../../src/contract/ndarray.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import type { Arrays } from "../interpret.ts";
import { info } from "../run.ts";
import { received, sent, type Answer, type Page, type SentArrays, type SentModel } from "./messages.ts";

/** Debian's package `chromium` installs it here. */
const executable = process.env["FUSE_CHROMIUM"] ?? "/usr/bin/chromium";

/** Why Chromium is missing; undefined if it is there. */
export const absence = existsSync(executable)
  ? undefined
  : `there is no ${executable} (Debian: apt-get install chromium)`;

/** Whether the tests that need Chromium are reported as skipped. FUSE_BROWSER=require requires it. */
export const isSkipped = absence !== undefined && process.env["FUSE_BROWSER"] !== "require";

/** WebGL and WebGPU without a graphics card. The rest keeps Chromium from asking Google's servers for anything. */
const flags = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A backend of a browser, ready to run modules. */
export interface BrowserBackend {
  /** Runs a model on each of the inputs. Throws if anything goes wrong: also what tfjs ignores, and a leak. */
  runAll(plan: Plan, runs: readonly Arrays[], weights: Arrays): Promise<Record<string, NdArray>[]>;
  /** Evaluates expressions over `tf` and operands called `x0`, `x1` and so on. Returns what goes wrong as a text. */
  evaluate(
    expressions: readonly { readonly text: string; readonly operands: readonly NdArray[] }[],
  ): Promise<readonly (NdArray | string)[]>;
  /** Returns what a model reports in `debug` mode. */
  debugAll(plan: Plan, runs: readonly Arrays[], weights: Arrays): Promise<readonly string[]>;
  close(): Promise<void>;
}

declare const fuse: Page;

const origin = "http://localhost";

/** Opens a browser with one page. Its first answer takes about two seconds. */
export async function openBrowser(backend: Backend): Promise<BrowserBackend> {
  if (absence !== undefined) throw new Error(absence);
  const script = await pageScript();
  const browser = await chromium.launch({ executablePath: executable, args: flags });
  try {
    const page = await browser.newPage();
    // Nothing listens there, but WebGPU needs such an origin.
    await page.route("**/*", (route) =>
      route.request().url() === `${origin}/`
        ? route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Fuse</title>" })
        : route.abort(),
    );
    await page.goto(`${origin}/`);
    await page.addScriptTag({ content: script, type: "module" });
    await page.waitForFunction(() => "fuse" in globalThis);
    await page.evaluate((name) => fuse.start(name), backend);
    const model = (plan: Plan, runs: readonly Arrays[], weights: Arrays): SentModel => ({
      text: emitFactory([plan], info),
      model: plan.graph.name,
      weights: allSent(weights),
      runs: runs.map(allSent),
    });
    return {
      runAll: async (...given) => {
        const answer: Answer<SentArrays> = await page.evaluate((sent) => fuse.runModel(sent), model(...given));
        if ("failure" in answer) throw new Error(answer.failure);
        return answer.results.map(allReceived);
      },
      evaluate: async (expressions) => {
        const all = expressions.map(({ text, operands }) => ({ text, operands: operands.map(sent) }));
        const answers = await page.evaluate((sent) => fuse.evaluate(sent), all);
        return answers.map((answer) => ("failure" in answer ? answer.failure : received(answer.results[0]!)));
      },
      debugAll: (...given) => page.evaluate((sent) => fuse.debugModel(sent), model(...given)),
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

const allSent = (arrays: Arrays): SentArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, sent(array)]));

const allReceived = (arrays: SentArrays): Record<string, NdArray> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, received(array)]));

/** The page, the runtime and TensorFlow.js as one script. */
async function pageScript(): Promise<string> {
  const bundled = await rolldown({ input: "test/support/browser/page.ts", platform: "browser", logLevel: "silent" });
  const { output } = await bundled.generate({ format: "esm", codeSplitting: false });
  await bundled.close();
  return output[0].code;
}
