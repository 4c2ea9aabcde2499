/** @file Programs with random edits check, and build if possible, without throwing. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { build, buildPlans } from "../../src/compile.ts";
import { seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { repeatInTime } from "../support/properties.ts";

const probe = "\nmodel Probe(x: [n, c: 64]) -> [n, c: 64] { return relu(x) }\n";
const texts = readdirSync("test/fixtures/samples").map(
  (file) => readFileSync(`test/fixtures/samples/${file}`, "utf8") + probe,
);
const tokens = texts.map(
  (text) => text.match(/#[^\n]*|@(?:[\w.]|\{[^{}\n]*\})+|\w+|\|>|->|=>|==|!=|<=|>=|\s+|./g) ?? [],
);
const pool = tokens.flat().filter((token) => token.trim() !== "" && !token.startsWith("#"));
const nasty = [
  "0",
  "-1",
  "0.5",
  "2147483647",
  "inf",
  "...",
  "c / 0",
  "c % 0",
  "constructor",
  "__proto__",
  "x.c",
  "repeat(n)",
  "repeat(i: 3)",
  "repeat(2) (relu |> relu)",
  "@a{i}",
  "(x, x) |>",
];

/** Returns a program with one to three tokens removed, replaced or added. */
function edited(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const text = [...pick(tokens)];
  const edits = 1 + Math.floor(random() * 3);
  for (let i = 0; i < edits; i++) {
    const at = Math.floor(random() * text.length);
    const word = pick(random() < 0.7 ? pool : nasty);
    const kind = random();
    if (kind < 0.3) text.splice(at, 1);
    else if (kind < 0.8) text[at] = word;
    else text.splice(at, 0, " ", word, " ");
  }
  return text.join("");
}

test("programs with random edits give diagnostics or modules", () => {
  const random = seeded(7);
  let sound = 0;
  const tried = repeatInTime({ runs: 400, least: 20 }, () => {
    const text = edited(random);
    const program = programOf(text);
    const { value, diagnostics } = buildPlans(program, { model: "Probe" });
    if (value !== undefined) expect(build(program, "esm", value).value).toHaveLength(5);
    const failed = diagnostics.some(({ severity }) => severity === "error");
    expect(value === undefined, text).toBe(failed);
    if (!failed) sound++;
  });
  // Some edits are harmless, so the test sees both outcomes.
  expect(sound).toBeGreaterThan(tried < 400 ? 0 : 5);
});
