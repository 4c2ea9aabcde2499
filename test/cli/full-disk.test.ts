/** @file The command when its output cannot be written. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

test.skipIf(!existsSync("/dev/full")).each(["explain", "--help"])("fuse %s > /dev/full is one line", (command) => {
  const { status, stderr } = spawnSync("sh", ["-c", `"$0" "$1" ${command} > /dev/full`, process.execPath, main], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([1, "fuse: cannot write the output: the disk is full\n"]);
});
