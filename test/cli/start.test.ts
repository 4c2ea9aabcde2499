/** @file The bundled command: what it loads, its stack traces, and the licences of what it contains. Run after `npm run build`. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { sourceTrace } from "../../src/cli/terminal/trace.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bundle = join(root, "dist/cli");
const program = "examples/background-blur/background-blur.fuse";

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The sources of a bundled file, by their paths in the project. */
function sourcesOf(file: string): readonly string[] {
  if (!existsSync(`${file}.map`)) return [];
  return (JSON.parse(readFileSync(`${file}.map`, "utf8")) as { readonly sources: readonly string[] }).sources;
}

/** Runs the command, and returns the files that Node loads. It lists them itself when it measures coverage. */
async function loadedBy(args: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "fuse-loaded-"));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const code = await new Promise((resolve) => {
      execFile(process.execPath, [join(bundle, "main.js"), ...args], { cwd: root, env }, (error) =>
        resolve(error?.code ?? 0),
      );
    });
    expect(code).toBe(0);
    const results = readdirSync(folder).flatMap(
      (file) => (JSON.parse(readFileSync(join(folder, file), "utf8")) as Coverage).result,
    );
    return [...new Set(results.map(({ url }) => url))]
      .filter((url) => url.startsWith("file:"))
      .map((url) => fileURLToPath(url));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a command loads what it needs", () => {
  const afterGraphs = ["codegen", "optimize", "plan", "protobuf", "runtime", "reference"];
  test.each([
    {
      args: ["--version"],
      files: 16,
      without: [...afterGraphs, "check", "format", "ops", "parser", "sizes"],
      needs: ["cli"],
      packages: [],
    },
    {
      args: ["--help"],
      files: 16,
      without: [...afterGraphs, "check", "format", "ops", "parser", "sizes"],
      needs: ["cli"],
      packages: [],
    },
    {
      args: ["check", program],
      files: 32,
      without: [...afterGraphs, "format"],
      needs: ["check", "ops", "parser", "sizes"],
      packages: [],
    },
    {
      args: ["fmt", "--check", program],
      files: 28,
      without: afterGraphs,
      needs: ["format", "parser"],
      packages: ["prettier"],
    },
    {
      args: ["summary", program],
      files: 74,
      without: ["format", "runtime", "reference"],
      needs: ["check", "plan"],
      packages: ["@bufbuild/protobuf"],
    },
  ])("fuse $args", async ({ args, files, without, needs, packages }) => {
    const loaded = await loadedBy(args);
    expect(loaded.length).toBeLessThanOrEqual(files);
    const rooms = new Set(loaded.flatMap(sourcesOf).flatMap((source) => /^src\/([^/]+)\//.exec(source)?.[1] ?? []));
    for (const room of needs) expect(rooms).toContain(room);
    for (const room of without) expect(rooms).not.toContain(room);
    const others = loaded.filter((file) => dirname(file) !== bundle).map(packageOf);
    expect([...new Set(others)]).toEqual(packages);
  });
});

/** The package of a path in node_modules. */
function packageOf(path: string): string | undefined {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path.replaceAll("\\", "/"))?.[1];
}

const bundled = readdirSync(bundle).filter((name) => name.endsWith(".js"));

test("stack traces name the places in src/", () => {
  const text = "a divisor without numerator";
  const file = "src/sizes/arithmetic.ts";
  const places = bundled.flatMap((name) => {
    const lines = readFileSync(join(bundle, name), "utf8").split("\n");
    const line = lines.findIndex((line) => line.includes(text));
    return line < 0 ? [] : [`${pathToFileURL(join(bundle, name)).href}:${line + 1}:${lines[line]!.indexOf(text) + 1}`];
  });
  expect(places).toHaveLength(1);
  const trace = sourceTrace(`Error: oh\n    at f (${places[0]})\n    at g (file:///none.js:1:2)\n    at node:fs:3:4`);
  const [, place, line] = /^Error: oh\n {4}at f \((.*):(\d+):\d+\)\n/.exec(trace) ?? [];
  expect(place).toBe(file);
  expect(readFileSync(join(root, file), "utf8").split("\n")[Number(line) - 1]).toContain(text);
  expect(trace).toMatch(/\n {4}at g \(file:\/\/\/none\.js:1:2\)\n {4}at node:fs:3:4$/);
});

test("the licences of all copied packages are beside their code", () => {
  const licences = readFileSync(join(bundle, "LICENCES.txt"), "utf8");
  const packages = new Set(bundled.flatMap((name) => sourcesOf(join(bundle, name))).flatMap((s) => packageOf(s) ?? []));
  expect(packages).toContain("chevrotain");
  for (const name of packages) {
    const at = licences.indexOf(`${name} `);
    expect(at, name).toBeGreaterThanOrEqual(0);
    expect(licences.slice(at)).toMatch(/^\S+ \d+\.\d+\.\d+ \((?:MIT|Apache-2\.0)\)\n\n[^]*?(?:copyright|license)/i);
  }
});
