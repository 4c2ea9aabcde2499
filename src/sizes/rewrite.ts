/** @file Rebuilds a size with other variables, or under the facts of a world. */
import { add, divide, mul, ofAtom, power, reciprocal, scale } from "./arithmetic.ts";
import { normalCeil, normalFloor } from "./floor.ts";
import { NOTHING, Knowledge } from "./knowledge.ts";
import { ratio } from "./rational.ts";
import type { Atom, Size } from "./size.ts";

/** Returns `s` under the solved equalities, divisibilities and bounds of a world. */
export function rewrite(world: Knowledge, s: Size): Size {
  const { pool } = world;
  const changed = new Map<Atom, Size>();
  for (const { monomial } of s.terms) {
    for (const { atom } of monomial.factors) {
      const result = rewriteAtom(world, atom);
      if (result !== ofAtom(pool, atom)) changed.set(atom, result);
    }
  }
  if (changed.size === 0) return s;
  let sum = pool.zero;
  for (const { monomial, coefficient } of s.terms) {
    const kept = pool.monomial(monomial.factors.filter((f) => !changed.has(f.atom)));
    let product = scale(pool, pool.one, ratio(coefficient, s.over), kept);
    for (const { atom, power: exponent } of monomial.factors) {
      const value = changed.get(atom);
      if (value === undefined) continue;
      const factor = power(pool, value, Math.abs(exponent));
      product = exponent < 0 ? divide(pool, product, factor) : mul(pool, product, factor);
    }
    sum = add(pool, sum, product);
  }
  return sum;
}

function rewriteAtom(world: Knowledge, atom: Atom): Size {
  const known = world.rewritten.get(atom);
  if (known !== undefined) return known;
  const { pool } = world;
  const result =
    atom.kind === "variable"
      ? (world.known.solved.get(atom.variable) ?? ofAtom(pool, atom))
      : atom.kind === "floor"
        ? normalFloor(world, rewrite(world, atom.of))
        : reciprocal(pool, rewrite(world, atom.of));
  world.rewritten.set(atom, result);
  return result;
}

/** Makes each floor and its mirror image ⌊x⌋ = −⌊−x + 1 − 1/k⌋ one atom. This proves more equalities but reads no better. */
export function reflected(world: Knowledge, s: Size): Size {
  const { pool } = world;
  let result = s;
  for (const { monomial } of s.terms) {
    for (const { atom } of monomial.factors) {
      if (atom.kind !== "floor") continue;
      const mirror = scale(pool, normalCeil(world, scale(pool, atom.of, ratio(-1n))), ratio(-1n));
      const image = mirror.terms.flatMap((t) => t.monomial.factors).find((f) => f.atom.kind === "floor")?.atom;
      if (image === undefined || image.id >= atom.id) continue;
      const mirrored = new Knowledge(pool, NOTHING);
      mirrored.rewritten.set(atom, mirror);
      result = rewrite(mirrored, result);
    }
  }
  return result;
}
