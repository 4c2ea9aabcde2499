/** @file Searches for small values of the variables that satisfy all facts and refute a condition. */
import { attempt } from "./bounds.ts";
import { measure } from "./integrality.ts";
import type { Knowledge } from "./knowledge.ts";
import { ceilDiv, floorDiv } from "./rational.ts";
import { relationsOf, variablesOf, type Condition, type Relation } from "./relation.ts";
import { rewrite } from "./rewrite.ts";
import type { Computation, Size, SizeAlgebra, SizeVar } from "./size.ts";
import type { Sizes } from "./sizes.ts";

/** An assignment that satisfies all facts but not a condition. */
export interface Assignment {
  /** Values of the variables that occur in the condition, in order of introduction. */
  readonly values: ReadonlyMap<SizeVar, bigint>;
}

/** An assignment that satisfies all facts but not the relation, with the values of both sides. */
export interface Example extends Assignment {
  readonly left: bigint;
  readonly right: bigint;
}

/** Where to search: in assignments for which everything in `stated` holds. */
export interface Search {
  readonly sizes: Sizes;
  readonly world: Knowledge;
  readonly stated: readonly Condition[];
}

/** The most assignments that each of the three searches tries. The first and the last get half. */
const BUDGET = 10_000;
/** A variable's values go up to about twice the largest constant that occurs, but never further than this. */
const MAX_SPREAD = 1 << 16;

/** The values to try for a free variable: start, start + step, … */
interface Domain {
  readonly slot: number;
  readonly start: number;
  readonly step: number;
  /** The last value, minus `start`. Negative if there are no values. */
  readonly spread: number;
  /** Further values, next to constants that occur. */
  readonly special: readonly number[];
}

interface Budget {
  left: number;
}

/** Returns values that refute a relation, with those of both sides; undefined if no small ones were found. */
export function findExample(search: Search, refuted: Relation): Example | undefined {
  const values = findAssignment(search, refuted)?.values;
  if (values === undefined) return undefined;
  const [left, right] = [refuted.a, refuted.b].map((side) => search.sizes.evaluate(side, (v) => values.get(v) ?? 0n));
  return left === undefined || right === undefined ? undefined : { values, left, right };
}

/**
 * Tries assignments by increasing sum; among equal sums, larger values of earlier variables first. Undefined if the budget
 * runs out.
 */
export function findAssignment(search: Search, refuted: Condition): Assignment | undefined {
  const { sizes, world } = search;
  const named = byOrder(new Set(variablesOf(refuted)));
  const { free, facts } = connected(search, named);
  const slots = new Map(free.map((v, i) => [v, i]));
  const assignment = new Float64Array(free.length);
  const read = (v: SizeVar): Evaluate => {
    const slot = slots.get(v);
    const solved = world.known.solved.get(v);
    if (slot !== undefined) return () => assignment[slot] ?? NaN;
    if (solved !== undefined) return sizes.fold(solved, compiled);
    const own = computationOf(v);
    return own === undefined ? () => NaN : computation(own);
  };
  const computation = ({ of, value }: Computation): Evaluate => {
    const parts = of.map((size) => sizes.fold(size, compiled));
    return () => exact(value(parts.map((part) => part())));
  };
  const compiled = asFunction(read);
  const meaning = (condition: Condition): Test => {
    if (condition.op === "or") {
      const ways = condition.of.map((way) => way.map(meaning));
      return (outcome) =>
        outcome
          ? ways.some((way) => way.every((one) => one(true)))
          : ways.every((way) => way.some((one) => one(false)));
    }
    const [x, y] = [sizes.fold(condition.a, compiled), sizes.fold(condition.b, compiled)];
    const holds = HOLDS[condition.op];
    return (outcome) => (outcome ? holds(x(), y()) : fails(condition.op, x(), y()));
  };
  const isRight = meaning(refuted);
  const checks = facts.map(meaning);
  const involved = withParts([...named, ...facts.flatMap(variablesOf)]);
  // Floats that are rounded in two ways may depend on each other. Values for both could be impossible.
  if ([...involved].filter(({ computed }) => computed === "rounded").length > 1) return undefined;
  // A fact may have solved a variable that is also computed.
  for (const v of involved) {
    const own = computationOf(v);
    if (own === undefined || !world.known.solved.has(v)) continue;
    const [value, solved] = [computation(own), read(v)];
    checks.push(() => value() === solved());
  }
  const bounds = [...involved].map((v) => ({ lower: Number(v.lower), value: read(v) }));

  const shows = (): boolean =>
    isRight(false) && bounds.every((v) => v.value() >= v.lower) && checks.every((holds) => holds(true));

  const constants = constantsOf([refuted, ...facts].flatMap(relationsOf).flatMap(({ a, b }) => [a, b]));
  const domains = free.map((v, slot) => domainOf(world, v, slot, constants));
  const difference = refuted.op === "or" ? undefined : attempt(() => rewrite(world, sizes.sub(refuted.a, refuted.b)));
  const different = difference === undefined ? free : withParts(difference.variables);
  const core = domains.filter((d) => [...different].some((v) => slots.get(v) === d.slot));
  for (const d of domains) assignment[d.slot] = d.start;
  const isFound =
    (core.length < domains.length && bySum(assignment, core, { left: BUDGET / 2 }, shows)) ||
    bySum(assignment, domains, { left: BUDGET }, shows) ||
    byConstants(assignment, domains, { left: BUDGET / 2 }, shows);
  const shown = byOrder(withParts(named)).filter((v) => computationOf(v) === undefined || named.includes(v));
  return isFound ? { values: new Map(shown.map((v) => [v, BigInt(read(v)())])) } : undefined;
}

