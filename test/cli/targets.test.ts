/** @file `fuse build --target` and `fuse run --engine`: every system in every format, and the possible errors. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readableTargets, type ReadableTarget } from "../../src/codegen/targets.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { backends } from "../support/backends.ts";
import { fuse } from "../support/command-line.ts";
import { goldenTensors, systemPath, systems, type System } from "../support/systems.ts";

let folder: string;
const at = (name: string) => join(folder, name);

const two = `fuse 1

model First(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return x |> linear(c: 2) @fc
}

model Second(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return x |> linear(c: 2) @fc |> relu
}
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-targets-"));
  writeFileSync(at("two.fuse"), two);
  writeFileSync(at("plain.fuse"), "fuse 1\n\nmodel Plain(x: [n, c]) -> (y: [n, c]) {\n  return 2 * x\n}\n");
  const weights = new Map([
    ["fc.weight", { dtype: "f32" as const, shape: [2, 2], data: Float32Array.of(1, 0, 0, -1) }],
    ["fc.bias", { dtype: "f32" as const, shape: [2], data: Float32Array.of(1, 1) }],
  ]);
  writeFileSync(at("two.safetensors"), writeSafetensors(weights));
  writeFileSync(at("x.npy"), writeNpy({ dtype: "f32", shape: [1, 2], data: Float32Array.of(3, 4) }));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command that succeeds, and returns its output without times and sizes. */
async function done(args: readonly string[]): Promise<string> {
  const { code, out, err } = await fuse(folder, args);
  expect(err).toBe("");
  expect(code).toBe(0);
  return out.replace(/\(\d.*?B\)/g, "(…)").replace(/\S+ ms/g, "… ms");
}

/** The file that is run, and the engine that runs it. */
const built = {
  "saved-model": { file: (name: string) => `${name}.saved-model`, on: ["tensorflow"] },
  "graph-model": { file: (name: string) => `${name}.graph-model/model.json`, on: ["cpu", "wasm", "tensorflow"] },
  onnx: { file: (name: string) => `${name}.onnx`, on: ["auto"] },
} as const satisfies Record<ReadableTarget, unknown>;
const isHere = (backend: string) => !backends().some(({ name, skipped }) => name === backend && skipped);

/** Inputs, and PyTorch's results for them. */
function golden({ file }: System): string[] {
  const path = resolve(`test/golden/${file}.safetensors`);
  const tensors = (group: "in" | "out", option: string) =>
    Object.keys(goldenTensors(file, group)).flatMap((name) => [option, `${name}=${path}#${group}.${name}`]);
  return [...tensors("in", "--in"), ...tensors("out", "--expect")];
}

const settingsOf = ({ settings }: System) =>
  Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);

/** Finds the golden file's weights. */
function weightsOf({ file }: System): string[] {
  const none = Object.keys(goldenTensors(file, "param")).length === 0;
  return none ? [] : ["--weights", resolve(`test/golden/${file}.safetensors`), "--weights-prefix", "param"];
}

