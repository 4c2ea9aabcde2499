/** @file Measures the size of the generated module of examples/background-blur. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildModule, buildPlans, openProgram } from "../dist/index.js";
import { format } from "./measure.js";

const path = "examples/background-blur/background-blur.fuse";

export async function size() {
  const program = openProgram(path, readFileSync(path, "utf8"), { read: () => undefined });
  const rows = buildModule(program, buildPlans(program).value).map(({ path, text }) => [
    path,
    `${format(Buffer.byteLength(text) / 1024, 1)} KiB`,
    `${format(gzipSync(text).length / 1024, 1)} KiB gzipped`,
  ]);
  return { title: "The generated module, both models", rows };
}
