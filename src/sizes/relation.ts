/** @file A relation between two sizes: a fact of a world, a requirement on a caller, or a check of a built model. */
import { coefficientOf, contentOf, rationalValue } from "./arithmetic.ts";
import { tightened, withoutFloor } from "./learn.ts";
import { gcd } from "./rational.ts";
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

/** Prints a relation in the language's syntax: `c % r == 0`, `c < 4`. */
export function printRelation(sizes: Sizes, relation: Relation): string {
  if (relation.op === "divides") return printDivision(sizes, relation);
  const { left, sign, right } = spell(sizes, relation);
  return `${sizes.print(left)} ${sign} ${sizes.print(right)}`;
}

/** Prints `c % r == 0` for 2·r and 2·c. */
function printDivision(sizes: Sizes, { a, b }: Relation): string {
  const common = sizes.int(gcd(contentOf(a), contentOf(b)));
  const [divisor, dividend] = [a, b].map((size) => {
    const text = sizes.print(common === sizes.int(0) ? size : sizes.divide(size, common));
    return /^(\w+|\w+\([^()]*\))$/.test(text) ? text : `(${text})`;
  });
  return `${dividend} % ${divisor} == 0`;
}

interface Spelling {
  readonly left: Size;
  readonly sign: Relation["op"] | Comparison;
  readonly right: Size;
}

/** Returns the shortest way to write a relation: `h >= 205` rather than `floor((h - 4)/2) - 99 >= 1`, `c < 4` rather than `4 >= c + 1`. */
export function spell(sizes: Sizes, { op, a, b }: Relation): Spelling {
  if (op !== ">=") return { left: a, sign: op, right: b };
  const one = sizes.int(1);
  const ways: Spelling[] = [isLater(a, b) ? { left: b, sign: "<=", right: a } : { left: a, sign: ">=", right: b }];
  // Instead of `h > 1` for `h - 1 >= 1`, `h >= 2` is offered below.
  if (constantTerm(sizes, a) === -1n && b !== one) ways.push({ left: sizes.add(a, one), sign: ">", right: b });
  if (constantTerm(sizes, b) === 1n) ways.push({ left: sizes.sub(b, one), sign: "<", right: a });
  const difference = sizes.sub(a, b);
  ways.push(...ofDifference(sizes, difference));
  // Without floors only a bound of one term is easier to read.
  for (const size of floorless(sizes, tightened(sizes.pool, difference)))
    ways.push(...ofDifference(sizes, size).filter(({ left }) => left.terms.length === 1));
  const length = ({ left, sign, right }: Spelling) => `${sizes.print(left)}${sign}${sizes.print(right)}`.length;
  return ways.reduce((shortest, way) => (length(way) < length(shortest) ? way : shortest));
}

/** Writes `difference >= 0` with its number on the right. */
function ofDifference(sizes: Sizes, difference: Size): Spelling[] {
  const offset = constantTerm(sizes, difference);
  if (offset === undefined) return [];
  const number = sizes.int(offset);
  const rest = sizes.sub(difference, number);
  const isNegative = rest.terms.every(({ coefficient }) => coefficient < 0n);
  if (isNegative) return [{ left: sizes.neg(rest), sign: "<=", right: number }];
  return [{ left: rest, sign: ">=", right: sizes.neg(number) }];
}

/** Returns sizes that are >= 0 exactly where `size` is, each with one floor less than the one before. */
function floorless(sizes: Sizes, size: Size): readonly Size[] {
  const [next] = withoutFloor(sizes.nothing, size);
  return next === undefined ? [size] : [size, ...floorless(sizes, tightened(sizes.pool, next))];
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
