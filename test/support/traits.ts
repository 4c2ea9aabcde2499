/** @file Tests what a record claims in its trait, with the float64 interpreter. */
import { arrange, named, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Trait } from "../../src/ir/trait.ts";
import { InternalError } from "../../src/source/internal-error.ts";
import { randomArray, seeded } from "./arrays.ts";
import {
  differenceOf,
  has,
  joined,
  mapped,
  shuffled,
  sizeOf,
  taken,
  tolerance,
  without,
  withPlace,
} from "./named-arrays.ts";
import { run, withInput, type Subject } from "./subject.ts";

/** Elements of the input. */
const wholes = [-4, -3, -2, -1, 0, 1, 2, 3, 4];

/** What a test needs to know about one input of an operator. */
interface Probe {
  readonly subject: Subject;
  readonly input: number;
  readonly trait: Trait;
  readonly random: () => number;
  /** Returns the results for another input. */
  readonly on: (array: NamedArray) => readonly NamedArray[];
  /** Returns a random input. */
  readonly draw: () => NamedArray;
}

/** Two results that should be equal. */
interface Law {
  readonly name: string;
  readonly got: readonly NamedArray[];
  readonly want: readonly NamedArray[];
  readonly exact?: true;
}

/** Says what of a trait is wrong. A right one gives nothing, one that claims too much probably something. */
export function wrongClaims(subject: Subject, input: number, trait: Trait): readonly string[] {
  const misplaced = wrongAxes(subject, input, trait);
  if (misplaced.length > 0) return misplaced;
  const random = seeded(1);
  const { dtype, shape, axes } = subject.inputs[input]!;
  const draw = () => named(randomArray(random, dtype, shape, { values: wholes }), axes);
  const on = (array: NamedArray) => withInput(subject, input, array);
  const probe = { subject, input, trait, random, on, draw };
  const wrong = [...actsAlike(probe), ...actsAsClaimed(probe)].flatMap(({ name, got, want, exact }) => {
    const text = differenceOf(got, want, exact ? 0 : tolerance);
    return text === undefined ? [] : [`${name}: ${text}`];
  });
  if ((trait.is === "gather" || trait.is === "largest") && !isOfInput(probe))
    wrong.push(`${trait.is}: an element is none of the input`);
  if (trait.is === "largest" && !isExtreme(probe)) wrong.push("largest: neither the largest nor the smallest");
  if (trait.rising && !isRising(probe)) wrong.push("rising: a larger element gives a smaller one");
  return wrong;
}

/** Says what of a trait no numbers are needed for: axes that the operator does not have, or has with another size. */
function wrongAxes(subject: Subject, input: number, trait: Trait): readonly string[] {
  const x = subject.inputs[input]!;
  const carried = x.axes.filter((axis) => !trait.from.includes(axis));
  const tensors = [...subject.inputs.toSpliced(input, 1), ...Object.values(subject.weights)];
  const wrong = [
    ...trait.from.filter((axis) => !has(x, axis)).map((axis) => `the input has no ${axis}`),
    ...trait.to.filter((axis) => carried.includes(axis)).map((axis) => `${axis} is carried and made`),
    ...(trait.along ?? [])
      .filter((axis) => !carried.includes(axis) || !tensors.some((tensor) => has(tensor, axis)))
      .map((axis) => `nothing varies along ${axis}`),
  ];
  if (trait.rising && trait.from.length + trait.to.length > 0) wrong.push("what rises acts on single elements");
  const results = run(subject);
  // Small whole numbers do not show that others wrap around.
  if ((trait.is === "linear" || trait.is === "affine") && [x, ...results].some(({ dtype }) => dtype !== "f32"))
    wrong.push(`${trait.is}: only f32 is`);
  for (const result of results) {
    const axes = [...carried, ...trait.to];
    if (axes.length !== result.axes.length || axes.some((axis) => !has(result, axis)))
      wrong.push(`the result has [${result.axes.join()}], not [${axes.join()}]`);
    else
      wrong.push(
        ...carried.filter((axis) => sizeOf(x, axis) !== sizeOf(result, axis)).map((axis) => `${axis} has another size`),
      );
  }
  return wrong;
}

