/** @file Holds what the algebra of sizes says against the plain meaning of the expressions. */
import { Facts, type Example } from "../../src/ir/facts.ts";
import { Sizes, SizeTooLarge, type Size, type SizeVar } from "../../src/ir/size.ts";
import {
  admissible,
  needs,
  holds,
  random,
  text,
  valueOf,
  type Assignment,
  type Case,
  type Fact,
  type Tree,
} from "./size-cases.ts";

export type Outcome = "equal" | "less" | "greater" | "different" | "unknown" | "impossible" | "too large";

export interface Report {
  readonly outcome: Outcome;
  /** An unknown or different verdict came with an example. */
  readonly hasExample: boolean;
  /** Assignments that the verdict was held against. */
  readonly witnesses: number;
}

const VERDICTS: Record<string, (x: bigint, y: bigint) => boolean> = {
  equal: (x, y) => x === y,
  less: (x, y) => x < y,
  greater: (x, y) => x > y,
  different: (x, y) => x !== y,
  unknown: () => true,
};

class Wrong extends Error {}

function demand(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Wrong(complaint);
}

/** Throws where anything that is said about the case is wrong. */
export function check(given: Case, seed: number): Report {
  try {
    return judge(given, seed);
  } catch (error) {
    if (error instanceof SizeTooLarge) return { outcome: "too large", hasExample: false, witnesses: 0 };
    if (error instanceof Error) error.message = `${error.message}\n${describe(given)}`;
    throw error;
  }
}

export function describe({ variables, facts, a, b, states }: Case): string {
  const names = variables.map((v) => `${v.name} >= ${v.lower} (${v.time})`).join(", ");
  const all = facts.map((f) => `  ${f.kind}: ${text(f.a)} , ${text(f.b)}`);
  return [names, ...all, `a = ${text(a)}`, `b = ${text(b)}`, `needs stated: ${states}`].join("\n");
}

