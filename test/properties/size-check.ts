/** @file Checks the size algebra against the plain meaning of the expressions. */
import { Facts, type Example } from "../../src/sizes/facts.ts";
import { SizeTooLarge } from "../../src/sizes/pool.ts";
import {
  negate,
  printRelation,
  readRelation,
  spell,
  type Comparison,
  type Relation,
} from "../../src/sizes/relation.ts";
import type { Size, SizeVar } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { compare } from "../support/size-text.ts";
import { admissible, exactly, floored, holds, needs, random, text, valueOf } from "./size-cases.ts";
import type { Assignment, BinaryOp, Case, Fact, Tree } from "./size-cases.ts";

export interface Report {
  /** What `compare` said about the pair. */
  readonly outcome: "equal" | "less" | "greater" | "different" | "unknown" | "impossible" | "too large";
  readonly hasExample: boolean;
  /** The number of assignments that the answers were checked against. */
  readonly witnesses: number;
}

class Wrong extends Error {}

function demand(condition: boolean, complaint: () => string): asserts condition {
  if (!condition) throw new Wrong(complaint());
}

/** Throws if any answer about the case is wrong. */
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

const MAKE = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "divide",
  floor: "floor",
  ceil: "ceil",
  "%": "mod",
} as const satisfies Record<BinaryOp, keyof Sizes>;

/** The trees of a case as sizes. */
class Built {
  readonly sizes = new Sizes();
  readonly variables: ReadonlyMap<string, SizeVar>;

  constructor({ variables }: Case) {
    this.variables = new Map(
      variables.map((v) => [v.name, this.sizes.variable(v.name, { lower: BigInt(v.lower), time: v.time })]),
    );
  }

  size(t: Tree): Size {
    if (t.op === "int") return this.sizes.int(t.n);
    if (t.op === "var") return this.sizes.of(found(this.variables, t.name));
    return this.sizes[MAKE[t.op]](this.size(t.a), this.size(t.b));
  }

  value(s: Size, at: Assignment): bigint | undefined {
    return this.sizes.evaluate(s, (v) => found(at, v.name));
  }
}

type Evaluate = (at: Assignment) => bigint | undefined;

/** Like `evaluate`, but folded once for many assignments. */
function compiled({ sizes }: Built, s: Size): Evaluate {
  const on =
    (compute: (x: bigint, y: bigint) => bigint | undefined) =>
    (a: Evaluate, b: Evaluate): Evaluate =>
    (at) => {
      const [x, y] = [a(at), b(at)];
      return x === undefined || y === undefined ? undefined : compute(x, y);
    };
  return sizes.fold<Evaluate>(s, {
    int: (n) => () => n,
    variable: (v) => (at) => found(at, v.name),
    add: on((x, y) => x + y),
    sub: on((x, y) => x - y),
    mul: on((x, y) => x * y),
    divide: on(exactly),
    floor: on(floored),
    ceil: on((x, y) => negated(floored(-x, y))),
  });
}

const negated = (n: bigint | undefined) => (n === undefined ? undefined : -n);

function judge(given: Case, seed: number): Report {
  const built = new Built(given);
  const obligations = [given.a, given.b].flatMap(needs);
  const stated = given.facts.flatMap((f) => [...needs(f.a), ...needs(f.b), f]);
  if (given.states) stated.push(...obligations);
  const rand = random(seed ^ 0x5bd1e995);
  const hasValues = (at: Assignment) => valueOf(given.a, at) !== undefined && valueOf(given.b, at) !== undefined;
  const witnesses = admissible({ ...given, facts: [...stated, ...obligations] }, rand, 40).filter(hasValues);

  judgeForms(given, built, witnesses, rand);
  judgeRelations(given, built, witnesses);
  const facts = state(new Facts(built.sizes), built, stated);
  if (facts === "impossible") {
    demand(witnesses.length === 0, () => `facts are called impossible, but hold for ${show(witnesses[0])}`);
    return { outcome: "impossible", hasExample: false, witnesses: 0 };
  }
  for (const t of [given.a, given.b]) {
    const size = built.size(t);
    const [applied, lower] = [facts.apply(size), facts.lower(size)];
    const evaluate = compiled(built, applied);
    for (const at of witnesses) {
      const value = valueOf(t, at) ?? 0n;
      demand(evaluate(at) === value, () => `under the facts ${built.sizes.print(applied)} at ${show(at)}`);
      demand(lower === undefined || value >= lower, () => `${text(t)} is less than ${lower} at ${show(at)}`);
    }
  }
  for (const claim of claims(given, built, facts)) judgeClaim(claim, built, stated, witnesses);
  const [a, b] = [built.size(given.a), built.size(given.b)];
  const hasExample = facts.decide({ op: "==", a, b }).example !== undefined;
  return { outcome: compare(facts, a, b), hasExample, witnesses: witnesses.length };
}

