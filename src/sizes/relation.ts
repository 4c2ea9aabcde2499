/** @file A relation between two sizes: a fact of a world, a requirement on a caller, or a check of a built model. */
import { coefficientOf, rationalValue } from "./arithmetic.ts";
import type { Size, SizeVar } from "./size.ts";
import type { Sizes } from "./sizes.ts";

/** `a op b`. `divides` means that a is not 0 and b is a multiple of a. */
export interface Relation {
  readonly op: "==" | "!=" | ">=" | "divides";
  readonly a: Size;
  readonly b: Size;
}

/** Alternatives: all conditions of at least one of them hold. They may be nested, and are never multiplied out. */
export interface Either<R extends Relation = Relation> {
  readonly op: "or";
  readonly of: readonly (readonly Condition<R>[])[];
}

export type Condition<R extends Relation = Relation> = R | Either<R>;

/** Returns the relations in a condition. */
export const relationsOf = (condition: Condition): readonly Relation[] =>
  condition.op === "or" ? condition.of.flat().flatMap(relationsOf) : [condition];

export const variablesOf = (condition: Condition): readonly SizeVar[] =>
  relationsOf(condition).flatMap(({ a, b }) => [...a.variables, ...b.variables]);

/** The operators that an author writes between two sizes. */
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** For each comparison, the one that holds exactly where it does not. */
export const opposite: Readonly<Record<Comparison, Comparison>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** A relation whose negation is also a relation. */
export type Comparable = Relation & { readonly op: "==" | "!=" | ">=" };

/** Writes `<`, `<=` and `>` as `>=`. A strict comparison moves its 1 to the author's left side, where `printRelation` recognises it. */
export function readRelation(sizes: Sizes, op: Comparison, a: Size, b: Size): Comparable {
  const one = sizes.int(1);
  switch (op) {
    case "<":
      return { op: ">=", a: b, b: sizes.add(a, one) };
    case "<=":
      return { op: ">=", a: b, b: a };
    case ">":
      return { op: ">=", a: sizes.sub(a, one), b };
    default:
      return { op, a, b };
  }
}

/** Returns the relation that holds exactly where this one does not, for sizes that have a value. */
export function negate(sizes: Sizes, { op, a, b }: Comparable): Comparable {
  if (op !== ">=") return { op: op === "==" ? "!=" : "==", a, b };
  const one = sizes.int(1);
  // The negation of `<` is `>=` between the same sides.
  return constantTerm(sizes, b) === 1n ? { op, a: sizes.sub(b, one), b: a } : { op, a: b, b: sizes.add(a, one) };
}

/** Applies `put` to both sides. */
export const substitute = <R extends Relation>(relation: R, put: (size: Size) => Size): R => ({
  ...relation,
  a: put(relation.a),
  b: put(relation.b),
});

export const isSame = (one: Relation, other: Relation): boolean =>
  one.op === other.op && one.a === other.a && one.b === other.b;

/** Prints a relation in the language's syntax: `r divides c`, `c < 4`. */
export function printRelation(sizes: Sizes, relation: Relation): string {
  const { left, sign, right } = spell(sizes, relation);
  return `${sizes.print(left)} ${sign} ${sizes.print(right)}`;
}

interface Spelling {
  readonly left: Size;
  readonly sign: Relation["op"] | Comparison;
  readonly right: Size;
}

/** Returns the shortest way to write a relation: `h >= 205` rather than `h - 204 >= 1`, `c < 4` rather than `4 >= c + 1`. */
export function spell(sizes: Sizes, { op, a, b }: Relation): Spelling {
  if (op !== ">=") return { left: a, sign: op, right: b };
  const one = sizes.int(1);
  const ways: Spelling[] = [isLater(a, b) ? { left: b, sign: "<=", right: a } : { left: a, sign: ">=", right: b }];
  // Instead of `h > 1` for `h - 1 >= 1`, `h >= 2` is offered below.
  if (constantTerm(sizes, a) === -1n && b !== one) ways.push({ left: sizes.add(a, one), sign: ">", right: b });
  if (constantTerm(sizes, b) === 1n) ways.push({ left: sizes.sub(b, one), sign: "<", right: a });
  const difference = sizes.sub(a, b);
  const offset = constantTerm(sizes, difference);
  if (offset !== undefined) {
    const number = sizes.int(offset);
    const rest = sizes.sub(difference, number);
    const isNegative = rest.terms.every(({ coefficient }) => coefficient < 0n);
    if (isNegative) ways.push({ left: sizes.neg(rest), sign: "<=", right: number });
    else ways.push({ left: rest, sign: ">=", right: sizes.neg(number) });
  }
  const length = ({ left, sign, right }: Spelling) => `${sizes.print(left)}${sign}${sizes.print(right)}`.length;
  return ways.reduce((shortest, way) => (length(way) < length(shortest) ? way : shortest));
}

/** Whether `a` is a number, or its first variable was introduced after that of `b`. */
function isLater(a: Size, b: Size): boolean {
  const first = ({ variables }: Size) => Math.min(...[...variables].map(({ order }) => order));
  return first(a) > first(b);
}

/** Returns the constant term of a size with variables; undefined if it has no variables, or the term is not an integer. */
function constantTerm(sizes: Sizes, s: Size): bigint | undefined {
  if (rationalValue(s) !== undefined) return undefined;
  const constant = coefficientOf(s, sizes.pool.unit);
  return constant % s.over === 0n ? constant / s.over : undefined;
}
