/** @file Sums of several terms: equal maps are applied once, and products are joined into one where that is cheaper. */
import type { Node, Value } from "../ir/graph.ts";
import type { Axis } from "../ir/type.ts";
import { add } from "../ops/elementwise.ts";
import type { Algebra } from "./algebra.ts";
import { isAlike } from "./compose.ts";
import { alongOf, traitOf, type Application, type Mapping, type MatrixMap, type Maps } from "./map.ts";
import type { SearchTools } from "./tools.ts";
import type { Move, Way } from "./way.ts";

/** A term that is a product of `x`. */
interface Product {
  readonly map: MatrixMap;
  readonly x: Value;
}

/** Terms that are one map of several tensors. */
interface Group {
  readonly term: Value;
  readonly map: Mapping | undefined;
  readonly inner: Value[];
}

/** Terms of one sum that are looked at together. */
const mostTerms = 16;

export class Sums {
  readonly #algebra: Algebra;
  readonly #maps: Maps;
  readonly #laws: SearchTools["laws"];
  readonly #isPaid: (value: Value) => boolean;
  readonly #isShared: (value: Value) => boolean;

  constructor(
    { algebra, maps, laws }: SearchTools,
    isPaid: (value: Value) => boolean,
    isShared: (value: Value) => boolean,
  ) {
    this.#algebra = algebra;
    this.#maps = maps;
    this.#laws = laws;
    this.#isPaid = isPaid;
    this.#isShared = isShared;
  }