/** Checks normal forms, interning, substitution and bounds, without facts. */
function judgeForms(given: Case, built: Built, witnesses: readonly Assignment[], rand: () => number): void {
  const { sizes } = built;
  const [a, b] = [built.size(given.a), built.size(given.b)];
  demand(a === built.size(given.a), () => "the same expression twice gives two objects");
  demand(sizes.add(a, b) === sizes.add(b, a) && sizes.mul(a, b) === sizes.mul(b, a), () => "a ∘ b is not b ∘ a");
  demand(sizes.sub(sizes.add(a, b), b) === a, () => "a + b - b is not a");
  const replacements = new Map(
    [...built.variables.values()].map((v) => [v, built.size(replacement(rand, given))] as const),
  );
  const substituted = sizes.substitute(a, replacements);
  const lower = sizes.lower(a);
  const [evaluate, evaluateSubstituted] = [compiled(built, a), compiled(built, substituted)];
  const inserted = [...replacements].map(([v, s]) => [v, compiled(built, s)] as const);
  for (const at of witnesses.slice(0, 3)) demand(evaluate(at) === built.value(a, at), () => "fold is not evaluate");
  for (const at of witnesses) {
    const value = valueOf(given.a, at);
    demand(evaluate(at) === value, () => `the normal form ${sizes.print(a)} is not ${value} at ${show(at)}`);
    demand(lower === undefined || (value ?? lower) >= lower, () => `a = ${value} is less than ${lower} at ${show(at)}`);
    const moved = new Map<string, bigint>();
    for (const [v, replace] of inserted) {
      const n = replace(at);
      if (n !== undefined && n >= v.lower) moved.set(v.name, n);
    }
    if (moved.size < replacements.size) continue;
    const [direct, later] = [valueOf(given.a, moved), evaluateSubstituted(at)];
    demand(direct === undefined || direct === later, () => `substituted: ${later}, not ${direct} at ${show(at)}`);
  }
}

/** Returns a small tree with the same variables. */
function replacement(rand: () => number, { variables }: Case): Tree {
  const name = variables[Math.floor(rand() * variables.length)]?.name ?? "h";
  const v: Tree = { op: "var", name };
  const n = 1 + Math.floor(rand() * 4);
  return rand() < 0.4 ? v : { op: rand() < 0.5 ? "+" : "*", a: v, b: { op: "int", n } };
}

const OPERATOR = { equal: "==", different: "!=", atLeast: ">=" } as const;

function state(start: Facts, built: Built, stated: readonly Fact[]): Facts | "impossible" {
  let facts: Facts | "impossible" = start;
  for (const { kind, a, b } of stated) {
    const [x, y] = [built.size(a), built.size(b)];
    facts = facts.add(kind === "divides" ? { op: kind, a: y, b: x } : { op: OPERATOR[kind], a: x, b: y });
    if (facts === "impossible") break;
  }
  return facts;
}

type Holds = (x: bigint, y: bigint) => boolean;

/** One answer about two trees, and its meaning. */
interface Claim {
  readonly about: string;
  readonly left: Tree;
  readonly right: Tree;
  readonly kind: string;
  /** Must hold for all assignments. */
  readonly always: Holds;
  readonly example: Example | undefined;
  /** Must hold for the example. */
  readonly shows: Holds;
}