describe.each(readableTargets)("%s", (target) => {
  test.each(systems.map((system) => [system.file, system] as const))(
    "%s gives PyTorch's results, from the program and from its files",
    async (file, system) => {
      const program = resolve(systemPath(file));
      const common = [...settingsOf(system), ...weightsOf(system)];
      await done(["build", program, "--target", target, "-o", "built", ...common]);
      for (const on of built[target].on.filter(isHere)) {
        const run = [...golden(system), "--backend", on];
        const wanted = [...Object.keys(goldenTensors(file, "out"))].map((name) => `${name} matches`);
        for (const text of [
          await done(["run", program, ...common, "--engine", target, ...run]),
          await done(["run", join("built", built[target].file(file)), ...run]),
        ]) {
          expect(text).toContain(`(${target}): … ms`);
          for (const line of wanted) expect(text).toContain(line);
        }
      }
    },
  );

  test("the same command gives the same files, and replaces its own", async () => {
    const command = ["build", "two.fuse", "--target", target, "--weights", "two.safetensors", "-o"];
    const first = await done([...command, "once"]);
    expect(await done([...command, "once"])).toBe(first);
    await done([...command, "twice"]);
    const files = readdirSync(at("once"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      expect(readFileSync(path), name).toEqual(readFileSync(path.replace("once", "twice")));
    }
  });

  test("other tools' files are not replaced, and then nothing is written", async () => {
    const command = ["build", "two.fuse", "--target", target, "--weights", "two.safetensors", "-o"];
    const [first, other] = [`first-${target}`, `other-${target}`];
    await done([...command, first]);
    const files = readdirSync(at(first), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of files) {
      cpSync(at(first), at(other), { recursive: true });
      const theirs = join(parentPath, name).replace(first, other);
      writeFileSync(theirs, "not ours");
      // Only the model.json next to a shard tells whose it is.
      if (name.endsWith(".bin")) rmSync(join(theirs, "..", "model.json"));
      const { code, err } = await fuse(folder, [...command, other]);
      expect(code, name).toBe(1);
      expect(err).toContain("error[would-overwrite]");
      expect(readFileSync(theirs, "utf8")).toBe("not ours");
      rmSync(at(other), { recursive: true });
    }
  });

  test("weights are needed if the model has any", async () => {
    const { code, err } = await fuse(folder, ["build", "two.fuse", "--target", target]);
    expect(code).toBe(1);
    expect(err).toContain("`First` needs its weights");
    expect(err).toContain("--weights FILE");
    expect(err).toContain("fuse weights two.fuse --model First --init");
    await done(["build", "plain.fuse", "--target", target, "-o", "plain"]);
    const file = join("plain", built[target].file("plain"));
    if (built[target].on.some((on) => on !== "auto" && !isHere(on))) return;
    expect(await done(["run", file, "--in", "x=x.npy"])).toContain("y [n: 1, c: 2]  6  8");
  });
});

test("one of several models is chosen", async () => {
  await done(["build", "two.fuse", "--target", "saved-model", "--weights", "two.safetensors", "-o", "chosen"]);
  const { code, err } = await fuse(folder, ["run", "chosen/two.saved-model", "--in", "x=x.npy"]);
  expect([code, err]).toEqual([
    1,
    "error[choose-model]: there are several models: First, Second\n  help: choose one    --model Second\n",
  ]);
  if (!isHere("tensorflow")) return;
  const run = ["run", "chosen/two.saved-model", "--in", "x=x.npy", "--model"];
  expect(await done([...run, "First"])).toBe("First on tensorflow (saved-model): … ms\ny [n: 1, c: 2]  4  -3\n");
  expect(await done([...run, "Second"])).toBe("Second on tensorflow (saved-model): … ms\ny [n: 1, c: 2]  4  0\n");
});

describe("without a chosen engine", () => {
  const run = ["run", "two.fuse", "--model", "First", "--weights", "two.safetensors", "--in", "x=x.npy"];

  test("the module runs in the fastest way of its backend, and says which", async () => {
    expect(await done([...run, "--backend", "wasm"])).toBe("First on wasm (wasm): … ms\ny [n: 1, c: 2]  4  -3\n");
    expect(await done([...run, "--backend", "cpu"])).toBe("First on cpu (calls): … ms\ny [n: 1, c: 2]  4  -3\n");
    if (!isHere("tensorflow")) return;
    expect(await done([...run, "--backend", "tensorflow"])).toMatch(/^First on tensorflow \((session|wasm)\): … ms/);
  });

  test.each([
    ["wasm", "wasm"],
    ["wasm", "calls"],
    ["tensorflow", "session"],
    ["tensorflow", "wasm"],
    ["tensorflow", "calls"],
  ])("on %s it runs as %s, if --engine says so", async (backend, engine) => {
    if (!isHere(backend)) return;
    const text = await done([...run, "--backend", backend, "--engine", engine]);
    expect(text).toBe(`First on ${backend} (${engine}): … ms\ny [n: 1, c: 2]  4  -3\n`);
  });

  test("a way that the backend does not have is refused", async () => {
    const { code, err } = await fuse(folder, [...run, "--backend", "cpu", "--engine", "wasm"]);
    expect([code, err]).toEqual([
      1,
      "error[engine-unavailable]: the engine `wasm` cannot be used: the backend cpu has only calls\n",
    ]);
  });

  test("--debug runs the module, and says so", async () => {
    const { code, out, err } = await fuse(folder, [...run, "--debug", "--backend", "wasm", "--engine", "graph-model"]);
    expect(code).toBe(0);
    expect(out).toContain("_FusedMatMul");
    expect(err).toBe(
      "warning[engine-unavailable]: the engine `graph-model` cannot be used: `--debug` lists kernel calls, so the ES module runs instead\n",
    );
  });
});

test("a module has a graph and a plan only for backends that use them", async () => {
  const names = async (...backend: string[]) => {
    const out = await done(["build", "plain.fuse", "-o", `esm${backend.join("")}`, ...backend]);
    return [...out.matchAll(/wrote \S+?\/(\S+)/g)].map(([, name]) => name);
  };
  expect(await names()).toEqual(["plain.js", "plain.d.ts", "plain.js.map", "plain.graph", "plain.plan"]);
  expect(readFileSync(at("esm/plain.js"), "utf8")).toContain(`graph: new URL("./plain.graph", import.meta.url),`);
  expect(readFileSync(at("esm/plain.js"), "utf8")).toContain(`plan: new URL("./plain.plan", import.meta.url),`);
  const code = ["plain.js", "plain.d.ts", "plain.js.map"];
  expect(await names("--backend", "tensorflow")).toEqual([...code, "plain.graph", "plain.plan"]);
  expect(await names("--backend", "wasm")).toEqual([...code, "plain.plan"]);
  expect(await names("--backend", "cpu")).toEqual(code);
  expect(readFileSync(at("esm--backendwasm/plain.js"), "utf8")).not.toContain("graph");
  expect(readFileSync(at("esm--backendcpu/plain.js"), "utf8")).not.toContain("plan:");
});
