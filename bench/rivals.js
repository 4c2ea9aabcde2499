/** @file Engines for browsers to compare with, which only the benchmarks need: installed from npm into a cache folder. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { npm, root } from "../scripts/run.js";

const packages = { "@litertjs/core": "2.5.3", "onnxruntime-web": "1.30.0" };

/** Where the packages are. */
export const rivals = path.join(root, ".cache", "bench");

/** Installs them if they are missing. */
export async function installRivals() {
  const modules = path.join(rivals, "node_modules");
  if (Object.keys(packages).every((name) => existsSync(path.join(modules, name)))) return;
  mkdirSync(rivals, { recursive: true });
  writeFileSync(path.join(rivals, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: rivals });
}

/** Returns ONNX Runtime's build for browsers, with one thread. */
export async function onnxRuntimeWeb() {
  await installRivals();
  const file = path.join(rivals, "node_modules", "onnxruntime-web", "dist", "ort.node.min.mjs");
  const { default: web } = await import(pathToFileURL(file).href);
  web.env.wasm.numThreads = 1;
  web.env.logLevel = "error";
  return web;
}