  /** Other ways to compute a sum that the author wrote. */
  *ways(value: Value): Generator<Way> {
    if (!this.#isSum(value)) return;
    yield* this.collected(this.terms(value), [], { at: value });
  }

  /** The terms of a sum that the author wrote, those with most axes first. */
  terms(value: Value): readonly Value[] {
    return this.#flat([value], value);
  }

  /**
   * Ways to add these values: one after the other, with equal maps collected, and with products joined, but not
   * those that come from the parts of one concat just as they were `together`.
   */
  *collected(
    values: readonly Value[],
    moves: readonly Move[],
    { at, together = [] }: { readonly at?: Value; readonly together?: readonly Value[] } = {},
  ): Generator<Way> {
    const terms = this.#flat(values);
    const groups = this.#groups(terms);
    const isCollected = groups.length < terms.length;
    const collected = groups.map((group) => this.#applied(group));
    const plain = this.#sum(collected);
    const gathered: Move[] = isCollected ? [{ rule: "collect", of: at ?? plain, at: plain }] : [];
    yield { value: plain, moves: [...moves, ...gathered] };
    // Maps that make less than they take are cheaper each on its own than after a sum.
    if (isCollected) yield { value: this.#sum(terms), moves };
    for (const joined of this.#joins(collected, new Set(together)))
      yield { value: joined, moves: [...moves, ...gathered, { rule: "join", of: at ?? plain, at: joined }] };
  }

  #isSum(value: Value): value is Node {
    if (value.kind !== "node" || value.op.name !== add.name || value.type.dtype !== "f32") return false;
    return value.inputs.every((input) => !this.#algebra.isLoaded(input) && input.kind !== "constant");
  }

  /** The terms of nested sums, those with most axes first. What is needed elsewhere stays one term. */
  #flat(values: readonly Value[], opened?: Value): readonly Value[] {
    const terms: Value[] = [];
    const seen = new Set<Value>();
    const open = [...values].reverse();
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      // A sum that is met again has several users. Opened each time, it would double its terms with every sum around it.
      const opens = !seen.has(value) && terms.length + open.length < mostTerms;
      seen.add(value);
      if (opens && this.#isSum(value) && (value === opened || !(this.#isPaid(value) || this.#isShared(value))))
        open.push(...value.inputs.toReversed());
      else terms.push(value);
    }
    return terms.toSorted((a, b) => b.type.axes.size - a.type.axes.size);
  }

  #sum(terms: readonly Value[]): Value {
    return this.#algebra.sum(terms.toSorted((a, b) => b.type.axes.size - a.type.axes.size));
  }

  /** S y1 + S y2 = S (y1 + y2), for a linear S. Values are interned, so that S is the same if it makes the same value. */
  #groups(terms: readonly Value[]): readonly Group[] {
    const groups: Group[] = [];
    for (const term of terms) {
      const applications = this.#linear(term);
      const joined = applications.flatMap(({ map: own, x }) => {
        const group = groups.find(
          ({ map, inner }) => map !== undefined && mayBeSame(map, own) && this.#fits(map, inner, x, term),
        );
        return group === undefined ? [] : [{ group, x }];
      })[0];
      if (joined !== undefined) {
        joined.group.inner.push(joined.x);
        continue;
      }
      // Of several maps, any may be the one that a later term shares; the first is as good as any.
      const [own] = applications;
      groups.push({ term, map: own?.map, inner: own === undefined ? [] : [own.x] });
    }
    return groups;
  }

  #linear(term: Value): readonly Application[] {
    return this.#maps.of(term).filter(({ map }) => {
      const { is } = traitOf(map);
      return (is === "linear" || is === "gather") && term.type.dtype === "f32";
    });
  }

  #fits(map: Mapping, inner: readonly Value[], x: Value, term: Value): boolean {
    return hasSameSizes(inner[0]!, x) && this.#maps.on(map, x) === term;
  }

  #applied({ term, map, inner }: Group): Value {
    return map === undefined || inner.length === 1 ? term : this.#maps.on(map, this.#sum(inner))!;
  }

  /**
   * M1 x1 + S M2 x2 = [M1 M2] [x1, S x2], for a linear S that exchanges with M2: instead of sums over many elements, one
   * product of few. Tries the narrowest two, three and so on, but not those that were `together` before.
   */
  *#joins(terms: readonly Value[], together: ReadonlySet<Value>): Generator<Value> {
    const products = terms.flatMap((term, index) => {
      // What is needed anyway costs nothing as it is.
      const product = this.#isPaid(term) ? undefined : this.#product(term);
      return product === undefined ? [] : [{ ...product, index }];
    });
    const [first] = products;
    const [axis, ...others] = first?.map.from ?? [];
    if (first === undefined || axis === undefined || others.length > 0) return;
    const alike = products
      .filter(({ map, x }) => isAlike(map, first.map) && hasSameSizes(x, first.x, axis))
      .map((product) => ({ ...product, width: this.#width(product.x, axis) }))
      .sort((a, b) => (a.width === b.width ? a.index - b.index : a.width < b.width ? -1 : 1));
    for (const count of counts(2, alike.length)) {
      const joined = alike.slice(0, count);
      if (joined.every(({ index }) => together.has(terms[index]!))) continue;
      const map = this.#laws.joinOf(
        this.#algebra,
        joined.map((product) => product.map),
        axis,
      );
      const x = this.#algebra.concat(
        joined.map((product) => product.x),
        axis,
      );
      const product = this.#maps.on(map, x);
      if (product === undefined) continue;
      const rest = terms.filter((_, index) => !joined.some((one) => one.index === index));
      yield this.#sum([product, ...rest]);
    }
  }

  /** A term as a product, after the maps around the product were moved before it. */
  #product(term: Value): Product | undefined {
    const direct = this.#matrix(term);
    if (direct !== undefined) return direct;
    for (const outer of this.#maps.of(term)) {
      const inner = outer.map.kind === "operator" ? this.#matrix(outer.x) : undefined;
      if (inner === undefined) continue;
      const found = this.#laws.exchange(traitOf(outer.map), traitOf(inner.map));
      if (found !== "linear" && found !== "affine" && found !== "gather") continue;
      const x = this.#maps.on(outer.map, inner.x);
      if (x !== undefined) return { map: inner.map, x };
    }
    return undefined;
  }

  #matrix(value: Value): Product | undefined {
    for (const { map, x } of this.#maps.of(value))
      if (map.kind === "matrix" && map.from.length > 0 && alongOf(map).length === 0) return { map, x };
    return undefined;
  }

  #width(x: Value, axis: Axis): bigint {
    return this.#algebra.builder.sizes.constant(x.type.axes.get(axis)!)!;
  }
}

/** Whether two linear maps, made of different nodes, may be one: a comparison that makes no node. */
function mayBeSame(a: Mapping, b: Mapping): boolean {
  if (a.kind === "matrix") return b.kind === "matrix" && a.weight === b.weight;
  return b.kind === "operator" && a.node.op === b.node.op && a.input === b.input;
}

/** Some of the numbers from `first` to `last`, which is one of them: all small ones, and a few of those that are larger. */
export function* counts(first: number, last: number): Generator<number> {
  for (let count = first; count < last; count += Math.max(1, count >> 1)) yield count;
  if (first <= last) yield last;
}

/** Whether two values have the same axes and sizes, apart from one axis. */
function hasSameSizes(a: Value, b: Value, except?: Axis): boolean {
  if (a.type.dtype !== b.type.dtype || a.type.axes.size !== b.type.axes.size) return false;
  return [...a.type.axes].every(([axis, size]) => axis === except || b.type.axes.get(axis) === size);
}
