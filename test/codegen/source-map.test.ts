/** @file The source map of a module: every line of a run function leads to the program line that it comes from. */
import { AnyMap, eachMapping, originalPositionFor, type SourceMapInput } from "@jridgewell/trace-mapping";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relativePath, sourceMap, urlPath } from "../../src/codegen/esm/source-map.ts";
import { buildPlans } from "../../src/compile.ts";
import { sourceFile } from "../../src/source/source.ts";
import { programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";
import { moduleOf } from "../support/targets.ts";

const files = {
  "models/net.fuse": `fuse 1
import { Gate } from "../blocks/gate.fuse"
import { ConcatFuse } from "fuse/fusion"

model Net(photo: [n, h, w, c: 3]) -> (y: [n, h, w, c: 8], size: []) {
  stem = photo
    |> conv(c: 4, kernel: 3, pad: same) @stem
    |> hardswish
  gated = stem |> Gate() @gate
  fused = ConcatFuse(stem, gated)
  return
    fused,
    sum(photo, axis: [n, h, w, c]) / (h * w)
}

model Other(x: [n]) -> (y: [n]) {
  return exp(x)
}
`,
  "blocks/gate.fuse": `fuse 1

block Gate(x: [n, c, h, w]) -> [n, c, h, w] {
  a = x |> mean(axis: [h, w])
  return x * (a |> linear(c: c) @fc |> sigmoid)
}
`,
};

function build(locate?: (path: string) => string | undefined) {
  const program = programOf(files["models/net.fuse"], files, "models/net.fuse");
  const { value, diagnostics } = buildPlans(program);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  return moduleOf(program, value!, locate);
}

/** The lines of the run functions, and the place that the map gives for each: `../blocks/gate.fuse:4`. */
function traced({ module, map }: ReturnType<typeof build>) {
  const parsed = new AnyMap(JSON.parse(map) as SourceMapInput);
  let inside = false;
  return module.split("\n").map((text, index) => {
    const at = (column: number) => {
      const { source, line } = originalPositionFor(parsed, { line: index + 1, column });
      return source === null ? undefined : `${source}:${line}`;
    };
    if (/^ {2}run\(/.test(text)) inside = true;
    else if (text === "  },") inside = false;
    const statement = inside && !/^( {2}run\(.*|\s*\/\/.*|)$/.test(text);
    return { text, statement, start: at(text.search(/\S|$/)), end: at(Math.max(text.length - 1, 0)) };
  });
}

describe("a source map", () => {
  const made = build();
  const lines = traced(made);
  const where = (text: RegExp) => lines.filter((line) => text.test(line.text)).map(({ start }) => start);

  test("has the line of every statement, and of nothing else", () => {
    expect(lines.filter(({ statement }) => statement).length).toBeGreaterThan(20);
    for (const { text, statement, start, end } of lines) {
      expect(start !== undefined, text).toBe(statement);
      expect(end, text).toBe(start);
    }
  });

  test("agrees with the comments", () => {
    for (const { text, start } of lines) {
      const [, path, line] = /\/\/ (\S+\.fuse|fuse\/\w+):(\d+)$/.exec(text) ?? [];
      if (path === undefined || start === undefined) continue;
      const name = path
        .split("/")
        .at(-1)!
        .replace(/\.fuse$/, "");
      expect(start).toMatch(new RegExp(`${name}\\.fuse:${line}$`));
    }
  });

  test("leads to the operator of a call, in its own file", () => {
    const wide = lines.findIndex(({ text }) => /filter: stem_weight/.test(text));
    expect(lines[wide]!.start).toBe("net.fuse:7");
    expect(where(/const \{ photo \} = inputs/)).toEqual(["net.fuse:5"]);
    expect(where(/tf\.relu6\(/)).toEqual(["net.fuse:8"]);
    expect(where(/b: gate_fc_weight/)).toEqual(["../blocks/gate.fuse:5"]);
    expect(where(/tf\.concat\(/)[0]).toMatch(/^fuse-lang:\/\/\/fuse\/fusion\.fuse:\d+$/);
    // A number created for a quotient has the quotient's place.
    expect(where(/tf\.scalar\(h \* w/)).toEqual(["net.fuse:13"]);
    expect(where(/tf\.exp\(/)).toEqual(["net.fuse:17"]);
  });

  test("holds the texts, under paths relative to the module", () => {
    const map = JSON.parse(made.map) as Record<string, string | string[]>;
    expect(made.paths).toContain("net.js.map");
    expect(map.file).toBe("net.js");
    expect(made.module.endsWith("\n//# sourceMappingURL=net.js.map\n")).toBe(true);
    expect(map.sources).toEqual(["net.fuse", "../blocks/gate.fuse", "fuse-lang:///fuse/fusion.fuse"]);
    expect(map.sourcesContent!.slice(0, 2)).toEqual(Object.values(files));
    expect(map.sourcesContent![2]).toContain("block ConcatFuse");
    const elsewhere = build((path) => relativePath("out/deep", path)).map;
    expect((JSON.parse(elsewhere) as { sources: string[] }).sources.slice(0, 2)).toEqual([
      "../../models/net.fuse",
      "../../blocks/gate.fuse",
    ]);
  });

  test("is the same each time, and sorted", () => {
    expect(build()).toEqual(made);
    let last = 0;
    eachMapping(new AnyMap(JSON.parse(made.map) as SourceMapInput), ({ generatedLine }) => {
      expect(generatedLine).toBeGreaterThan(last);
      last = generatedLine;
    });
  });
});

describe("places", () => {
  test.each([
    ["", "net.fuse", "net.fuse"],
    ["a/b", "a/b/net.fuse", "net.fuse"],
    ["a/b/", "a/c/net.fuse", "../c/net.fuse"],
    ["./a", "b.fuse", "../b.fuse"],
    ["../a", "../b/c.fuse", "../b/c.fuse"],
    ["../../a", "../b.fuse", undefined],
    ["/x/y", "/x/z.fuse", "../z.fuse"],
    ["/x", "z.fuse", undefined],
  ])("from %s, %s is %s", (folder, path, expected) => {
    expect(relativePath(folder, path)).toBe(expected);
  });

  test("in a map reveal nothing about the disk, and contain no scheme, query or escape", () => {
    const source = sourceFile("/home/me/javascript:x?y#z%41.fuse", "a");
    const origin = { span: { source, start: 0, end: 1 }, name: undefined, scope: [], calls: [] };
    const text = sourceMap("x.js", [{ line: 3, origin }], { version: "0.0.0", locate: () => undefined });
    expect((JSON.parse(text) as { sources: string[] }).sources).toEqual(["javascript%3Ax%3Fy%23z%2541.fuse"]);
    expect(urlPath("../\ud800\n/*b")).toBe("../%EF%BF%BD%0A/*b");
  });
});

describe("fuse build", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fuse-map-"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("writes the map next to the module, with relative paths to the programs", async () => {
    const { code, out, err } = await fuse(folder, "build models/net.fuse -o out/deep".split(" "));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^wrote out\/deep\/net\.js\.map \(/m);
    const text = readFileSync(join(folder, "out/deep/net.js.map"), "utf8");
    expect(text).not.toContain(folder);
    const absolute = await fuse(folder, ["build", join(folder, "models/net.fuse"), "-o", "out/absolute"]);
    expect(absolute.code).toBe(0);
    const { sources } = JSON.parse(readFileSync(join(folder, "out/absolute/net.js.map"), "utf8")) as {
      sources: string[];
    };
    expect(sources).toEqual(["../../models/net.fuse", "../../blocks/gate.fuse", "fuse-lang:///fuse/fusion.fuse"]);
    expect((JSON.parse(text) as { sources: string[] }).sources).toEqual(sources);
    // It overwrites its own files; it keeps those it did not write.
    expect((await fuse(folder, "build models/net.fuse -o out/deep".split(" "))).code).toBe(0);
    writeFileSync(join(folder, "out/deep/net.js.map"), '{"version":3,"file":"net.js"}');
    const refused = await fuse(folder, "build models/net.fuse -o out/deep".split(" "));
    expect(refused.err).toMatch(/^error\[would-overwrite\]: .*net\.js\.map/);
  });

  test("makes stack traces that name the program's line", () => {
    const stub = `
export const concat = (list) => list[0], sum = () => { throw new Error("stop"); }, tidy = (run) => run();
const other = () => 0;
export { other as add, other as clone, other as dispose, other as div, other as mul, other as relu6, other as reshape };
export { other as scalar, other as transpose, other as mean, other as sigmoid, other as avgPool, other as matMul };
export const fused = { conv2d: other, matMul: other };
export const model = (definition) => definition;
`;
    const module = readFileSync(join(folder, "out/absolute/net.js"), "utf8");
    writeFileSync(join(folder, "out/absolute/stub.js"), stub);
    writeFileSync(
      join(folder, "out/absolute/net.js"),
      module.replace('"@tensorflow/tfjs-core"', '"./stub.js"').replace('"fuse-lang/runtime"', '"./stub.js"'),
    );
    writeFileSync(join(folder, "out/absolute/package.json"), '{ "type": "module" }');
    const code = "import('./out/absolute/net.js').then(({ Net }) => Net.run({}, {}, {}))";
    const { stderr } = spawnSync(process.execPath, ["--enable-source-maps", "-e", code], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stderr).toContain("stop");
    expect(stderr).toMatch(/models\/net\.fuse:13:/);
  });
});