const computationOf = ({ computed }: SizeVar): Computation | undefined =>
  typeof computed === "object" ? computed : undefined;

const partsOf = (v: SizeVar): readonly Size[] => computationOf(v)?.of ?? [];

/** Adds the variables of the sizes that each one leads to. */
function closure(variables: Iterable<SizeVar>, next: (v: SizeVar) => readonly Size[]): ReadonlySet<SizeVar> {
  const all = new Set(variables);
  for (const v of all) for (const size of next(v)) for (const part of size.variables) all.add(part);
  return all;
}

/** Adds the variables that computed ones follow from. */
const withParts = (variables: Iterable<SizeVar>): ReadonlySet<SizeVar> => closure(variables, partsOf);

const byOrder = (variables: ReadonlySet<SizeVar>): SizeVar[] => [...variables].sort((x, y) => x.order - y.order);

/** Returns the free variables that the named ones depend on through solved equalities and facts, and those facts. */
function connected({ world, stated }: Search, named: readonly SizeVar[]): { free: SizeVar[]; facts: Condition[] } {
  const { solved } = world.known;
  const leadsTo = (v: SizeVar): Size[] => [...(solved.has(v) ? [solved.get(v)!] : []), ...partsOf(v)];
  const freeOf = (v: SizeVar): readonly SizeVar[] =>
    [...closure([v], leadsTo)].filter((one) => computationOf(one) === undefined && !solved.has(one));
  const free = new Set(named.flatMap((v) => [...freeOf(v)]));
  let open = stated.map((fact) => ({
    fact,
    variables: variablesOf(fact).flatMap((v) => [...freeOf(v)]),
  }));
  const facts: Condition[] = [];
  for (let count = -1; count !== facts.length;) {
    count = facts.length;
    const touching = open.filter(({ variables }) => variables.length === 0 || variables.some((v) => free.has(v)));
    open = open.filter((entry) => !touching.includes(entry));
    for (const { fact, variables } of touching) {
      facts.push(fact);
      for (const v of variables) free.add(v);
    }
  }
  return { free: byOrder(free), facts };
}

function domainOf(world: Knowledge, v: SizeVar, slot: number, constants: readonly number[]): Domain {
  const { lo, hi } = world.range(v);
  const step = measure(world, world.pool.monomial([{ atom: world.pool.variable(v), power: 1 }]))?.d ?? 1n;
  const start = Number(ceilDiv(lo, step) * step);
  const spread = Math.min(MAX_SPREAD, 2 * Math.max(...constants) + 8 * Number(step));
  const most = hi === undefined ? Infinity : Number(floorDiv(hi, step) * step);
  return {
    slot,
    start,
    step: Number(step),
    spread: Math.min(spread, most - start),
    special: constants
      .flatMap((c) => [c - 1, c, c + 1])
      .filter((n) => n > start && n <= most && n % Number(step) === 0),
  };
}

