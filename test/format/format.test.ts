/** @file The formatter: the layout of every construct, our own programs, the command and the Prettier plugin. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { format as prettier } from "prettier";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { format } from "../../src/format/format.ts";
import * as plugin from "../../src/format/prettier-plugin.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";
import { fuse } from "../support/command-line.ts";

function formatted(text: string): string | undefined {
  return format(sourceFile("x.fuse", text), new Reporter());
}

/** Formats statements in a block. */
function body(text: string): string {
  const result = formatted(`block A(x: [n]) {\n${text}\n}\n`)!;
  return result.slice("block A(x: [n]) {\n".length, -"}\n".length);
}

describe("layout", () => {
  test("spaces and redundant parentheses are normalised; clarifying parentheses stay", () => {
    expect(body("y=((x))+(x*2)-(-x) ;".replace(" ;", ""))).toBe("  y = x + (x * 2) - (-x)\n");
    expect(body("y  =  ( a+b )|>relu\nz = f((a),b : (c))")).toBe("  y = (a + b) |> relu\n  z = f(a, b: c)\n");
    expect(body("y = (x - (a - b)) / (not (not c))")).toBe("  y = (x - (a - b)) / (not (not c))\n");
    expect(body("weight w:f32[a,b : 2*k,... rest,]=normal( 1e-2,)")).toBe(
      "  weight w: f32[a, b: 2 * k, ...rest] = normal(1e-2)\n",
    );
  });

  test("a pipeline goes on one line if it fits, otherwise one stage per line", () => {
    expect(body("y = x\n  |> relu\n  |> conv(c: 8)  @a")).toBe("  y = x |> relu |> conv(c: 8) @a\n");
    const long = `conv(c: 128, kernel: 3, bias: false)`;
    expect(body(`y = x |> ${long} @a |> relu |> ${long} @b`)).toBe(
      `  y = x\n    |> ${long} @a\n    |> relu\n    |> ${long} @b\n`,
    );
  });

  test("a pipeline that needs several lines keeps its line breaks, as far as they fit", () => {
    const long = `conv(c: 128, kernel: 3, bias: false)`;
    expect(body(`y = x\n  |> ${long} @a |> relu\n |> ${long}   @b |>\n relu`)).toBe(
      `  y = x\n    |> ${long} @a |> relu\n    |> ${long} @b |> relu\n`,
    );
    expect(body(`y = x\n  |> ${long} |> ${long} |> ${long}\n |> relu |> relu`)).toBe(
      `  y = x\n    |> ${long}\n    |> ${long}\n    |> ${long}\n    |> relu |> relu\n`,
    );
  });

  test("repetitions, the chains in them, and several tensors", () => {
    expect(body("y=(a,b ,)|>repeat( i :n )F(last:i==n-1)  @layer{ i+1 }.x")).toBe(
      "  y = (a, b) |> repeat(i: n) F(last: i == n - 1) @layer{i + 1}.x\n",
    );
    expect(body("y = x |> repeat(2) (F) |> repeat(3)((F @a|>G))@b |> repeat(2) (F @a) @b")).toBe(
      "  y = x |> repeat(2) F |> repeat(3) (F @a |> G) @b |> repeat(2) (F @a) @b\n",
    );
    const long = `conv(c: 128, kernel: 3, bias: false)`;
    expect(body(`layer f = repeat(i: 3) (${long} @a |> relu |> ${long} @b) @blocks`)).toBe(`  layer f = repeat(i: 3) (
    ${long} @a |> relu |> ${long} @b
  ) @blocks
`);
  });

  test("a match has one arm per line with aligned arrows, but inside brackets it may be on one line", () => {
    expect(body("y = x |> match by { a|b=>relu, none => identity }")).toBe(`  y = x |> match by {
    a | b => relu
    none  => identity
  }
`);
    expect(body("y = f(match by { a=>1 none => 2 })")).toBe("  y = f(match by { a => 1, none => 2 })\n");
    const long = `conv(c: 128, kernel: 3, bias: false) @with_a_name`;
    expect(body(`y = x |> ${long} |> ${long} |> match by { a => relu }`)).toBe(
      `  y = x\n    |> ${long}\n    |> ${long}\n    |> match by {\n      a => relu\n    }\n`,
    );
  });

  test("an if goes on one line if it fits, otherwise with a line for every branch", () => {
    expect(body("y = if a\n{ x } else if b { -x }\nelse { 2*x }")).toBe(
      "  y = if a { x } else if b { -x } else { 2 * x }\n",
    );
    const long = `conv(c: 128, kernel: 3) @a_label_that_is_long`;
    expect(body(`y = if a == b { x } else { x |> ${long} |> ${long} }`)).toBe(
      `  y = if a == b {\n    x\n  } else {\n    x |> ${long} |> ${long}\n  }\n`.replace(
        `    x |> ${long} |> ${long}\n`,
        `    x\n      |> ${long}\n      |> ${long}\n`,
      ),
    );
  });

  test("long lists have one item per line and a trailing comma; many numbers fill lines", () => {
    const name = (i: number) => `a_name_that_is_long_${i}`;
    expect(body(`y = f(${[1, 2, 3, 4, 5].map(name).join(", ")})`)).toBe(
      `  y = f(\n${[1, 2, 3, 4, 5].map((i) => `    ${name(i)},\n`).join("")}  )\n`,
    );
    const filled = body(`const k: [n: 60] = [${"0.125, ".repeat(60)}]`);
    expect(filled.split("\n")).toHaveLength(8);
    expect(
      body("y = a_name_that_is_long * another_name_that_is_long + a_name_that_is_long * another_name_that_is_long"),
    ).toBe(`  y = a_name_that_is_long * another_name_that_is_long
    + a_name_that_is_long * another_name_that_is_long
`);
  });

  test("long signatures have one parameter per line, with long constraints below", () => {
    expect(
      formatted(`block Long(features: [n, c, h, w], width: int = 256, by: concat | add | mul = concat)
        -> [n, c: width, h, w] where width > 1 { return features }`),
    ).toBe(`block Long(
  features: [n, c, h, w],
  width: int = 256,
  by: concat | add | mul = concat,
) -> [n, c: width, h, w] where width > 1 {
  return features
}
`);
    expect(
      formatted(`model Long(features: [n, c, h, w], other: [n, c: k, h: a, w: b]) -> (y: [n, c, h, w])
        where h == 2 * a, w == 2 * b {}`),
    ).toBe(`model Long(features: [n, c, h, w], other: [n, c: k, h: a, w: b]) -> (y: [n, c, h, w])
  where h == 2 * a, w == 2 * b
{}
`);
    expect(
      formatted(
        `block Pools(x: [n, c, h, w]) -> (average: [n, c, h: 1, w: 1], maximum: [n, c, h: 1, w: 1], both: [n, c]) {}`,
      ),
    ).toBe(`block Pools(x: [n, c, h, w]) -> (
  average: [n, c, h: 1, w: 1],
  maximum: [n, c, h: 1, w: 1],
  both: [n, c],
) {}
`);
  });

  test("imports stay in order; several blank lines become one, or none at the ends of a block", () => {
    expect(
      formatted(`\n\nfuse 1\nimport {B as C,A,} from "fuse/a"\n\n\n\nblock A(){\n\n y=x\n\n\n z=x\n\n}\nblock B(){}`),
    ).toBe(`fuse 1\nimport { B as C, A } from "fuse/a"\n\nblock A() {\n  y = x\n\n  z = x\n}\nblock B() {}\n`);
  });

  test("comments stay where they are", () => {
    expect(
      formatted(`# first
fuse 1   # the edition

## What it is.
block A( # of
  x: [n],   # input
  ## the width
  w: int # the last one
) { # begin
  # before


  # before it
  y = x   #   behind it
    # before a stage
    |> relu # behind a stage
    |> f(a, # one
         b # number two
         ) # three
  return match by {
    # before an arm
    a => x # behind an arm
    bcd => y

    # at the end
  }
  # last
}
# at the very end
`),
    ).toBe(`# first
fuse 1 # the edition

## What it is.
block A( # of
  x: [n], # input
  ## the width
  w: int, # the last one
) { # begin
  # before

  # before it
  y = x #   behind it
    # before a stage
    |> relu # behind a stage
    |> f(
      a, # one
      b, # number two
    ) # three
  return match by {
    # before an arm
    a   => x # behind an arm
    bcd => y

    # at the end
  }
  # last
}
# at the very end
`);
  });

  test("a byte order mark and carriage returns stay", () => {
    expect(formatted("\uFEFFfuse   1\r\n\r\n# a\r\nblock A() {\r\n}\r\n")).toBe(
      "\uFEFFfuse 1\r\n\r\n# a\r\nblock A() {}\r\n",
    );
    expect([formatted(""), formatted("  \n\n"), formatted("# only")]).toEqual(["", "", "# only\n"]);
  });

  test("ten thousand stages, and brackets two hundred deep", () => {
    expect(body(`y = x${" |> relu".repeat(10_000)}`).split("\n")).toHaveLength(10_002);
    expect(body(`y = ${"f(a: ".repeat(150)}x${")".repeat(150)}`)).toContain("x");
    expect(body(`y = x |> ${"match a { b => f |> ".repeat(150)}g${" }".repeat(150)}`)).toContain("g");
  });
});

