/** @file The scripts that set up a clone: what they do and print, and that they are idempotent. */
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import ts from "typescript";
import { afterEach, describe, expect, test } from "vitest";
import { count } from "../support/closing-line.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

/** Creates a clone of a very small project with our scripts, and the compiler that they call. */
function clone(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fuse-clone-"));
  folders.push(folder);
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  fs.cpSync(path.join(root, "scripts"), path.join(folder, "scripts"), { recursive: true });
  for (const file of ["tsconfig.json", "tsconfig.build.json"])
    fs.copyFileSync(path.join(root, file), path.join(folder, file));
  write("package.json", '{ "type": "module" }');
  write("src/cli/main.ts", 'import { one } from "../one.ts";\nconsole.log(one);\n');
  write("src/one.ts", "export const one: number = 1;\n");
  write("library/fuse/empty.fuse", "fuse 1\n");
  write("package-lock.json", lock({ "node_modules/typescript": { version: "1.0.0" } }));
  write("node_modules/.package-lock.json", lock({ "node_modules/typescript": { version: "1.0.0" } }));
  write("node_modules/@tensorflow/tfjs-node/package.json", "{}");
  for (const name of ["typescript", "@types", "undici-types", "rolldown", "@rolldown", "@oxc-project"])
    fs.symlinkSync(path.join(root, "node_modules", name), path.join(folder, "node_modules", name));
  return folder;
}

const lock = (packages: object) => JSON.stringify({ packages: { "": {}, ...packages } });

/** Runs a script on a machine that has nothing but Node. */
async function run(folder: string, script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const nothing = {
    PATH: path.join(folder, "nothing"),
    XDG_CACHE_HOME: path.join(folder, "caches"),
    FUSE_NATIVE: "skip",
  };
  const child = spawn(process.execPath, [path.join(folder, "scripts", script), ...args], {
    env: { ...process.env, ...nothing, ...env },
  });
  let said = "";
  child.stdout.on("data", (text) => (said += String(text)));
  child.stderr.on("data", (text) => (said += String(text)));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, said };
}

describe("the library module", () => {
  test("matches library/", async () => {
    expect(await run(root, "library.js", ["--check"])).toEqual({ code: 0, said: "" });
  });

  test("holds any text unchanged, in a fixed order", async () => {
    const folder = clone();
    const text = "// `a` \\n ${b} \\${c} $$ é\n";
    fs.writeFileSync(path.join(folder, "library/fuse/b.fuse"), text.replace("\n", "\r\n"));
    fs.writeFileSync(path.join(folder, "library/fuse/a.fuse"), text);
    expect((await run(folder, "library.js", ["--check"])).code).toBe(1);
    await run(folder, "library.js");
    const source = fs.readFileSync(path.join(folder, "src/library.ts"), "utf8");
    const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
    fs.writeFileSync(path.join(folder, "library.mjs"), outputText);
    const { library } = (await import(path.join(folder, "library.mjs"))) as { library: Record<string, string> };
    expect(Object.entries(library)).toEqual([
      ["fuse/a", text],
      ["fuse/b", text],
      ["fuse/empty", "fuse 1\n"],
    ]);
  });
});

test("the runtime of standalone modules is up to date with src/", async () => {
  expect(await run(root, "standalone.js", ["--check"])).toEqual({ code: 0, said: "" });
});

