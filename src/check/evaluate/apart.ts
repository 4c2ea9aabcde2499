/** @file Whether the numbers in two labels always differ, whatever the sizes are and whichever repetitions they are in. */
import type { Facts } from "../../sizes/facts.ts";
import type { Relation } from "../../sizes/relation.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Numbered, Repetition } from "../frame/world.ts";

type Numbers = Pick<Numbered, "numbers" | "repetitions">;

/** Whether repetitions of two labels may have the same numbers. */
export function mayMeet(sizes: Sizes, facts: Facts, a: Numbers, b: Numbers): boolean {
  const other = renamed(sizes, b, b.repetitions);
  const inRange = within(sizes, facts, [...a.repetitions, ...other.repetitions]);
  return inRange !== "impossible" && !areApart(sizes, inRange, a, other);
}

/** Whether two repetitions of one label may have the same numbers, if the index at `first` is the first in which they differ. */
export function mayMeetItself(sizes: Sizes, facts: Facts, own: Numbers, first: number): boolean {
  const other = renamed(sizes, own, own.repetitions.slice(first));
  const [one, another] = [own.repetitions[first]!, other.repetitions[0]!].map(({ variable }) => sizes.of(variable));
  // The index is larger in one of them.
  const later: Relation = { op: ">=", a: one!, b: sizes.add(another!, sizes.int(1)) };
  const inRange = within(sizes, facts, [...own.repetitions, ...other.repetitions], [later]);
  return inRange !== "impossible" && !areApart(sizes, inRange, own, other);
}

/** Gives some repetitions indices of their own. */
function renamed(sizes: Sizes, { numbers }: Numbers, some: readonly Repetition[]): Numbers {
  const fresh = new Map(
    some.map(({ variable: { name, lower, time }, variable }) => [variable, sizes.variable(name, { lower, time })]),
  );
  const put = new Map([...fresh].map(([from, to]) => [from, sizes.of(to)]));
  return substituted(
    sizes,
    {
      numbers,
      repetitions: some.map((repetition) => ({ ...repetition, variable: fresh.get(repetition.variable)! })),
    },
    put,
  );
}

/** Replaces indices in numbers and counts. */
export function substituted<T extends Numbers>(sizes: Sizes, numbered: T, indices: ReadonlyMap<SizeVar, Size>): T {
  const put = (size: Size) => sizes.substitute(size, indices);
  const repetitions = numbered.repetitions.map((repetition) => ({ ...repetition, count: put(repetition.count) }));
  return { ...numbered, numbers: numbered.numbers.map(put), repetitions };
}

/** Adds that the indices of repetitions are less than their counts, and further relations. */
function within(
  sizes: Sizes,
  facts: Facts,
  repetitions: readonly Repetition[],
  further: readonly Relation[] = [],
): Facts | "impossible" {
  let all = facts;
  for (const relation of [...repetitions.map((repetition) => rangeOf(sizes, repetition)), ...further]) {
    const next = all.add(relation);
    if (next === "impossible") return next;
    all = next;
  }
  return all;
}

/** An index is less than the count. */
export function rangeOf(sizes: Sizes, { count, variable }: Pick<Repetition, "count" | "variable">): Relation {
  return { op: ">=", a: sizes.sub(count, sizes.int(1)), b: sizes.of(variable) };
}

/** Whether the numbers of two labels differ: in one place, or because one label ends before the other begins. */
function areApart(sizes: Sizes, facts: Facts, a: Numbers, b: Numbers): boolean {
  return a.numbers.some((number, i) => {
    const other = b.numbers[i]!;
    if (facts.decide({ op: "==", a: number, b: other }).verdict === "no") return true;
    const [own, its] = [endsOf(sizes, number, a.repetitions), endsOf(sizes, other, b.repetitions)];
    return own !== undefined && its !== undefined && (isBelow(own.last, its.first) || isBelow(its.last, own.first));
  });

  function isBelow(last: Size, first: Size): boolean {
    return facts.decide({ op: ">=", a: first, b: sizes.add(last, sizes.int(1)) }).verdict === "yes";
  }
}

interface Ends {
  readonly first: Size;
  readonly last: Size;
}

/** Returns the least and the greatest of the numbers of a label; undefined if they do not grow evenly. */
function endsOf(sizes: Sizes, number: Size, repetitions: readonly Repetition[]): Ends | undefined {
  const zero = sizes.int(0);
  return repetitions.reduceRight<Ends | undefined>(
    (ends, { variable, count }) => {
      const factors = ends && [ends.first, ends.last].map((size) => signOf(sizes, size, variable));
      if (ends === undefined || factors?.includes(undefined)) return undefined;
      const [first, last] = factors!.map((factor) => factor! >= 0n);
      const end = sizes.sub(count, sizes.int(1));
      const put = (size: Size, index: Size) => sizes.substitute(size, new Map([[variable, index]]));
      return { first: put(ends.first, first ? zero : end), last: put(ends.last, last ? end : zero) };
    },
    { first: number, last: number },
  );
}

/** Returns the factor of an index in a number: 0 if it does not occur, undefined if it is not a number. */
function signOf(sizes: Sizes, number: Size, variable: SizeVar): bigint | undefined {
  if (!sizes.variables(number).has(variable)) return 0n;
  const factor = sizes.linear(number, variable)?.factor;
  return factor && sizes.constant(factor);
}