function judge(given: Case, seed: number): Report {
  const sizes = new Sizes();
  const variables = new Map(
    given.variables.map((v) => [v.name, sizes.variable(v.name, { lower: BigInt(v.lower), time: v.time })]),
  );
  const build = (t: Tree): Size => {
    if (t.op === "int") return sizes.int(t.n);
    if (t.op === "var") return sizes.of(found(variables, t.name));
    const [a, b] = [build(t.a), build(t.b)];
    const make = {
      "+": "add",
      "-": "sub",
      "*": "mul",
      "/": "divide",
      floor: "floor",
      ceil: "ceil",
      "%": "mod",
    } as const;
    return sizes[make[t.op]](a, b);
  };
  const obligations = [given.a, given.b].flatMap(needs);
  const stated: Fact[] = given.facts.flatMap((f) => [...needs(f.a), ...needs(f.b), f]);
  if (given.states) stated.push(...obligations);
  const rand = random(seed ^ 0x5bd1e995);
  const hasValue = (at: Assignment) => valueOf(given.a, at) !== undefined && valueOf(given.b, at) !== undefined;
  const witnesses = admissible({ ...given, facts: [...stated, ...obligations] }, rand, 60).filter(hasValue);

  const [a, b] = [build(given.a), build(given.b)];
  demand(a === build(given.a), "the same expression twice gives two objects");
  demand(sizes.add(a, b) === sizes.add(b, a) && sizes.mul(a, b) === sizes.mul(b, a), "sums or products do not commute");
  demand(sizes.sub(sizes.add(a, b), b) === a, "a + b - b is not a");

  let facts: Facts | "impossible" = new Facts(sizes);
  for (const f of stated) if (facts !== "impossible") facts = state(facts, f.kind, build(f.a), build(f.b));
  if (facts === "impossible") {
    demand(witnesses.length === 0, `facts are called impossible, but hold for ${show(witnesses[0])}`);
    return { outcome: "impossible", hasExample: false, witnesses: 0 };
  }

  const [na, nb] = [facts.apply(a), facts.apply(b)];
  const verdict = facts.compare(a, b);
  const [ab, ba] = [facts.isAtLeast(a, b), facts.isAtLeast(b, a)];
  const divisible = facts.isDivisible(a, b);
  const bounds = [sizes.lower(a), facts.lower(a)];
  const values = new Map(given.variables.map((v) => [found(variables, v.name), build(randomTree(rand, given))]));
  const substituted = sizes.substitute(a, values);
  for (const at of witnesses) {
    const [x, y] = [valueOf(given.a, at), valueOf(given.b, at)];
    if (x === undefined || y === undefined) throw new Wrong("a witness without value");
    const here = `at ${show(at)}: ${x} and ${y}`;
    const value = (v: SizeVar) => found(at, v.name);
    demand(
      sizes.evaluate(a, value) === x && sizes.evaluate(b, value) === y,
      `normal forms ${sizes.print(a)} and ${sizes.print(b)} are wrong ${here}`,
    );
    demand(
      sizes.evaluate(na, value) === x && sizes.evaluate(nb, value) === y,
      `under the facts ${sizes.print(na)} and ${sizes.print(nb)} are wrong ${here}`,
    );
    demand(VERDICTS[verdict.kind]?.(x, y) === true, `${verdict.kind} is wrong ${here}`);
    demand((ab.kind !== "yes" || x >= y) && (ab.kind !== "no" || x < y), `a >= b: ${ab.kind} is wrong ${here}`);
    demand((ba.kind !== "yes" || y >= x) && (ba.kind !== "no" || y < x), `b >= a: ${ba.kind} is wrong ${here}`);
    const divides = y !== 0n && x % y === 0n;
    demand(
      divisible.kind === "unknown" || divides === (divisible.kind === "yes"),
      `b divides a: ${divisible.kind} is wrong ${here}`,
    );
    for (const bound of bounds)
      demand(bound === undefined || x >= bound, `the lower bound ${bound} of a is wrong ${here}`);
    const moved = new Map([...values].map(([v, s]) => [v, sizes.evaluate(s, value)]));
    if ([...moved].every(([v, n]) => n !== undefined && n >= v.lower)) {
      const direct = valueOf(given.a, new Map([...moved].map(([v, n]) => [v.name, n ?? 0n])));
      const later = sizes.evaluate(substituted, value);
      demand(direct === undefined || direct === later, `substitution gives ${later} instead of ${direct} ${here}`);
    }
  }
  if (verdict.kind === "equal") return { outcome: "equal", hasExample: false, witnesses: witnesses.length };
  const judgeExample = (
    [left, right]: readonly [Size, Size],
    example: Example | undefined,
    shows: (x: bigint, y: bigint) => boolean,
    what: string,
  ) => {
    if (example === undefined) return;
    const at = new Map([...example.values].map(([v, n]) => [v.name, n]));
    const here = `${what}: the example ${show(at)}: ${example.left} vs ${example.right}`;
    demand(
      [...example.values].every(([v, n]) => n >= v.lower),
      `${here} is out of range`,
    );
    demand(shows(example.left, example.right), `${here} shows nothing`);
    const value = (v: SizeVar) => found(at, v.name);
    demand(
      sizes.evaluate(left, value) === example.left && sizes.evaluate(right, value) === example.right,
      `${here} has wrong sides`,
    );
    const covers = (t: Tree): boolean => ("a" in t ? covers(t.a) && covers(t.b) : t.op === "int" || at.has(t.name));
    for (const f of stated)
      demand(!covers(f.a) || !covers(f.b) || holds(f, at), `${here} contradicts ${f.kind} ${text(f.a)}, ${text(f.b)}`);
  };
  judgeExample([a, b], verdict.example, (x, y) => x !== y, "compare");
  if (ab.kind !== "yes") judgeExample([a, b], ab.example, (x, y) => x < y, "a >= b");
  if (ba.kind !== "yes") judgeExample([b, a], ba.example, (x, y) => x < y, "b >= a");
  if (divisible.kind !== "yes")
    judgeExample([a, b], divisible.example, (x, y) => y === 0n || x % y !== 0n, "b divides a");
  return { outcome: verdict.kind, hasExample: verdict.example !== undefined, witnesses: witnesses.length };
}

function state(facts: Facts, kind: Fact["kind"], a: Size, b: Size): Facts | "impossible" {
  return kind === "divides" ? facts.divides(b, a) : facts[kind](a, b);
}

/** What a variable is replaced by: something small with the same variables. */
function randomTree(rand: () => number, { variables }: Case): Tree {
  const name = variables[Math.floor(rand() * variables.length)]?.name ?? "h";
  const n = 1 + Math.floor(rand() * 4);
  const v: Tree = { op: "var", name };
  return rand() < 0.4 ? v : { op: rand() < 0.5 ? "+" : "*", a: v, b: { op: "int", n } };
}

function found<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Wrong(`no value for ${String(key)}`);
  return value;
}

const show = (at: Assignment | undefined): string => [...(at ?? [])].map(([name, n]) => `${name} = ${n}`).join(", ");
