/** @file When two operators may be exchanged: the theorem on which the optimizer rests. */
import type { Trait } from "../ir/trait.ts";
import type { Axis } from "../ir/type.ts";

/** Why two operators may be exchanged. */
export type Exchange =
  /** Both are linear, and sums over different axes may be done in either order (Fubini). */
  | "linear"
  /** One is linear with a constant, the other is linear and keeps constants. */
  | "affine"
  /** One only chooses elements, so that the other, whatever it is, computes the same elements. */
  | "gather"
  /** One takes the largest elements, and the other keeps their order. */
  | "largest"
  /** The outer one is linear with a constant that the inner one does not keep: only its linear part is exchanged. */
  | "linear part";

/** Why they may not. */
export type Obstacle = "axes" | "not linear" | "constant";

const isLinear = ({ is }: Trait) => is === "linear" || is === "gather";
const isAffine = (trait: Trait) => isLinear(trait) || trait.is === "affine";
const isUnit = ({ is, unit }: Trait) => is === "gather" || unit === true;

function isApart(axes: readonly Axis[], others: readonly Axis[]): boolean {
  return !axes.some((axis) => others.includes(axis));
}

/**
 * Whether outer(inner(x)) = inner(outer(x)) for every x. Let outer act on A and make A' of it, varying along D, and inner act
 * on B and make B', varying along E. If A and A' are disjoint from B, B' and E, and B and B' from A, A' and D, each of the
 * two acts on rows that the other does not mix, and the rest is about single matrices F of outer and G of inner:
 * - linear F and G: the sums over A and B exchange
 * - F affine with the constant t, G linear with G(1) = 1: G(F x + t) = F(G x) + t, because t is constant over B; the same
 *   with F and G exchanged
 * - G chooses elements: the rows of x that F sees are chosen, and F sees each of them as before
 * - G takes the largest, F acts on single elements and keeps their order: the largest stays the largest
 */
export function exchange(outer: Trait, inner: Trait): Exchange | Obstacle {
  const own = [...outer.from, ...outer.to];
  const others = [...inner.from, ...inner.to];
  if (!isApart(own, [...others, ...(inner.along ?? [])]) || !isApart(others, outer.along ?? [])) return "axes";
  if (inner.is === "gather" || outer.is === "gather") return "gather";
  if (isLinear(outer) && isLinear(inner)) return "linear";
  if (isAffine(outer) && isAffine(inner)) {
    if (isLinear(inner) && isUnit(inner)) return "affine";
    if (isLinear(outer) && isUnit(outer)) return "affine";
    return isLinear(inner) ? "linear part" : "constant";
  }
  const keepsOrder = (one: Trait, other: Trait) => one.rising === true && other.is === "largest";
  return keepsOrder(outer, inner) || keepsOrder(inner, outer) ? "largest" : "not linear";
}

export const isObstacle = (found: Exchange | Obstacle): found is Obstacle =>
  found === "axes" || found === "not linear" || found === "constant";
