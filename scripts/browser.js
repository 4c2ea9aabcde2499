/**
 * @file The browser of the tests that need WebGL and WebGPU: Debian's Chromium, which computes both without a graphics card.
 *
 * FUSE_BROWSER=require makes a missing Chromium an error, after an attempt to install it, which needs root. Otherwise, tests that
 * need it are skipped where it is missing. FUSE_CHROMIUM is the path of another one.
 */
import { existsSync } from "node:fs";
import { complaint, run } from "./run.js";

export const executable = process.env.FUSE_CHROMIUM ?? "/usr/bin/chromium";

/** Installs Chromium if it is missing. */
export async function installBrowser(say) {
  if (existsSync(executable)) return;
  say("installing chromium (apt-get)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { env });
  } catch (error) {
    throw new Error(`no Chromium: ${complaint(error)}`, { cause: error });
  }
  if (!existsSync(executable)) throw new Error(`no Chromium at ${executable}`);
}