function claims(given: Case, built: Built, facts: Facts): Claim[] {
  const differ: Holds = (x, y) => x !== y;
  const orders = {
    equal: (x: bigint, y: bigint) => x === y,
    less: (x: bigint, y: bigint) => x < y,
    greater: (x: bigint, y: bigint) => x > y,
    different: differ,
    unknown: () => true,
  };
  const question = (op: Relation["op"], left: Tree, right: Tree): Claim => {
    const { verdict, example } = facts.decide({ op, a: built.size(left), b: built.size(right) });
    const isSo = MEANS[op];
    const isNotSo: Holds = (x, y) => !isSo(x, y);
    const always = verdict === "yes" ? isSo : verdict === "no" ? isNotSo : () => true;
    return { about: op, left, right, kind: verdict, always, example, shows: isNotSo };
  };
  const pairs = [
    [given.a, given.b],
    [given.b, given.a],
  ] as const;
  const divisors = [2, 3, 4, 8, 32].map((n): Tree => ({ op: "int", n }));
  const names = given.variables.map(({ name }): Tree => ({ op: "var", name }));
  return [
    ...pairs.map(([left, right]): Claim => {
      const kind = compare(facts, built.size(left), built.size(right));
      return { about: "compare", left, right, kind, always: orders[kind], example: undefined, shows: differ };
    }),
    ...pairs.flatMap(([left, right]) => [question("==", left, right), question(">=", left, right)]),
    question("!=", given.a, given.b),
    ...[given.b, ...divisors, ...names].map((divisor) => question("divides", divisor, given.a)),
  ];
}

/** What relations mean for numbers. */
const MEANS: Readonly<Record<Relation["op"] | Comparison, Holds>> = {
  "==": (x, y) => x === y,
  "!=": (x, y) => x !== y,
  ">=": (x, y) => x >= y,
  ">": (x, y) => x > y,
  "<=": (x, y) => x <= y,
  "<": (x, y) => x < y,
  divides: (x, y) => x !== 0n && y % x === 0n,
};

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="] as const;

/** Checks the meaning of comparisons as they are read, and of their negations. */
function judgeRelations(given: Case, built: Built, witnesses: readonly Assignment[]): void {
  const [a, b] = [built.size(given.a), built.size(given.b)];
  for (const op of COMPARISONS) {
    const read = readRelation(built.sizes, op, a, b);
    for (const [relation, expected] of [
      [read, true],
      [negate(built.sizes, read), false],
    ] as const)
      for (const at of witnesses.slice(0, 3)) {
        const [x, y] = [built.value(a, at), built.value(b, at)];
        const [left, right] = [built.value(relation.a, at), built.value(relation.b, at)];
        if (x === undefined || y === undefined || left === undefined || right === undefined)
          throw new Wrong("a side without value");
        demand(
          (MEANS[op](x, y) === expected) === MEANS[relation.op](left, right),
          () => `a ${op} b is read as ${printRelation(built.sizes, relation)} at ${show(at)}`,
        );
        const spelling = spell(built.sizes, relation);
        const [first, second] = [built.value(spelling.left, at), built.value(spelling.right, at)];
        demand(
          first !== undefined &&
            second !== undefined &&
            MEANS[spelling.sign](first, second) === (MEANS[op](x, y) === expected),
          () => `a ${op} b is printed as ${printRelation(built.sizes, relation)} at ${show(at)}`,
        );
      }
  }
}

function judgeClaim(claim: Claim, built: Built, stated: readonly Fact[], witnesses: readonly Assignment[]): void {
  const { about, left, right, kind, always, example, shows } = claim;
  for (const at of witnesses) {
    const [x, y] = [valueOf(left, at), valueOf(right, at)];
    if (x === undefined || y === undefined) throw new Wrong("a witness without value");
    demand(always(x, y), () => `${about} ${text(right)}: ${kind} is wrong for ${x} and ${y} at ${show(at)}`);
  }
  if (example === undefined) return;
  const at = new Map([...example.values].map(([v, n]) => [v.name, n]));
  const here = () => `${about} ${text(right)}: the example ${show(at)}: ${example.left} vs ${example.right}`;
  demand(
    [...example.values].every(([v, n]) => n >= v.lower),
    () => `${here()} is out of range`,
  );
  demand(shows(example.left, example.right), () => `${here()} shows nothing`);
  const sides = [built.value(built.size(left), at), built.value(built.size(right), at)];
  demand(sides[0] === example.left && sides[1] === example.right, () => `${here()} has wrong sides`);
  const covers = (t: Tree): boolean => ("a" in t ? covers(t.a) && covers(t.b) : t.op === "int" || at.has(t.name));
  for (const f of stated) {
    demand(
      !covers(f.a) || !covers(f.b) || holds(f, at),
      () => `${here()} contradicts ${f.kind} ${text(f.a)}, ${text(f.b)}`,
    );
  }
}

function found<K, V>(map: ReadonlyMap<K, V | undefined>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Wrong(`no value for ${String(key)}`);
  return value;
}

const show = (at: Assignment | undefined): string => [...(at ?? [])].map(([name, n]) => `${name} = ${n}`).join(", ");