/** Returns the numbers that occur in sizes, and 1, in descending order. */
function constantsOf(sizes: readonly Size[]): number[] {
  const found = new Set<number>([1]);
  const visit = ({ terms, over }: Size): void => {
    found.add(Number(over));
    for (const { coefficient, monomial } of terms) {
      found.add(Math.abs(Number(coefficient)));
      for (const { atom } of monomial.factors) if (atom.kind !== "variable") visit(atom.of);
    }
  };
  sizes.forEach(visit);
  return [...found].filter(Number.isSafeInteger).sort((x, y) => y - x);
}

/** Tries all assignments, ordered by how far they exceed the starts in total. */
function bySum(assignment: Float64Array, domains: readonly Domain[], budget: Budget, shows: () => boolean): boolean {
  const room = domains.map((_, i) => domains.slice(i).reduce((sum, d) => sum + Math.max(0, d.spread), 0));
  if (domains.some((d) => d.spread < 0)) return false;
  const place = (i: number, sum: number): boolean => {
    const d = domains[i];
    if (d === undefined) return sum === 0 && shows();
    const least = sum - (room[i + 1] ?? 0);
    for (
      let excess = d.step * Math.floor(Math.min(sum, d.spread) / d.step);
      excess >= Math.max(0, least);
      excess -= d.step
    ) {
      if (budget.left-- <= 0) return false;
      assignment[d.slot] = d.start + excess;
      if (place(i + 1, sum - excess)) return true;
    }
    return false;
  };
  for (let sum = 0; sum <= (room[0] ?? 0) && budget.left > 0; sum++) if (place(0, sum)) return true;
  return false;
}

/** Tries each variable at its start and next to constants, for relations that only fail at large numbers. */
function byConstants(
  assignment: Float64Array,
  domains: readonly Domain[],
  budget: Budget,
  shows: () => boolean,
): boolean {
  const place = (i: number): boolean => {
    const d = domains[i];
    if (d === undefined) return shows();
    for (const value of [d.start, d.start + d.step, ...d.special]) {
      if (budget.left-- <= 0) return false;
      assignment[d.slot] = value;
      if (place(i + 1)) return true;
    }
    return false;
  };
  return place(0);
}

/** Whether a relation holds. False if a side is NaN. */
const HOLDS: Record<Relation["op"], (x: number, y: number) => boolean> = {
  "==": (x, y) => x === y,
  "!=": (x, y) => x < y || x > y,
  ">=": (x, y) => x >= y,
  divides: (x, y) => x !== 0 && y % x === 0,
};

const fails = (op: Relation["op"], x: number, y: number): boolean =>
  !Number.isNaN(x) && !Number.isNaN(y) && !HOLDS[op](x, y);

type Evaluate = () => number;

/** Whether a condition holds, or whether it fails. Neither is so if a side has no value. */
type Test = (outcome: boolean) => boolean;

const exact = (n: number): number => (Math.abs(n) <= Number.MAX_SAFE_INTEGER ? n : NaN);

/** Compiles sizes to functions on doubles. They return NaN if there is no value, or if a double cannot hold it exactly. */
function asFunction(read: (v: SizeVar) => Evaluate): SizeAlgebra<Evaluate> {
  const floor = (x: number, y: number): number => {
    const rest = x % y;
    return (x - (rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest)) / y;
  };
  return {
    int: (n) => {
      const value = exact(Number(n));
      return () => value;
    },
    variable: read,
    add: (a, b) => () => exact(a() + b()),
    sub: (a, b) => () => exact(a() - b()),
    mul: (a, b) => () => exact(a() * b()),
    divide: (a, b) => () => {
      const [x, y] = [a(), b()];
      return x % y === 0 ? x / y : NaN;
    },
    floor: (a, b) => () => floor(a(), b()),
    ceil: (a, b) => () => -floor(-a(), b()),
  };
}
