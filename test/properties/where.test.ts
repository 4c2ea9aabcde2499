/** @file What the checker says about random `where`s with `or`, `and` and `%` agrees with trying all small sizes. */
import { expect, test } from "vitest";
import { buildGraphs } from "../../src/graphs.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { repeatInTime } from "../support/properties.ts";

/** A condition as text, and its meaning. */
interface Where {
  readonly text: string;
  readonly holds: (h: number, w: number) => boolean;
}

interface Side {
  readonly text: string;
  readonly at: (h: number, w: number) => number;
}

type Random = () => number;

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const number = (random: Random): number => 1 + Math.floor(random() * 8);

function side(random: Random): Side {
  const n = number(random);
  const k = 2 + Math.floor(random() * 3);
  return pick<Side>(random, [
    { text: "h", at: (h) => h },
    { text: "w", at: (_, w) => w },
    { text: `${n}`, at: () => n },
    { text: `h + ${n}`, at: (h) => h + n },
    { text: `${k} * w`, at: (_, w) => k * w },
    { text: `floor(h / ${k})`, at: (h) => Math.floor(h / k) },
    { text: "h + w", at: (h, w) => h + w },
  ]);
}

const comparisons: readonly (readonly [string, (a: number, b: number) => boolean])[] = [
  ["==", (a, b) => a === b],
  ["!=", (a, b) => a !== b],
  ["<", (a, b) => a < b],
  ["<=", (a, b) => a <= b],
  [">", (a, b) => a > b],
  [">=", (a, b) => a >= b],
];

function atom(random: Random): Where {
  const kind = random();
  const left = pick<Side>(random, [
    { text: "h", at: (h) => h },
    { text: "w", at: (_, w) => w },
    { text: "(h + w)", at: (h, w) => h + w },
  ]);
  if (kind < 0.25) {
    const k = 2 + Math.floor(random() * 3);
    const rest = pick(random, [0, 0, 1]);
    return { text: `${left.text} % ${k} == ${rest}`, holds: (h, w) => left.at(h, w) % k === rest };
  }
  const n = number(random);
  const right: Side = kind < 0.7 ? { text: `${n}`, at: () => n } : side(random);
  const [sign, compare] = kind < 0.45 ? comparisons[0]! : pick(random, comparisons);
  return { text: `${left.text} ${sign} ${right.text}`, holds: (h, w) => compare(left.at(h, w), right.at(h, w)) };
}

function condition(random: Random, depth: number): Where {
  const kind = random();
  if (depth === 0 || kind < 0.2) return atom(random);
  const [a, b] = [condition(random, depth - 1), condition(random, depth - 1)];
  if (kind < 0.3) return { text: `not (${a.text})`, holds: (h, w) => !a.holds(h, w) };
  if (kind < 0.55) return { text: `(${a.text} and ${b.text})`, holds: (h, w) => a.holds(h, w) && b.holds(h, w) };
  return { text: `(${a.text} or ${b.text})`, holds: (h, w) => a.holds(h, w) || b.holds(h, w) };
}

function clauses(random: Random): readonly Where[] {
  return Array.from({ length: pick(random, [1, 1, 2, 3]) }, () => condition(random, pick(random, [1, 1, 2])));
}

const least = 1;
const most = 14;
const all = Array.from({ length: most ** 2 }, (_, i) => [least + (i % most), least + Math.floor(i / most)] as const);

/** Returns the values of `for example h = 3, w = 2`; undefined if there is no example. */
function exampleIn(
  notes: readonly string[],
): { readonly h: number | undefined; readonly w: number | undefined } | undefined {
  const note = notes.find((text) => text.startsWith("for example "));
  if (note === undefined) return undefined;
  const value = (name: string) => {
    const found = new RegExp(`\\b${name} = (\\d+)`).exec(note)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return { h: value("h"), w: value("w") };
}

/** Returns the pairs of sizes with these values; those that are not given are small. */
function pairsWith({ h, w }: { readonly h: number | undefined; readonly w: number | undefined }) {
  const some = (value: number | undefined) =>
    value === undefined ? Array.from({ length: 60 }, (_, i) => i + 1) : [value];
  return some(h).flatMap((a) => some(w).map((b) => [a, b] as const));
}

test("proofs, counterexamples, impossible headers and guards agree with trying all small sizes", () => {
  const random = seeded(11);
  const counts = { impossible: 0, proved: 0, refuted: 0, never: 0, open: 0 };
  const tried = repeatInTime({ runs: 3_000, least: 150 }, () => {
    const known = clauses(random);
    // Often, what is required follows: it is weaker than something known.
    const own = condition(random, 1);
    const [first] = known;
    const needed =
      random() < 0.5
        ? own
        : {
            text: `${first!.text} or ${own.text}`,
            holds: (h: number, w: number) => first!.holds(h, w) || own.holds(h, w),
          };
    const text = `fuse 1
      block B(x: [h, w]) -> [h, w] where ${needed.text} { return relu(x) }
      model M(x: [h, w]) -> (y: [h, w]) where ${known.map((one) => one.text).join(", ")} { return B(x) }`;
    const given = (h: number, w: number) => known.every((one) => one.holds(h, w));
    const { value, diagnostics } = buildGraphs(programOf(text));
    const inBoth = all.filter(([h, w]) => given(h, w) && needed.holds(h, w));
    if (value !== undefined) {
      counts.proved++;
      const [graph] = value;
      const admitted = all.filter(
        ([h, w]) => "sizes" in checkGuard(graph!.guard, { x: { dtype: "f32", shape: [h, w] } }),
      );
      expect(admitted, text).toEqual(inBoth);
      return;
    }
    for (const { code, message, notes } of diagnostics) {
      if (code === "impossible-constraint") {
        counts.impossible++;
        const possible = message.includes(`\`${needed.text}\``) ? needed.holds : given;
        expect(
          all.filter(([h, w]) => possible(h, w)),
          `${text}\n${message}`,
        ).toEqual([]);
        continue;
      }
      expect(["constraint-not-met", "not-divisible"], `${text}\n${message}`).toContain(code);
      const example = exampleIn(notes.map((note) => note.text));
      if (example === undefined) {
        if (code === "not-divisible" || message.includes(", but ")) {
          counts.never++;
          expect(inBoth, `${text}\n${message}`).toEqual([]);
        } else counts.open++;
        continue;
      }
      counts.refuted++;
      const shown = pairsWith(example).some(([h, w]) => given(h, w) && !needed.holds(h, w));
      expect(shown, `${text}\n${message}\n${notes.map((note) => note.text).join("\n")}`).toBe(true);
    }
  });
  // Nearly everything is decided, and each outcome occurs.
  expect(counts.open).toBeLessThan(tried / 20);
  for (const [outcome, count] of Object.entries(counts))
    if (outcome !== "open") expect(count, outcome).toBeGreaterThan(0);
});
