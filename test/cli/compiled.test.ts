/** @file `fuse summary --engine wasm`: what runs as WebAssembly, step by step, or why it cannot. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuse } from "../support/command-line.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-compiled-"));
  writeFileSync(
    join(folder, "net.fuse"),
    "fuse 1\nmodel Net(x: [n, h, w, c: 4]) -> (y: [n, h, w, c: 8]) {\n  return x |> conv(c: 8) @conv |> relu\n}\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

test("lists the functions of a run", async () => {
  const { code, out, err } = await fuse(folder, ["summary", "net.fuse", "--engine", "wasm", "--at", "n=1,h=8,w=8"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^model Net as WebAssembly, at n=1,h=8,w=8\n/);
  expect(out).toMatch(/conv2d \+ unary +\d+\n/);
  expect(out).toMatch(/\nmemory +2\.\d KiB, plus \d+ B of weights\n/);
});

test("says why a model runs as calls", async () => {
  const { code, out } = await fuse(folder, ["summary", "net.fuse", "--engine", "wasm", "--at", "n=8,h=8192,w=2048"]);
  expect(code).toBe(0);
  expect(out).toBe(
    "model Net as WebAssembly, at n=8,h=8192,w=2048: it runs as calls, because the result of conv2d has 1,073,741,824 elements, more than 536,870,912\n",
  );
});

test("goes with neither --optimized nor --variants", async () => {
  const { code, err } = await fuse(folder, ["summary", "net.fuse", "--engine", "wasm", "--variants"]);
  expect([code, err]).toEqual([2, "fuse: --engine excludes --optimized and --variants\n"]);
});
