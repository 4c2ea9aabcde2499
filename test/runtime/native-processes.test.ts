/** @file What can be seen of the native engine only in a process of its own: memory over many runs, and the environment. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { backends } from "../support/backends.ts";
import { byTier } from "../support/tier.ts";

const { skipped } = backends().find(({ name }) => name === "tensorflow")!;

/** What a script prints. */
function child(
  script: string,
  parameters: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): unknown {
  const options = ["--expose-gc", "--import", "./scripts/typescript-hooks.js", `test/support/${script}`, ...parameters];
  const inherited = Object.entries(process.env).filter(([name]) => name !== "ONEDNN_DEFAULT_FPMATH_MODE");
  const printed = execFileSync(process.execPath, options, {
    encoding: "utf8",
    env: { ...Object.fromEntries(inherited), TF_CPP_MIN_LOG_LEVEL: "3", NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(printed);
}

interface Held {
  readonly tensors: number;
  readonly handles: number;
  readonly sessions: number;
  readonly resident: number;
}

test.skipIf(skipped)(
  "many runs leave no tensor, no handle, no session and no memory",
  { timeout: 180_000, retry: 1 },
  () => {
    const { engine, before, after, end } = child(
      "native-memory.ts",
      byTier({ quick: ["20", "60"], full: ["100", "500"] }),
    ) as {
      readonly engine: string;
      readonly before: object;
      readonly after: Readonly<Record<"run" | "runArrays", readonly [Held, Held]>>;
      readonly end: object;
    };
    expect(engine).toBe("session");
    expect(end).toEqual(before);
    for (const [name, most] of [
      ["run", 1.05],
      // Arrays that are let go of are collected now and then.
      ["runArrays", 1.1],
    ] as const) {
      const [first, last] = after[name];
      expect({ ...last, resident: 0 }).toEqual({ ...first, resident: 0 });
      expect(last.resident / first.resident, name).toBeLessThan(most);
    }
  },
);

describe.skipIf(skipped)("allowBf16", () => {
  const variable = "ONEDNN_DEFAULT_FPMATH_MODE";
  const late =
    `allowBf16 was set too late: tfjs-node reads ${variable} when it is loaded. ` +
    `Start the process with ${variable}=BF16, or load this model before anything else loads tfjs-node`;

  test("is off unless it is asked for", () => expect(child("bf16.ts", ["false"])).toEqual([null, "unset"]));

  test("is in the environment before tfjs-node is loaded, and for all that follow", () => {
    expect(child("bf16.ts", ["true", "true", "false"])).toEqual([null, "BF16", "BF16", "BF16"]);
  });

  test("is refused when tfjs-node has been loaded without it", () => {
    expect(child("bf16.ts", ["false", "true", "false"])).toEqual([null, "unset", late, "unset"]);
  });

  test("is there if the process was started with it", () => {
    expect(child("bf16.ts", ["false", "true"], { [variable]: "BF16" })).toEqual(["BF16", "BF16", "BF16"]);
  });
});
