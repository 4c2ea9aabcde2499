/** @file The search: the cheapest value that is equal to a given one, by exchanging, merging, splitting and joining operators. */
import type { Node, Value } from "../ir/graph.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { add, sub } from "../ops/elementwise.ts";
import { concat } from "../ops/fusion.ts";
import { inputAxis } from "../ops/shared/layers.ts";
import { isOver, type Algebra } from "./algebra.ts";
import { changed } from "./compose.ts";
import type { GraphCosts } from "./cost.ts";
import { isObstacle } from "./exchange.ts";
import type { Laws } from "./laws.ts";
import { alongOf, isDiagonal, traitOf, type Application, type Mapping, type MatrixMap, type Maps } from "./map.ts";
import { counts, Sums } from "./sums.ts";
import type { SearchTools } from "./tools.ts";
import { movesOf, type Move, type Way } from "./way.ts";

/** An operand of a concat, which may leave it. */
export interface Leaving {
  readonly index: number;
  /** What a map of the whole concat costs less for this operand if it is applied to that alone. */
  readonly gain: number;
}

/** Values tried for one operator. Beyond, they stay as they are, so that hostile programs end. */
const mostTried = 500;

/** Sums and concats that are split within each other. Each doubles what is tried. */
const mostSplits = 3;

/** Operators between another one and a concat that it may go into after them. The walk branches at every sum. */
const mostBetween = 3;

export class Push {
  readonly #algebra: Algebra;
  readonly #maps: Maps;
  readonly #costs: GraphCosts<number>;
  readonly #sums: Sums;
  readonly #laws: Laws;
  readonly #mostWork: SearchTools["mostWork"];
  /** Whether a value is needed anyway, so that it costs nothing more. */
  readonly #isPaid: (value: Value) => boolean;
  /** Whether it has other users, here or elsewhere. */
  readonly #isShared: (value: Value) => boolean;
  /** The best way for each value tried, or the value itself while its ways are being tried. */
  readonly #known = new Map<Value, Way>();
  /** What values cost with all that they need. */
  readonly #totals = new Map<Value, number>();

  #splits = 0;

  constructor(
    { algebra, maps, costs, laws, mostWork }: SearchTools,
    isPaid: (value: Value) => boolean,
    isShared: (value: Value) => boolean = isPaid,
  ) {
    this.#algebra = algebra;
    this.#maps = maps;
    this.#costs = costs;
    this.#laws = laws;
    this.#mostWork = mostWork;
    this.#isPaid = isPaid;
    this.#isShared = (value) => isPaid(value) || isShared(value);
    this.#sums = new Sums({ algebra, maps, costs, laws, mostWork }, isPaid, isShared);
  }

  /** Returns the cheapest way found to compute a value; of equally cheap ones, the first. */
  best(value: Value): Way {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const asIs: Way = { value, moves: [] };
    this.#known.set(value, asIs);
    if (this.#known.size > mostTried || this.#isSpent()) return asIs;
    let best = asIs;
    for (const way of this.ways(value)) if (this.#cost(way.value) < this.#cost(best.value)) best = way;
    this.#known.set(value, best);
    return best;
  }

  /** Whether the graph took so much work that the rest stays as it is. */
  #isSpent(): boolean {
    return this.#algebra.asked > this.#mostWork.asked || this.#costs.walked > this.#mostWork.walked;
  }

  #cost(value: Value): number {
    let cost = this.#totals.get(value);
    if (cost === undefined) this.#totals.set(value, (cost = this.#costs.total([value], this.#isPaid)));
    return cost;
  }

