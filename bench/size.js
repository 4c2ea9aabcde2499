/** @file Measures the size of the generated module of examples/background-blur. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, buildPlans, openProgram } from "../dist/index.js";
import { format } from "./measure.js";

const path = "examples/background-blur/background-blur.fuse";

export async function size() {
  const program = openProgram(path, readFileSync(path, "utf8"), { read: () => undefined });
  const rows = build(program, "esm", buildPlans(program).value).value.map(({ path, bytes }) => [
    path,
    `${format(bytes.length / 1024, 1)} KiB`,
    `${format(gzipSync(bytes).length / 1024, 1)} KiB gzipped`,
  ]);
  return { title: "The generated module, both models", rows };
}
