/** @file Random pairs of size expressions (equal, nearly equal or unrelated), and random facts about variables. */

/** An expression as written, not normalised. */
export type Tree =
  | { readonly op: "int"; readonly n: number }
  | { readonly op: "var"; readonly name: string }
  | { readonly op: BinaryOp; readonly a: Tree; readonly b: Tree };

export type BinaryOp = "+" | "-" | "*" | "/" | "floor" | "ceil" | "%";

export interface Fact {
  readonly kind: "equal" | "different" | "atLeast" | "divides";
  readonly a: Tree;
  readonly b: Tree;
}

export interface Variable {
  readonly name: string;
  readonly lower: -2 | 0 | 1;
  readonly time: "build" | "run";
}

export interface Case {
  readonly variables: readonly Variable[];
  readonly facts: readonly Fact[];
  readonly a: Tree;
  readonly b: Tree;
  /** Whether the conditions for `a` and `b` to have a value are stated as facts, as a checker does. */
  readonly states: boolean;
}

export type Random = () => number;

/** mulberry32 */
export function random(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (rand: Random, n: number): number => Math.floor(rand() * n);

export function pick<T>(rand: Random, items: readonly [T, ...T[]]): T {
  return items[below(rand, items.length)] ?? items[0];
}

const int = (n: number): Tree => ({ op: "int", n });
const variable = (name: string): Tree => ({ op: "var", name });
const node = (op: BinaryOp, a: Tree, b: Tree): Tree => ({ op, a, b });
const isInt = (t: Tree): t is Tree & { op: "int" } => t.op === "int";

export function makeCase(seed: number): Case {
  const rand = random(seed);
  const count = 1 + below(rand, 4);
  const variables = ["h", "w", "c", "r"].slice(0, count).map((name): Variable => ({
    name,
    lower: pick(rand, [1, 1, 1, 1, 1, 1, 0, -2]),
    time: rand() < 0.5 ? "build" : "run",
  }));
  const names = variables.map((v) => v.name) as [string, ...string[]];
  const facts = Array.from({ length: pick(rand, [0, 0, 0, 1, 1, 2, 3]) }, () => makeFact(rand, names));
  const [a, b] = makePair(rand, names, facts);
  return { variables, facts, a, b, states: rand() < 0.7 };
}

/** Returns two sides of a fact in the same context, or a tree and a variation of it. */
function makePair(rand: Random, names: readonly [string, ...string[]], facts: readonly Fact[]): [Tree, Tree] {
  const fact = facts[below(rand, facts.length)];
  if (fact === undefined || rand() < 0.65) {
    const a = makeTree(rand, names, 1 + below(rand, 4));
    return [a, makePartner(rand, names, facts, a)];
  }
  const m = makeTree(rand, names, 1 + below(rand, 2));
  const k = int(pick(rand, [2, 3, 4, 8]));
  const surround = pick<(t: Tree) => Tree>(rand, [
    (t) => t,
    (t) => node("*", t, m),
    (t) => node("*", m, t),
    (t) => node("-", t, m),
    (t) => node("-", m, t),
    (t) => node("+", node("*", k, t), m),
    (t) => node("floor", t, k),
    (t) => node("ceil", node("+", t, m), k),
    (t) => node("/", node("*", t, m), k),
  ]);
  return [surround(fact.a), somewhere(rand, surround(fact.b), (t) => preserved(rand, names, facts, t))];
}

function makeFact(rand: Random, names: readonly [string, ...string[]]): Fact {
  const x = variable(pick(rand, names));
  const y = variable(pick(rand, names));
  const k = int(pick(rand, [2, 2, 3, 4, 8, 32]));
  const tree = makeTree(rand, names, 1 + below(rand, 2));
  const make: readonly [() => Fact, ...(() => Fact)[]] = [
    () => ({ kind: "equal", a: x, b: tree }),
    () => ({ kind: "equal", a: x, b: node("*", k, y) }),
    () => ({ kind: "equal", a: node("*", k, x), b: node("*", int(3), y) }),
    () => ({ kind: "equal", a: node("floor", x, k), b: tree }),
    () => ({ kind: "different", a: x, b: rand() < 0.5 ? int(below(rand, 3)) : y }),
    () => ({ kind: "different", a: tree, b: y }),
    () => ({ kind: "different", a: node("*", x, y), b: tree }),
    () => ({ kind: "atLeast", a: node("floor", x, k), b: y }),
    () => ({ kind: "atLeast", a: y, b: node("ceil", x, k) }),
    () => ({ kind: "atLeast", a: node("*", x, y), b: tree }),
    () => ({ kind: "atLeast", a: x, b: rand() < 0.5 ? int(below(rand, 6)) : y }),
    () => ({ kind: "atLeast", a: int(below(rand, 6)), b: x }),
    () => ({ kind: "atLeast", a: tree, b: y }),
    () => ({ kind: "divides", a: x, b: k }),
    () => ({ kind: "divides", a: x, b: y }),
    () => ({ kind: "divides", a: tree, b: k }),
    () => ({ kind: "divides", a: node("+", x, y), b: k }),
    () => ({ kind: "divides", a: node("*", x, tree), b: k }),
    () => ({ kind: "divides", a: node("*", k, x), b: y }),
    () => ({ kind: "divides", a: x, b: node("*", k, y) }),
  ];
  return pick(rand, make)();
}

function makeTree(rand: Random, names: readonly [string, ...string[]], depth: number): Tree {
  if (depth <= 0 || rand() < 0.1) {
    const chance = rand();
    if (chance < 0.15) return node("-", variable(pick(rand, names)), variable(pick(rand, names)));
    return chance < 0.8 ? variable(pick(rand, names)) : int(below(rand, 5));
  }
  const part = () => makeTree(rand, names, depth - 1);
  const literal = () => int(pick(rand, [2, 2, 3, 4, 8]));
  const divisor = (): Tree => {
    const chance = rand();
    return chance < 0.6 ? literal() : chance < 0.9 ? variable(pick(rand, names)) : part();
  };
  const op = pick<BinaryOp>(rand, ["+", "+", "-", "-", "*", "*", "/", "floor", "floor", "ceil", "ceil", "%"]);
  if (op === "+" || op === "-") return node(op, part(), rand() < 0.3 ? int(1 + below(rand, 4)) : part());
  if (op === "*") return rand() < 0.5 ? node(op, literal(), part()) : node(op, part(), part());
  return node(op, part(), divisor());
}

/** Returns a second expression that is often the same, often nearly so. */
function makePartner(rand: Random, names: readonly [string, ...string[]], facts: readonly Fact[], a: Tree): Tree {
  const chance = rand();
  if (chance < 0.1) return makeTree(rand, names, 1 + below(rand, 3));
  let b = a;
  for (let i = below(rand, 4); i >= 0; i--) b = somewhere(rand, b, (t) => preserved(rand, names, facts, t));
  if (chance < 0.45) return b;
  if (chance < 0.7) return somewhere(rand, b, (t) => disturbed(rand, names, t));
  const more = pick(rand, [
    int(1),
    int(2),
    variable(pick(rand, names)),
    node("ceil", variable(pick(rand, names)), int(2)),
  ]);
  return node(rand() < 0.5 ? "+" : "-", b, more);
}

function somewhere(rand: Random, t: Tree, change: (t: Tree) => Tree): Tree {
  if (!("a" in t) || rand() < 0.35) return change(t);
  return rand() < 0.6 ? { ...t, a: somewhere(rand, t.a, change) } : { ...t, b: somewhere(rand, t.b, change) };
}

/** Returns a tree with the same value wherever both have one. */
function preserved(rand: Random, names: readonly [string, ...string[]], facts: readonly Fact[], t: Tree): Tree {
  const k = int(pick(rand, [2, 3, 4]));
  const v = variable(pick(rand, names));
  const one = int(1);
  const ways: Tree[] = [
    node("-", node("+", t, v), v),
    node("/", node("*", t, k), k),
    node("floor", node("*", k, t), k),
  ];
  for (const { kind, a, b } of facts) if (kind === "equal" && same(a, t)) ways.push(b, b, b);
  if (!("a" in t)) return pick(rand, [t, ...ways]);
  const { op, a, b } = t;
  if (op === "+" || op === "*") ways.push(node(op, b, a));
  if (op === "*" && "a" in a && (a.op === "+" || a.op === "-"))
    ways.push(node(a.op, node("*", a.a, b), node("*", a.b, b)));
  if (op === "*" && "a" in b && (b.op === "+" || b.op === "-"))
    ways.push(node(b.op, node("*", a, b.a), node("*", a, b.b)));
  if (op === "%") ways.push(node("-", a, node("*", b, node("floor", a, b))));
  if (op === "/") ways.push(node("floor", a, b), node("ceil", a, b));
  if (op === "floor") ways.push(node("-", node("floor", node("+", a, node("*", b, v)), b), v));
  if (op === "floor" && "a" in a && a.op === "floor" && isInt(b)) ways.push(node("floor", a.a, node("*", a.b, b)));
  if (op === "ceil" && "a" in a && a.op === "ceil" && isInt(b)) ways.push(node("ceil", a.a, node("*", a.b, b)));
  if (op === "ceil") ways.push(node("-", int(0), node("floor", node("-", int(0), a), b)));
  if (op === "ceil" && !("a" in b)) ways.push(node("floor", node("+", a, node("-", b, one)), b));
  if (op === "ceil" && !("a" in b)) ways.push(node("+", node("floor", node("-", a, one), b), one));
  if (op === "floor" && isInt(b)) ways.push(node("ceil", node("-", a, int(b.n - 1)), b));
  return pick(rand, [t, ...ways]);
}

/** Returns a tree with nearly the same value. */
function disturbed(rand: Random, names: readonly [string, ...string[]], t: Tree): Tree {
  if (t.op === "int") return int(t.n + 1);
  if (t.op === "var") return pick(rand, [variable(pick(rand, names)), node("+", t, int(1)), node("*", int(2), t)]);
  const { op, a, b } = t;
  const ways: [Tree, ...Tree[]] = [node("*", node("floor", t, int(2)), int(2))];
  if (op === "floor") ways.push(node("ceil", a, b), node("floor", node("+", a, int(1)), b));
  if (op === "ceil") ways.push(node("floor", a, b), node("+", node("floor", a, b), int(1)));
  if (op === "/") ways.push(node("floor", node("+", a, int(1)), b));
  if ((op === "floor" || op === "ceil") && "a" in a && a.op === "+")
    ways.push(node("+", node(op, a.a, b), node(op, a.b, b)));
  if (op === "-") ways.push(node("-", b, a));
  if (op === "*") ways.push(node("+", a, b));
  return pick(rand, ways);
}

export const same = (x: Tree, y: Tree): boolean => JSON.stringify(x) === JSON.stringify(y);

export type Assignment = ReadonlyMap<string, bigint>;

/** Returns the value by the plain meaning of the operators; undefined if a division is not exact or by 0. */
export function valueOf(t: Tree, at: Assignment): bigint | undefined {
  if (t.op === "int") return BigInt(t.n);
  if (t.op === "var") return at.get(t.name);
  const [a, b] = [valueOf(t.a, at), valueOf(t.b, at)];
  if (a === undefined || b === undefined) return undefined;
  if (t.op === "+") return a + b;
  if (t.op === "-") return a - b;
  if (t.op === "*") return a * b;
  if (t.op === "/") return exactly(a, b);
  const floor = floored(a, b);
  if (floor === undefined) return undefined;
  const rest = a - b * floor;
  if (t.op === "%") return rest;
  return t.op === "ceil" && rest !== 0n ? floor + 1n : floor;
}

export const exactly = (a: bigint, b: bigint): bigint | undefined => (b === 0n || a % b !== 0n ? undefined : a / b);

/** ⌊a / b⌋ */
export function floored(a: bigint, b: bigint): bigint | undefined {
  if (b === 0n) return undefined;
  const rest = a % b;
  return a / b - (rest !== 0n && rest < 0n !== b < 0n ? 1n : 0n);
}

export function holds({ kind, a, b }: Fact, at: Assignment): boolean {
  const [x, y] = [valueOf(a, at), valueOf(b, at)];
  if (x === undefined || y === undefined) return false;
  if (kind === "equal") return x === y;
  if (kind === "different") return x !== y;
  return kind === "atLeast" ? x >= y : y !== 0n && x % y === 0n;
}

/** Returns the conditions for a tree to have a value, inner parts first: exact divisions, and divisors other than 0. */
export function needs(t: Tree): Fact[] {
  if (!("a" in t)) return [];
  const inner = [...needs(t.a), ...needs(t.b)];
  if (t.op === "/") return [...inner, { kind: "divides", a: t.a, b: t.b }];
  const divides = t.op === "floor" || t.op === "ceil" || t.op === "%";
  return divides && !(isInt(t.b) && t.b.n > 0) ? [...inner, { kind: "different", a: t.b, b: int(0) }] : inner;
}

/** Returns assignments that satisfy all facts: small ones, random ones, and solutions of `variable = tree`. */
export function admissible({ variables, facts }: Case, rand: Random, count: number): Assignment[] {
  const found: Assignment[] = [];
  const values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24, 32, 33, 64, 96, 100, 128, 1000] as const;
  const scales = [3, 5, 12, values.length];
  for (let attempt = 0; attempt < 8 * count && found.length < count; attempt++) {
    const scale = scales[attempt % scales.length] ?? 5;
    const at = new Map(
      variables.map((v) => [
        v.name,
        BigInt(Math.max(v.lower, (values[below(rand, scale)] ?? 1) + Math.min(0, v.lower))),
      ]),
    );
    for (let round = 0; round < 2; round++) {
      for (const { kind, a, b } of facts) {
        const [x, y] = [valueOf(a, at), valueOf(b, at)];
        if (a.op !== "var" || x === undefined || y === undefined) continue;
        if (kind === "equal") at.set(a.name, y);
        if (kind === "divides" && y > 0n) at.set(a.name, x * y);
        if (kind === "atLeast" && x < y) at.set(a.name, y);
      }
    }
    if (variables.every((v) => (at.get(v.name) ?? -9n) >= BigInt(v.lower)) && facts.every((f) => holds(f, at)))
      found.push(at);
  }
  return found;
}

export function text(t: Tree): string {
  if (t.op === "int") return String(t.n);
  if (t.op === "var") return t.name;
  return t.op === "floor" || t.op === "ceil"
    ? `${t.op}(${text(t.a)} / ${text(t.b)})`
    : `(${text(t.a)} ${t.op} ${text(t.b)})`;
}
