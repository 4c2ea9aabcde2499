/**
 * @file Sets up a clone: packages, native backend, dist/, for CI also a browser. Idempotent, and silent when everything is up to
 * date.
 *
 * FUSE_NATIVE=require makes a missing native backend an error; FUSE_NATIVE=skip skips it. FUSE_BROWSER=require installs Chromium.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { installBrowser } from "./browser.js";
import { build, isBuilt } from "./build.js";
import { locked } from "./lock.js";
import { prepareNative } from "./native.js";
import { npm, root } from "./run.js";

const say = (text) => console.log(`setup: ${text}`);

/**
 * Whether node_modules matches package-lock.json. npm records what it installed in a lock file inside node_modules. Optional
 * packages may be missing from it, because most are for other platforms.
 */
function isInstalled() {
  const packages = (file) => JSON.parse(readFileSync(path.join(root, file), "utf8")).packages;
  try {
    const installed = packages("node_modules/.package-lock.json");
    return Object.entries(packages("package-lock.json")).every(([place, wanted]) => {
      if (place === "") return true;
      const found = installed[place];
      if (found === undefined) return wanted.optional === true;
      return (
        found.version === wanted.version && found.integrity === wanted.integrity && existsSync(path.join(root, place))
      );
    });
  } catch {
    return false;
  }
}

async function install() {
  say("installing packages (npm ci)");
  try {
    await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  } catch (error) {
    throw new Error(`npm ci failed:\n${error.stderr || error.message}`, { cause: error });
  }
}

async function setUp(mode, browser) {
  if (!isInstalled()) await install();
  if (browser === "require") await installBrowser(say);
  if (mode !== "skip") {
    const native = await prepareNative({ again: mode === "require", say });
    const failure = native.ready ? "" : `no native backend: ${native.reason}`;
    if (failure !== "" && mode === "require") throw new Error(failure);
    if (failure !== "" && !native.known)
      say(`${failure}. Everything works without it, on wasm; to retry: node scripts/native.js`);
  }
  if (!isBuilt()) {
    say("compiling src/ to dist/");
    await build();
  }
}

try {
  const mode = process.env.FUSE_NATIVE ?? "";
  if (!["", "require", "skip"].includes(mode))
    throw new Error(`FUSE_NATIVE is "${mode}", but must be "require" or "skip"`);
  const browser = process.env.FUSE_BROWSER ?? "";
  if (!["", "require"].includes(browser)) throw new Error(`FUSE_BROWSER is "${browser}", but must be "require"`);
  const lock = path.join(root, ".cache", "setup.lock");
  await locked(
    lock,
    () => setUp(mode, browser),
    () => say(`waiting for another setup, which holds ${lock}`),
  );
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
