/** @file TensorFlow for Python, which is installed from PyPI into a cache folder, once per machine. */
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { inTemporaryFolder, replaceFolder, run } from "./run.js";

export const python = "python3";
const caches = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "fuse-lang");

/** Returns the folder with the packages for the local Python, after installing them atomically if needed. */
export async function tensorflowPackages() {
  const version = (await run(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])).trim();
  const [, minor] = version.split(".").map(Number);
  // The release that tfjs-node uses, if it supports this Python.
  const wanted = minor >= 9 && minor <= 11 ? "tensorflow-cpu==2.15.1" : "tensorflow-cpu>=2.16";
  const place = path.join(caches, `python-${version}-${wanted.replace(/[=>]+/, "-")}`);
  if (fs.existsSync(place)) return place;
  console.log(`installing ${wanted} (downloads 400 MB, once per machine)`);
  await inTemporaryFolder(caches, async (temporary) => {
    const ready = path.join(temporary, "ready");
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "2"];
    const args = ["-m", "pip", "install", ...quiet, "--only-binary=:all:", "--target", ready, wanted];
    await run(python, args, { env: { ...process.env, TMPDIR: temporary } });
    replaceFolder(ready, place, temporary);
  });
  return place;
}
