/** @file `fuse check --watch`: every way in which a file changes, and how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { watchAll } from "../../src/cli/commands/check.ts";
import { fuse } from "../support/command-line.ts";
import { installCommand, root } from "../support/transcript.ts";

const right = "fuse 1\n\nblock Main(x: [n, c]) -> [n, c] {\n  return relu(x)\n}\n";
const wrong = right.replace("relu", "rleu");
const importing =
  'fuse 1\nimport { Main } from "./part.fuse"\n\nblock Outer(x: [n, c]) -> [n, c] {\n  return Main(x)\n}\n';

let folder: string;
let written: string;
let stop: AbortController;
let ended: Promise<void>;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-watch-"));
  written = "";
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string, interactive = false): void {
  const add = (text: string) => void (written += `${text}\n`);
  const terminal = { out: add, err: add, interactive, color: false, columns: 100 };
  ended = watchAll([at(name)], {}, terminal, stop.signal);
}

/** Waits until the output has a text since the last call, and returns what was written since then. */
async function until(text: string): Promise<string> {
  await expect.poll(() => written, { timeout: 10_000, interval: 20 }).toContain(text);
  const found = written;
  written = "";
  return found;
}

const idle = () => new Promise((resolve) => setTimeout(resolve, 700));

test("checks again when a file changes, and says what it watches", async () => {
  writeFileSync(at("main.fuse"), right);
  start("main.fuse");
  expect(await until("watching 1 file; Ctrl-C ends")).toContain("main.fuse: 1 block, 1 variant");
  writeFileSync(at("main.fuse"), wrong);
  expect(await until("watching")).toMatch(/main\.fuse changed[^]*did you mean {4}relu/);
  writeFileSync(at("main.fuse"), right);
  expect(await until("watching")).toContain("1 block, 1 variant");
  await idle();
  expect(written).toBe("");
});

test("several quick changes cause one check", async () => {
  writeFileSync(at("main.fuse"), right);
  start("main.fuse");
  await until("watching");
  for (let i = 0; i < 20; i++) {
    writeFileSync(at("main.fuse"), i % 2 === 0 ? wrong : right);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await until("watching");
  await idle();
  expect(written).toBe("");
});

test("a file may be deleted, created again, and replaced by another", async () => {
  writeFileSync(at("main.fuse"), right);
  start("main.fuse");
  await until("watching");
  rmSync(at("main.fuse"));
  expect(await until("watching")).toContain("unreadable-file");
  writeFileSync(at("main.fuse"), wrong);
  expect(await until("watching")).toContain("unknown-operator");
  writeFileSync(at("main.fuse~"), right);
  renameSync(at("main.fuse~"), at("main.fuse"));
  expect(await until("watching")).toContain("1 block, 1 variant");
});

test("imported files are watched, and those that are missing", async () => {
  writeFileSync(at("main.fuse"), importing);
  start("main.fuse");
  expect(await until("watching 2 files")).toContain("unknown-module");
  writeFileSync(at("part.fuse"), right);
  expect(await until("watching 2 files")).toMatch(/part\.fuse changed[^]*1 block, 1 variant/);
  writeFileSync(at("part.fuse"), wrong);
  expect(await until("watching 2 files")).toContain("unknown-operator");
  writeFileSync(at("main.fuse"), right);
  expect(await until("watching 1 file")).toContain("1 block, 1 variant");
});

test("a folder may be replaced", async () => {
  mkdirSync(at("sub"));
  writeFileSync(at("sub/main.fuse"), right);
  start("sub/main.fuse");
  await until("watching");
  renameSync(at("sub"), at("old"));
  expect(await until("watching")).toContain("unreadable-file");
  mkdirSync(at("sub"));
  writeFileSync(at("sub/main.fuse"), right);
  expect(await until("watching")).toContain("1 block, 1 variant");
});

test("only a terminal is cleared", async () => {
  writeFileSync(at("main.fuse"), right);
  start("main.fuse");
  expect(await until("watching")).not.toContain("\u001b");
  stop.abort();
  await ended;
  stop = new AbortController();
  start("main.fuse", true);
  expect(await until("watching")).toContain("\u001b[2J");
});

test.each([["--fix"], ["--json"]])("%s is refused", async (option) => {
  ended = Promise.resolve();
  writeFileSync(at("main.fuse"), right);
  const { code, err } = await fuse(folder, ["check", "main.fuse", "--watch", option]);
  expect([code, err]).toEqual([2, `fuse: --watch and ${option} exclude each other\n`]);
});

const tools = mkdtempSync(join(tmpdir(), "fuse-watch-command-"));
beforeAll(() => {
  installCommand(tools);
}, 300_000);
afterAll(() => {
  rmSync(tools, { recursive: true, force: true });
});

test("Ctrl-C ends it", async () => {
  ended = Promise.resolve();
  writeFileSync(at("main.fuse"), right);
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), "check", "--watch", at("main.fuse")]);
  child.stderr.on("data", (data: Buffer) => void (written += data.toString()));
  await until("watching");
  child.kill("SIGINT");
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  // A shell reports the signal as 130.
  expect([code, signal]).toEqual([null, "SIGINT"]);
});