describe("the build", () => {
  test("happens when sources have changed, and replaces all of dist/", async () => {
    const folder = clone();
    await run(folder, "library.js");
    const compiled = { code: 0, said: "setup: compiling src/ to dist/\n" };
    const silent = { code: 0, said: "" };
    expect(await run(folder, "setup.js")).toEqual(compiled);
    expect(execFileSync(process.execPath, [path.join(folder, "dist/cli/main.js")], { encoding: "utf8" })).toBe("1\n");
    expect(fs.readdirSync(path.join(folder, "dist/cli")).sort()).toEqual(["LICENCES.txt", "main.js", "main.js.map"]);
    expect(fs.existsSync(path.join(folder, "dist/one.d.ts"))).toBe(true);
    fs.utimesSync(path.join(folder, "src/one.ts"), new Date(), new Date());
    expect(await run(folder, "setup.js")).toEqual(silent);

    fs.renameSync(path.join(folder, "src/one.ts"), path.join(folder, "src/two.ts"));
    const broken = await run(folder, "setup.js");
    expect(broken.code).toBe(1);
    expect(broken.said).toContain("src/cli/main.ts(1,21): error TS2307");
    expect(fs.existsSync(path.join(folder, "dist/one.js"))).toBe(true);

    fs.writeFileSync(path.join(folder, "src/cli/main.ts"), 'import "../two.ts";\n');
    expect(await run(folder, "setup.js")).toEqual(compiled);
    expect(fs.existsSync(path.join(folder, "dist/one.js"))).toBe(false);
    expect(fs.readdirSync(path.join(folder, ".cache"))).toEqual([]);
  });

  test("happens once with two concurrent set-ups, and after one that died", async () => {
    const folder = clone();
    await run(folder, "library.js");
    fs.mkdirSync(path.join(folder, ".cache"));
    const dead = spawn(process.execPath, ["--version"]);
    await new Promise((resolve) => dead.on("close", resolve));
    fs.writeFileSync(path.join(folder, ".cache/setup.lock"), String(dead.pid));
    const both = await Promise.all([run(folder, "setup.js"), run(folder, "setup.js")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.flatMap(({ said }) => said.match(/compiling/g) ?? [])).toHaveLength(1);
  });
});

describe("the packages are installed again", () => {
  const typescript = { version: "1.0.0" };
  test.each([
    ["if one has another version", { "node_modules/typescript": { version: "1.0.1" } }],
    ["if one is missing", { "node_modules/typescript": typescript, "node_modules/more": { version: "1.0.0" } }],
    ["if npm has not finished", undefined],
  ])("%s", async (_, wanted) => {
    const folder = clone();
    if (wanted === undefined) fs.rmSync(path.join(folder, "node_modules/.package-lock.json"));
    else fs.writeFileSync(path.join(folder, "package-lock.json"), lock(wanted));
    const { code, said } = await run(folder, "setup.js");
    expect(code).toBe(1);
    expect(said).toMatch(/^setup: installing packages \(npm ci\)\nsetup: npm ci failed:\n.*npm.*\n$/);
  });

  test("but not for an optional one, which may be for another platform", async () => {
    const folder = clone();
    const packages = {
      "node_modules/typescript": typescript,
      "node_modules/more": { version: "1.0.0", optional: true },
    };
    fs.writeFileSync(path.join(folder, "package-lock.json"), lock(packages));
    expect((await run(folder, "setup.js")).said).not.toContain("npm ci");
  });
});

describe("an unavailable native backend", () => {
  test("is reported once, and is an error only if required", async () => {
    const folder = clone();
    await run(folder, "library.js");
    await run(folder, "build.js");
    const first = await run(folder, "setup.js", [], { FUSE_NATIVE: "" });
    expect(first.code).toBe(0);
    expect(first.said).toMatch(/^setup: no native backend: .+\. Everything works without it, on wasm; to retry: .+\n$/);
    expect(await run(folder, "setup.js", [], { FUSE_NATIVE: "" })).toEqual({ code: 0, said: "" });
    const required = await run(folder, "setup.js", [], { FUSE_NATIVE: "require" });
    expect(required.code).toBe(1);
    expect(required.said).toMatch(/^setup: no native backend: .+\n$/);
    expect(fs.existsSync(path.join(folder, "caches"))).toBe(false);
  });

  test("is reported by --check", async () => {
    const { code, said } = await run(clone(), "native.js", ["--check"]);
    expect(code).toBe(1);
    expect(said).toMatch(/^native backend: not available: the binding does not load: .+\n$/);
  });
});

test("an unknown setting is rejected", async () => {
  const { code, said } = await run(clone(), "setup.js", [], { FUSE_NATIVE: "yes" });
  expect(code).toBe(1);
  expect(said).toBe('setup: FUSE_NATIVE is "yes", but must be "require" or "skip"\n');
});

test("the closing line counts tests, and everything else that fails", () => {
  const module = (state: string, ...tests: ("passed" | "failed" | "skipped")[]) => ({
    state: () => state,
    children: { allTests: () => tests.map((test) => ({ result: () => ({ state: test }) })) },
  });
  const passing = module("passed", "passed", "passed", "skipped");
  expect(count([passing], 0)).toEqual({ passed: 2, failed: 0, skipped: 1 });
  expect(count([passing, module("failed", "passed", "failed")], 0)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  expect(count([module("failed")], 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(count([passing], 1)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});
