/** @file `fuse summary`: variants that refuse sizes, sort keys that need sizes, and names that do not exist. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuse } from "../support/command-line.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-summary-"));
  const text = `fuse 1

model Net(x: [n, c: 4, h, w], by: pool | none = none) -> (y: [n, c: 4]) {
  return x |> match by { pool => maxpool(kernel: 4), none => identity } |> mean(axis: [h, w])
}

block Part(x: [n, c]) -> [n, c] { return relu(x) }
`;
  writeFileSync(join(folder, "net.fuse"), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const summary = (text: string) => fuse(folder, ["summary", "net.fuse", ...text.split(" ")]);

test("a variant that refuses the sizes says so in its row", async () => {
  const { code, out, err } = await summary("--variants --at n=1,h=2,w=8 --sort peak");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatchInlineSnapshot(`
    "model Net, 2 variants

    by    results                                                                weights  MACs   read  written  peak
    none  [n: 1, c: 4]                                                                 0     0  256 B     16 B  16 B
    pool  refuses these sizes: Net: h >= 4 is required (net.fuse:4), but h is 2
    "
  `);
});

test("a key that needs input sizes says which", async () => {
  for (const key of ["read", "written", "peak"]) {
    const { code, err } = await summary(`--variants --sort ${key}`);
    expect({ code, err }).toEqual({
      code: 2,
      err: `fuse: --sort ${key} needs the sizes of the inputs: --at n=…,h=…,w=…\n`,
    });
  }
  expect((await summary("--variants --sort weights")).code).toBe(0);
});

test("a name that does not exist lists models and blocks", async () => {
  for (const command of ["summary", "weights"]) {
    const { code, err } = await fuse(folder, [command, "net.fuse", "--model", "Prat"]);
    expect(err).toBe(
      "error[unknown-model]: there is no model or block `Prat`; the file has Net, Part\n  help: did you mean    Part\n",
    );
    expect(code).toBe(1);
  }
});