const own = ["library", "examples", "test/fixtures/samples"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".fuse"))
    .map((file) => join(folder, file)),
);

test.each(own)("%s is formatted; if not, run: fuse fmt", (path) => {
  const text = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  expect(formatted(text)).toBe(text);
});

describe("fuse fmt", () => {
  let folder: string;
  const [untidy, tidy] = ["fuse 1\nblock A(){return x}", "fuse 1\nblock A() {\n  return x\n}\n"];
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fuse-fmt-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("writes changed files and prints their paths", async () => {
    put("a.fuse", untidy);
    put("b.fuse", tidy);
    utimesSync(join(folder, "b.fuse"), 1, 1);
    expect(await fuse(folder, ["fmt", "a.fuse", "b.fuse"])).toEqual({ code: 0, out: "a.fuse\n", err: "" });
    expect(read("a.fuse")).toBe(tidy);
    expect(statSync(join(folder, "b.fuse")).mtimeMs).toBe(1000);
  });

  test("--check lists what would change", async () => {
    put("a.fuse", untidy);
    put("b.fuse", tidy);
    expect(await fuse(folder, ["fmt", "--check", "a.fuse", "b.fuse"])).toEqual({ code: 1, out: "a.fuse\n", err: "" });
    expect(read("a.fuse")).toBe(untidy);
    expect(await fuse(folder, ["fmt", "b.fuse", "--check"])).toEqual({ code: 0, out: "", err: "" });
  });

  test("shows syntax errors, leaves the file and formats the others", async () => {
    const wrong = "fuse 1\nblock A(){return x +}";
    put("wrong.fuse", wrong);
    put("a.fuse", untidy);
    const { code, out, err } = await fuse(folder, ["fmt", "wrong.fuse", "missing.fuse", "a.fuse"]);
    expect([code, out, read("wrong.fuse"), read("a.fuse")]).toEqual([1, "a.fuse\n", wrong, tidy]);
    expect(err).toMatch(/error\[syntax-error\][^]*wrong\.fuse:2:\d+[^]*error\[unreadable-file\]: .*missing\.fuse/);
    expect((await fuse(folder, ["fmt", "notes.txt"])).code).toBe(1);
    expect((await fuse(folder, ["fmt"])).code).toBe(2);
  });

  test("formats standard input", async () => {
    const run = async (input: string, ...more: string[]) => {
      const stdin = vi.spyOn(process, "stdin", "get");
      stdin.mockReturnValue(Readable.from([input]) as unknown as typeof process.stdin);
      try {
        return await fuse(folder, ["fmt", "-", ...more]);
      } finally {
        stdin.mockRestore();
      }
    };
    expect(await run(untidy)).toEqual({ code: 0, out: tidy, err: "" });
    expect(await run(tidy)).toEqual({ code: 0, out: tidy, err: "" });
    expect(await run("")).toEqual({ code: 0, out: "", err: "" });
    expect(await run(untidy, "--check")).toEqual({ code: 1, out: "stdin\n", err: "" });
    expect(await run("block")).toMatchObject({ code: 1, out: "" });
  });
});

describe("the Prettier plugin", () => {
  test("prints what `fuse fmt` prints, 100 columns wide", async () => {
    const text = readFileSync("library/fuse/attention.fuse", "utf8");
    const untidy = text.replace(/(?<!#.*) +/g, "  ");
    expect(await prettier(untidy, { filepath: "a.fuse", plugins: [plugin] })).toBe(text);
    expect(await prettier("```fuse\nblock A(){}\n```\n", { parser: "markdown", plugins: [plugin] })).toBe(
      "```fuse\nblock A() {}\n```\n",
    );
  });

  test("reports where an error is", async () => {
    const wrong = prettier("fuse 1\nblock A(){return x +}", { parser: "fuse", plugins: [plugin] });
    await expect(wrong).rejects.toMatchObject({ name: "SyntaxError", loc: { start: { line: 2 } } });
  });

  test("is an export of the package", async () => {
    const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
      exports: Record<string, { default: string }>;
    };
    const source = exports["./prettier"]!.default.replace("./dist/", "../../src/").replace(/\.js$/, ".ts");
    expect(await import(source)).toBe(plugin);
  });
});