/** Every index of a carried axis gets the same, whatever is elsewhere; along some axes, only if the other tensors move, too. */
function* actsAlike({ subject, input, trait, random, on, draw }: Probe): Generator<Law> {
  const [original, other] = [draw(), draw()];
  const [results, others] = [on(original), on(other)];
  for (const axis of original.axes) {
    if (trait.from.includes(axis)) continue;
    const places = shuffled(sizeOf(original, axis), random);
    const moved = (array: NamedArray) => (has(array, axis) ? taken(array, axis, places) : array);
    const isAlong = trait.along?.includes(axis) ?? false;
    const everything = {
      ...subject,
      inputs: subject.inputs.map(moved).with(input, moved(original)),
      weights: Object.fromEntries(Object.entries(subject.weights).map(([name, array]) => [name, moved(array)])),
    };
    yield {
      name: `permuting ${axis}`,
      got: isAlong ? run(everything) : on(moved(original)),
      want: results.map(moved),
    };
    const one = (array: NamedArray) => without(taken(array, axis, places.slice(0, 1)), axis);
    const single = isAlong ? undefined : ifPossible(() => on(one(original)));
    if (single !== undefined) yield { name: `without ${axis}`, got: single, want: results.map(one) };
    if (places.length < 2) continue;
    const rest = (array: NamedArray) => taken(array, axis, places.slice(1));
    const patched = on(withPlace(original, other, axis, places[0]!));
    yield { name: `elements of ${axis} apart`, got: patched.map(rest), want: results.map(rest) };
    if (isAlong) continue;
    yield {
      name: `fewer elements of ${axis}`,
      got: ifPossible(() => on(rest(original))) ?? [],
      want: results.map(rest),
    };
  }
  const tensors = [...subject.inputs, ...Object.values(subject.weights), ...results];
  for (const axis of ["d", "h", "w", "u"]) {
    if (tensors.some((tensor) => has(tensor, axis))) continue;
    const got = ifPossible(() => on(joined(axis, original, other)));
    const want = results.map((result, i) => joined(axis, result, others[i]!));
    if (got !== undefined) yield { name: `with ${axis}`, got, want };
  }
}

/** Returns undefined where an operator cannot be. */
function ifPossible<T>(of: () => T): T | undefined {
  try {
    return of();
  } catch (error) {
    if (error instanceof InternalError) return undefined;
    throw error;
  }
}

/** What must be equal for the operator to be what a trait says. */
function* actsAsClaimed({ trait, random, on, draw }: Probe): Generator<Law> {
  const combined = (a: number, b: number) => {
    const [x, y] = [draw(), draw()];
    const [ofX, ofY] = [on(x), on(y)];
    const sum = (p: number, q: number) => a * p + b * q;
    return { got: on(mapped(sum, x, y)), want: ofX.map((result, i) => mapped(sum, result, ofY[i]!)) };
  };
  if (trait.is === "linear") yield { name: "linear", ...combined(2, -3) };
  // Factors that add up to 1 keep the constant.
  if (trait.is === "affine") yield { name: "affine", ...combined(2, -1) };
  if (trait.unit || trait.is === "gather") {
    const ones = mapped(() => 1, draw());
    yield { name: "unit", got: on(ones), want: on(draw()).map((result) => mapped(() => 1, result)) };
  }
  if (trait.is === "gather" || trait.is === "largest") {
    const x = draw();
    const { dtype } = x;
    const sorted = [...new Set([...wholes, 0, 1])].sort((a, b) => a - b);
    // A table of numbers for numbers: any for a gather, a rising one otherwise.
    const drawn = sorted.map(() => (dtype === "bool" ? Number(random() < 0.5) : Math.floor(100 * random())));
    const entries = trait.is === "gather" ? drawn : drawn.sort((a, b) => a - b);
    const table = (element: number) => entries[sorted.indexOf(element)] ?? NaN;
    const got = on(mapped(table, x));
    yield { name: trait.is, got, want: on(x).map((result) => mapped(table, result)), exact: true };
  }
  if (trait.view) {
    const x = draw();
    const carried = x.axes.filter((axis) => !trait.from.includes(axis));
    const { data } = arrange(x, [...carried, ...trait.from]);
    const got = on(x).map((result) => arrange(result, [...carried, ...trait.to]));
    yield { name: "view", got, want: got.map((result) => ({ ...result, data })), exact: true };
  }
}

/** Whether every element of the results is one of the input. */
function isOfInput({ on, draw }: Probe): boolean {
  const x = draw();
  const known = new Set(x.data);
  return on(x).every(({ data }) => data.every((element) => known.has(element)));
}

/** Whether the operator exchanges with the larger of two elements, or with the smaller. */
function isExtreme({ on, draw }: Probe): boolean {
  const [x, y] = [draw(), draw()];
  const [ofX, ofY] = [on(x), on(y)];
  return [Math.max, Math.min].some((of) => {
    const want = ofX.map((result, i) => mapped(of, result, ofY[i]!));
    return differenceOf(on(mapped(of, x, y)), want) === undefined;
  });
}

/** Whether larger elements give larger or equal ones. NaN is neither. */
function isRising({ on, draw }: Probe): boolean {
  return Array.from({ length: 8 }).every(() => {
    const [x, y] = [draw(), draw()];
    const above = on(mapped(Math.max, x, y));
    const below = on(mapped(Math.min, x, y));
    return below.every(({ data }, i) => !data.some((element, j) => element > above[i]!.data[j]!));
  });
}