  /** Every other way to compute a value by one rule, with the best ways for what that rule moved. */
  *ways(value: Value): Generator<Way> {
    for (const { map, x } of this.#maps.of(value)) {
      if (x.kind !== "node") continue;
      if (x.op.name === concat.name) yield* this.#overConcat(value, map, x);
      else if (this.#isSum(x)) yield* this.#overSum(value, map, x);
      else yield* this.#throughConcat(value, map, x);
      const shrinks = this.#costs.bytes(value.type) < this.#costs.bytes(x.type);
      for (const inner of this.#maps.of(x)) {
        yield* this.#merged(value, map, x, inner);
        yield* this.#exchanged(value, map, x, inner);
        if (shrinks) yield* this.#throughExchange(map, x, inner);
      }
    }
    yield* this.#sums.ways(value);
    yield* this.#contracted(value);
  }

  /**
   * Whether a map can do anything with what makes a part of a sum or concat. If it meets nothing, it is not worth being applied
   * twice, unless what it makes is smaller. Where the whole is shared, merging it with a product saves none.
   */
  protected meets(map: Mapping, x: Value, whole: Value, most = mostSplits): boolean {
    if (x.kind !== "node") return false;
    if (x.op.name === concat.name) return true;
    if (this.#isSum(x)) return most > 0 && x.inputs.every((input) => this.meets(map, input, whole, most - 1));
    return this.#maps.of(x).some((inner) => {
      if (this.#isFreeScale(x, inner.map)) return this.meets(map, inner.x, whole, most);
      if (map.kind === "matrix" && inner.map.kind === "matrix") {
        const scales = isDiagonal(map) || isDiagonal(inner.map);
        if (scales || !this.#isShared(whole)) return this.isSmaller(map, inner.map, x);
      } else if (this.#merges(map, inner.map)) return true;
      if (actsOnElements(map) && actsOnElements(inner.map)) return false;
      return !isObstacle(this.#laws.exchange(traitOf(map), traitOf(inner.map)));
    });
  }

  /** Whether a value is a scale that its product does for nothing, so that no other product saves anything by doing it. */
  #isFreeScale(value: Value, map: Mapping): boolean {
    if (map.kind !== "matrix" || !isDiagonal(map)) return false;
    let host = this.#costs.hostOf(value);
    const isHosted = host !== undefined;
    // A chain of scales ends at the product, which has no host.
    for (; host !== undefined; host = this.#costs.hostOf(host)) if (this.#isShared(host)) return false;
    return isHosted;
  }

  /** f(x) in its cheapest way; undefined if f cannot be applied to x. */
  #apply(map: Mapping, x: Value): Way | undefined {
    const direct = this.#maps.on(map, x);
    return direct && this.best(direct);
  }

  *#merged(value: Value, map: Mapping, x: Value, inner: Application): Generator<Way> {
    // A product does both scales for nothing, so that the two only gain what the products do.
    if (this.#isFreeScale(x, inner.map) && !this.meets(map, inner.x, x)) return;
    if (this.#isFreeScale(value, map) && this.best(x).value === x) return;
    const composed = this.#composed(map, x, inner);
    const way = composed && this.#apply(composed, inner.x);
    if (way !== undefined) yield { ...way, moves: [{ rule: "merge", of: value, at: x }, ...way.moves] };
  }

  *#contracted(value: Value): Generator<Way> {
    const made = this.#costs.profile.fastDots && this.#laws.contracted(this.#algebra, value);
    if (made === undefined) return;
    const way = this.best(made);
    yield { ...way, moves: [{ rule: "contract", of: value, at: (value as Node).inputs[0]! }, ...way.moves] };
  }

  /** Whether a map after another one may be one map by tensors. */
  #merges(outer: Mapping, inner: Mapping): boolean {
    if (outer.kind === "matrix") return inner.kind === "matrix" || this.#laws.isOfView(outer, inner);
    return inner.kind === "matrix" && this.#laws.isOfMade(outer, inner);
  }

  /** A map after another one as one map by tensors. */
  #composed(outer: Mapping, between: Value, { map: inner, x }: Application): MatrixMap | undefined {
    if (!this.#merges(outer, inner)) return undefined;
    if (outer.kind === "operator") return this.#laws.after(this.#algebra, this.#maps, outer, inner as MatrixMap);
    if (inner.kind === "operator") return this.#laws.before(this.#algebra, outer, inner, x);
    return this.isSmaller(outer, inner, between) ? this.#laws.compose(this.#algebra, outer, inner) : undefined;
  }

  /** Whether one product has fewer factors than two, of which the inner one may be needed anyway. */
  protected isSmaller(outer: MatrixMap, inner: MatrixMap, between: Value): boolean {
    if (isDiagonal(outer) || isDiagonal(inner)) return true;
    const { sizes } = this.#algebra.builder;
    const count = ({ weight }: MatrixMap, axes: readonly Axis[]) =>
      axes.reduce((product, axis) => product * sizes.constant(weight!.type.axes.get(axis)!)!, 1n);
    const [made, taken] = [count(outer, outer.to), count(inner, inner.from.map(inputAxis))];
    const middle = count(inner, inner.to);
    return made * taken <= middle * (made + (this.#isPaid(between) ? 0n : taken));
  }

  *#exchanged(value: Value, map: Mapping, x: Value, inner: Application): Generator<Way> {
    // Two operators on single elements cost the same in either order.
    if (map.kind === "operator" && actsOnElements(map) && actsOnElements(inner.map)) return;
    const [outerTrait, innerTrait] = [traitOf(map), traitOf(inner.map)];
    const found = this.#laws.exchange(outerTrait, innerTrait);
    if (found === "constant") yield* this.#besideConstant(value, map, x, inner);
    if (isObstacle(found)) return;
    const part = found === "linear part";
    // The constant of an operator that is no matrix is inside.
    if (part && map.kind !== "matrix") return;
    const moved = this.#apply(part ? this.#laws.linearPart(map as MatrixMap) : map, inner.x);
    const outside = moved && this.#maps.on(inner.map, moved.value);
    const constant = part ? (map as MatrixMap).bias : undefined;
    if (outside === undefined || !isOver(constant, axisNames(outside.type))) return;
    const whole = constant === undefined ? outside : this.#algebra.sum([outside, constant]);
    const why = { outer: outerTrait, inner: innerTrait, found };
    yield { value: whole, moves: [{ rule: "exchange", of: value, at: x, why }, ...moved!.moves] };
  }

  /** f(g(x) + t) = g(f(x)) + f(t), for a constant t that f does not keep; what f itself adds is added last. */
  *#besideConstant(value: Value, map: Mapping, x: Value, inner: Application): Generator<Way> {
    if (inner.map.kind !== "matrix" || inner.map.bias === undefined) return;
    const made = this.#laws.ofConstant(this.#algebra, map, inner.map.bias);
    const moved = made && this.#apply(map.kind === "matrix" ? this.#laws.linearPart(map) : map, inner.x);
    const outside = moved && this.#maps.on(this.#laws.linearPart(inner.map), moved.value);
    if (outside === undefined) return;
    const constants = [made!, map.kind === "matrix" ? map.bias : undefined].filter((one) => one !== undefined);
    if (!constants.every((one) => isOver(one, axisNames(outside.type)))) return;
    const move: Move = { rule: "exchange with constant", of: value, at: x };
    yield { value: this.#algebra.sum([outside, ...constants]), moves: [move, ...moved!.moves] };
  }

  /** f(g(h(x))) where g and h exchange: that alone may gain nothing, but then f meets the product h, and comes before it. */
  *#throughExchange(map: Mapping, x: Node, inner: Application): Generator<Way> {
    if (inner.x.kind !== "node" || !isObstacle(this.#laws.exchange(traitOf(map), traitOf(inner.map)))) return;
    for (const last of this.#maps.of(inner.x)) {
      if (last.map.kind !== "matrix" || isDiagonal(last.map)) continue;
      const met = this.#laws.exchange(traitOf(map), traitOf(last.map));
      if (isObstacle(met) && met !== "constant") continue;
      for (const turned of this.#exchanged(x, inner.map, inner.x, last)) {
        const way = this.#apply(map, turned.value);
        if (way !== undefined) yield { value: way.value, moves: [...turned.moves, ...way.moves] };
      }
    }
  }

  *#overConcat(value: Value, map: Mapping, x: Node): Generator<Way> {
    const { axis } = x.attributes as { readonly axis: string };
    if (map.kind === "matrix" && map.from.includes(axis)) yield* this.#splitConcat(value, map, x, axis);
    yield* this.#intoConcat(value, map, x, (direct) => this.best(direct));
  }

  /** f([x1, x2, …]) = [f x1, f x2, …], with a way for each. */
  *#intoConcat(value: Value, map: Mapping, x: Node, wayOf: (direct: Value) => Way): Generator<Way> {
    const { axis } = x.attributes as { readonly axis: string };
    const trait = traitOf(map);
    if (trait.from.includes(axis) || trait.to.includes(axis)) return;
    if (map.kind === "operator" && alongOf(map).includes(axis)) return;
    const direct = this.#parts(map, x, axis).map(({ part, input }) => this.#maps.on(part, input));
    if (!direct.every((one) => one !== undefined)) return;
    const ways = direct.map(wayOf);
    const whole = this.#algebra.concat(
      ways.map((way) => way.value),
      axis,
    );
    yield { value: whole, moves: movesOf({ rule: "into concat", of: value, at: x }, ways) };
  }

  /** f(g(concat)) where g goes into the concat: that alone gains nothing, but f may follow it. */
  *#throughConcat(value: Value, map: Mapping, x: Node): Generator<Way> {
    if (actsOnElements(map)) return;
    for (const inside of this.#asConcat(x))
      for (const way of this.#intoConcat(value, map, inside.value as Node, (direct) => this.best(direct)))
        yield { value: way.value, moves: [...inside.moves, ...way.moves] };
  }

  /** A value as a concat, after the operators between went into it as they are. */
  *#asConcat(value: Node, most = mostBetween): Generator<Way> {
    for (const { map, x } of this.#maps.of(value)) {
      if (x.kind !== "node" || most === 0) continue;
      const concats = x.op.name === concat.name ? [{ value: x, moves: [] }] : this.#asConcat(x, most - 1);
      for (const inside of concats)
        for (const way of this.#intoConcat(value, map, inside.value as Node, (direct) => ({
          value: direct,
          moves: [],
        })))
          yield { value: way.value, moves: [...inside.moves, ...way.moves] };
    }
  }

  /** The operands of a concat, each with the part of the map that meets it. */
  #parts(map: Mapping, x: Node, axis: string) {
    const { sizes } = this.#algebra.builder;
    let start = sizes.int(0);
    return x.inputs.map((input, index) => {
      const end = sizes.add(start, input.type.axes.get(axis)!);
      const part = map.kind === "matrix" ? this.#laws.partOf(this.#algebra, map, axis, start, end) : map;
      start = end;
      return { index, input, part };
    });
  }

  /** W [x1, x2, …] = W1 x1 + W2 x2 + …, for the operands that gain most; the others stay in the concat. */
  *#splitConcat(value: Value, map: MatrixMap, x: Node, axis: string): Generator<Way> {
    const parts = this.#splitting(() =>
      this.#parts(map, x, axis).flatMap(({ index, input, part }) => {
        const direct = this.#maps.on(part, input);
        if (direct === undefined) return [];
        const way = this.meets(part, input, x) ? this.best(direct) : { value: direct, moves: [] };
        return [{ index, input, part: part as MatrixMap, way, gain: this.#cost(direct) - this.#cost(way.value) }];
      }),
    );
    if (parts === undefined || parts.length < x.inputs.length) return;
    for (const leaving of this.leaving(parts)) {
      const rest = parts.filter((part) => !leaving.includes(part));
      const joined = rest.length === 0 ? [] : [this.#joined(map, rest, axis)];
      const first =
        rest.length > 0 ? undefined : this.#apply(changed(leaving[0]!.part, { bias: map.bias }), leaving[0]!.input);
      const ways =
        first === undefined ? leaving.map(({ way }) => way) : [first, ...leaving.slice(1).map(({ way }) => way)];
      if (!joined.every((way) => way !== undefined)) continue;
      const all = [...joined, ...ways];
      const moves = movesOf({ rule: "split concat", of: value, at: x }, all);
      yield* this.#sums.collected(
        all.map((way) => way.value),
        moves,
        { together: parts.filter(({ gain }) => gain <= 0).map(({ way }) => way.value) },
      );
    }
  }

  /** What is found after a sum or concat was split; undefined if that was done too often. */
  #splitting<T>(find: () => T): T | undefined {
    if (this.#splits === mostSplits) return undefined;
    this.#splits++;
    const found = find();
    this.#splits--;
    return found;
  }

  /** Which operands of a concat to try to take out of it, in order. */
  protected *leaving<T extends Leaving>(parts: readonly T[]): Generator<readonly T[]> {
    const byGain = parts.toSorted((a, b) => b.gain - a.gain || a.index - b.index);
    for (const count of counts(1, parts.filter(({ gain }) => gain > 0).length))
      yield byGain.slice(0, count).toSorted((a, b) => a.index - b.index);
    // Without the last operands, which gain nothing, there is no concat.
    if (parts.some(({ gain }) => gain <= 0)) yield parts;
  }

  /** The map of the operands that stay in a concat, with the whole constant. */
  #joined(map: MatrixMap, rest: readonly { readonly input: Value; readonly part: MatrixMap }[], axis: string) {
    const parts = rest.map(({ part }) => part);
    const whole = changed(this.#laws.joinOf(this.#algebra, parts, axis), { bias: map.bias });
    return this.#apply(
      whole,
      this.#algebra.concat(
        rest.map(({ input }) => input),
        axis,
      ),
    );
  }

  /** f(x + y) = f(x) + L(y), where L is f without its constant. */
  *#overSum(value: Value, map: Mapping, x: Node): Generator<Way> {
    const terms = x.op.name === add.name ? this.#sums.terms(x) : x.inputs;
    const trait = traitOf(map);
    const isLinear = map.kind === "matrix" || trait.is === "linear" || trait.is === "gather";
    const needed = [...trait.from, ...alongOf(map)];
    if (!isLinear || !terms.every((term) => needed.every((axis) => term.type.axes.has(axis)))) return;
    // Two means are read like one sum, which then need not be written.
    const drops = trait.to.length < trait.from.length;
    if (!drops && !this.#mayGain(map, terms, x, value)) return;
    const ways = this.#splitting(() => this.#ofEach(map, terms, x));
    if (ways === undefined) return;
    const moves = movesOf({ rule: "split sum", of: value, at: x }, ways);
    const values = ways.map((way) => way.value);
    if (x.op.name === add.name) yield* this.#sums.collected(values, moves);
    else if (isWhole(terms[0]!, x)) yield { value: this.#algebra.node(sub, values, {}), moves };
  }

  /** Whether a value is the sum or difference of two values that depend on the run. */
  #isSum({ op, inputs }: Node): boolean {
    if (op.name !== add.name && op.name !== sub.name) return false;
    return inputs.every((input) => !this.#algebra.isLoaded(input) && input.kind !== "constant");
  }

  /**
   * Whether a map of each term of a sum may be cheaper than that of the sum. If what it makes is no smaller, the map of a term
   * that meets nothing costs as much as that of the sum.
   */
  #mayGain(map: Mapping, terms: readonly Value[], sum: Value, made: Value): boolean {
    const bytes = ({ type }: Value) => this.#costs.bytes(type);
    const whole = bytes(sum);
    if (bytes(made) < whole) return terms.some((term) => this.meets(map, term, sum));
    return terms.every((term) => bytes(term) < whole || this.meets(map, term, sum));
  }

  /** A map of each term of a sum, with its constant once. */
  #ofEach(map: Mapping, terms: readonly Value[], sum: Value): readonly Way[] | undefined {
    const whole = terms.findIndex((term) => isWhole(term, sum));
    const shiftsOnly = map.kind === "matrix" && isDiagonal(map) && map.weight === undefined;
    const ways = terms.map((term, index): Way | undefined => {
      if (index === whole) return this.#apply(map, term);
      if (shiftsOnly) return { value: term, moves: [] };
      return this.#apply(map.kind === "matrix" ? this.#laws.linearPart(map) : map, term);
    });
    return ways.every((way) => way !== undefined) ? ways : undefined;
  }
}

/** Whether a term has all axes of its sum. */
const isWhole = (term: Value, sum: Value): boolean => term.type.axes.size === sum.type.axes.size;

function actsOnElements(map: Mapping): boolean {
  const { from, to } = traitOf(map);
  return from.length === 0 && to.length === 0;
}
