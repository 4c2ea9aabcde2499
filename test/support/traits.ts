/** @file Tests what a record claims about itself, in its trait and its matrix, with the float64 interpreter. */
import {
  arrange,
  elements,
  generate,
  named,
  stridesOf,
  type DType,
  type NamedArray,
} from "../../src/contract/ndarray.ts";
import { assumed, type GraphBuilder } from "../../src/ir/builder.ts";
import type { Input, Node, Value } from "../../src/ir/graph.ts";
import type { Matrix, Trait } from "../../src/ir/trait.ts";
import { tensorType, type Axis, type TensorType } from "../../src/ir/type.ts";
import { reachable } from "../../src/ir/walk.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import type { Size } from "../../src/sizes/size.ts";
import { InternalError } from "../../src/source/internal-error.ts";
import { difference, randomArray, seeded } from "./arrays.ts";

/** An operator at sizes that are numbers, with arrays for its inputs and weights. */
export interface Subject {
  readonly builder: GraphBuilder;
  readonly node: Node;
  readonly attributes: Node["attributes"];
  readonly inputs: readonly NamedArray[];
  readonly weights: Readonly<Record<string, NamedArray>>;
}

/** Sums and products of these are exact in float64, and so are quotients by them. */
const values = [-4, -2, -1, -0.5, 0.5, 1, 2, 4];
/** Elements of an input that is tested. */
const wholes = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
/** Standard deviations of these are exact. */
const variances = [0.25, 1, 4];

/** Nothing may differ by more, relative to elements of at least 1. Errors of rounding are smaller, wrong claims differ more. */
const tolerance = 1e-12;

const isSize = (value: unknown): value is Size => typeof value === "object" && value !== null && "terms" in value;

/** Replaces the sizes in an attribute. */
function withSizes(value: unknown, now: (size: Size) => Size): unknown {
  if (isSize(value)) return now(value);
  if (Array.isArray(value)) return value.map((item) => withSizes(item, now));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, withSizes(item, now)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSizes(item, now)]));
}

/** Returns a node of a graph at these sizes of the guard's variables, with random elements. */
export function subjectOf(
  builder: GraphBuilder,
  node: Node,
  at: Readonly<Record<string, number>>,
  seed: number,
): Subject {
  const { sizes } = builder;
  const random = seeded(seed);
  const now = (size: Size): Size =>
    sizes.substitute(size, new Map([...sizes.variables(size)].map((v) => [v, sizes.int(at[v.name]!)])));
  const filled = ({ dtype, axes }: TensorType, drawn: readonly number[]): NamedArray => {
    const shape = [...axes.values()].map((size) => Number(sizes.constant(now(size))));
    return named(randomArray(random, dtype, shape, { values: drawn }), [...axes.keys()]);
  };
  const constant = (value: Value): NamedArray =>
    evaluateGraph([value], {
      builder,
      input: () => filled(value.type, values),
      weight: () => filled(value.type, values),
      sizes: ({ name }) => BigInt(at[name]!),
    })[0]!;
  return {
    builder,
    node,
    attributes: withSizes(node.attributes, now) as Node["attributes"],
    inputs: node.inputs.map((input) => (input.kind === "constant" ? constant(input) : filled(input.type, values))),
    weights: Object.fromEntries(
      Object.entries(node.weights).map(([name, { type }]) => [
        name,
        filled(type, name === "running_var" ? variances : values),
      ]),
    ),
  };
}

/** The operator, applied to tensors that hold these arrays. */
interface Applied {
  readonly node: Node;
  readonly inputs: readonly Input[];
  evaluate(results: readonly Value[]): readonly NamedArray[];
  /** Makes a tensor with these elements. */
  tensor(array: NamedArray): Input;
}

function applied({ builder, node, attributes, ...arrays }: Subject): Applied {
  const held = new Map<Input, NamedArray>();
  const tensor = (array: NamedArray): Input => {
    const axes = array.axes.map((axis, i) => [axis, builder.sizes.int(array.shape[i]!)] as const);
    const input = builder.input("x", tensorType(array.dtype, axes));
    held.set(input, array);
    return input;
  };
  const inputs = arrays.inputs.map(tensor);
  const weights = Object.fromEntries(Object.entries(arrays.weights).map(([name, array]) => [name, tensor(array)]));
  return {
    node: builder.node(node.op, inputs, attributes, assumed, weights)!,
    inputs,
    tensor,
    evaluate: (results) =>
      evaluateGraph(results, {
        builder,
        input: (input) => held.get(input)!,
        weight: ({ path }) => {
          throw new Error(`${path} has no elements`);
        },
        sizes: ({ name }) => {
          throw new Error(`${name} has no value`);
        },
      }),
  };
}

/** Returns the node that the arrays belong to, whose sizes are numbers. */
export const concreteNode = (subject: Subject): Node => applied(subject).node;

/** Returns all results of the operator. */
function run(subject: Subject): readonly NamedArray[] {
  const { node, ...it } = applied(subject);
  return it.evaluate(node.types.map((_, i) => subject.builder.pick(node, i)));
}

/** Returns the results with another input. */
const withInput = (subject: Subject, input: number, array: NamedArray): readonly NamedArray[] =>
  run({ ...subject, inputs: subject.inputs.with(input, array) });

const has = (array: NamedArray, axis: Axis): boolean => array.axes.includes(axis);
const sizeOf = (array: NamedArray, axis: Axis): number => array.shape[array.axes.indexOf(axis)]!;

/** Keeps these elements of an axis, in this order. */
function taken(array: NamedArray, axis: Axis, places: readonly number[]): NamedArray {
  const at = array.axes.indexOf(axis);
  const strides = stridesOf(array.shape);
  const read = (index: readonly number[]) =>
    array.data[index.reduce((sum, i, j) => sum + (j === at ? places[i]! : i) * strides[j]!, 0)]!;
  return named(generate(array.dtype, array.shape.with(at, places.length), read), array.axes);
}

function mapped(of: (...elements: number[]) => number, ...arrays: NamedArray[]): NamedArray {
  const [first, ...others] = arrays.map((array) => arrange(array, arrays[0]!.axes));
  const data = Float64Array.from(first!.data, (x, i) => of(x, ...others.map((other) => other.data[i]!)));
  return { ...first!, data };
}

/** Describes where results differ. */
function differenceOf(
  got: readonly NamedArray[],
  want: readonly NamedArray[],
  allowed = tolerance,
): string | undefined {
  const found = want.map((array, i) => difference(arrange(got[i]!, array.axes), array, allowed));
  return found.find((text) => text !== undefined);
}

/** Returns all places in another order, each of them elsewhere. */
function shuffled(count: number, random: () => number): number[] {
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * i);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
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

/** Says what of a trait is wrong. A right one gives nothing, one that claims too much probably something. */
export function wrongClaims(subject: Subject, input: number, trait: Trait, seed = 1): readonly string[] {
  const random = seeded(seed);
  const x = subject.inputs[input]!;
  const draw = (dtype: DType = x.dtype): NamedArray =>
    named(randomArray(random, dtype, x.shape, { values: wholes }), x.axes);
  const on = (array: NamedArray) => withInput(subject, input, array);
  const wrong: string[] = [];
  const expectSame = (claim: string, got: readonly NamedArray[], want: readonly NamedArray[], allowed?: number) => {
    const text = differenceOf(got, want, allowed);
    if (text !== undefined) wrong.push(`${claim}: ${text}`);
  };
  const misplaced = wrongAxes(subject, input, trait);
  if (misplaced.length > 0) return misplaced;

  const carried = x.axes.filter((axis) => !trait.from.includes(axis));
  const original = draw();
  const results = on(original);
  const also = trait.along ?? [];
  for (const axis of carried) {
    const count = sizeOf(x, axis);
    const places = shuffled(count, random);
    const moved = (array: NamedArray) => (has(array, axis) ? taken(array, axis, places) : array);
    const permuted = results.map((result) => taken(result, axis, places));
    const isAlong = also.includes(axis);
    const everything = {
      ...subject,
      inputs: subject.inputs.map(moved).with(input, moved(original)),
      weights: Object.fromEntries(Object.entries(subject.weights).map(([name, array]) => [name, moved(array)])),
    };
    expectSame(`permuting ${axis}`, isAlong ? run(everything) : on(moved(original)), permuted);
    if (count < 2) continue;
    const others = places.slice(1);
    const rest = (array: NamedArray) => taken(array, axis, others);
    // One place of the axis gets other elements. Nothing changes elsewhere.
    const other = draw();
    const patched = withPlace(original, other, axis, places[0]!);
    expectSame(`elements of ${axis} apart`, on(patched).map(rest), results.map(rest));
    if (isAlong) continue;
    const fewer = ifPossible(() => on(rest(original)));
    if (fewer === undefined) wrong.push(`it has no fewer elements of ${axis}`);
    else expectSame(`fewer elements of ${axis}`, fewer, results.map(rest));
  }
  for (const { name, got, want, exact } of laws(trait, on, draw, random))
    expectSame(name, got, want, exact === true ? 0 : tolerance);
  if (trait.is === "gather" || trait.is === "largest") {
    const known = new Set(original.data);
    if (results.some(({ data }) => data.some((element) => !known.has(element))))
      wrong.push(`${trait.is}: an element is none of the input`);
  }
  if (trait.is === "largest" && !isExtreme(on, draw)) wrong.push("largest: neither the largest nor the smallest");
  if (trait.rising && !isRising(on, draw)) wrong.push("rising: a larger element gives a smaller one");
  if (trait.view) {
    const laid = arrange(original, [...carried, ...trait.from]).data;
    for (const result of results)
      if (arrange(result, [...carried, ...trait.to]).data.some((element, i) => !Object.is(element, laid[i])))
        wrong.push("view: elements have moved");
  }
  return wrong;
}

/** Returns the elements of one place of an axis in an array that otherwise stays. */
function withPlace(array: NamedArray, other: NamedArray, axis: Axis, place: number): NamedArray {
  const at = array.axes.indexOf(axis);
  const strides = stridesOf(array.shape);
  const read = (index: readonly number[]) => {
    const flat = index.reduce((sum, i, j) => sum + i * strides[j]!, 0);
    return (index[at] === place ? other : array).data[flat]!;
  };
  return named(generate(array.dtype, array.shape, read), array.axes);
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

interface Law {
  readonly name: string;
  readonly got: readonly NamedArray[];
  readonly want: readonly NamedArray[];
  readonly exact?: true;
}

/** What must be equal for the operator to be what a trait says. */
function* laws(
  trait: Trait,
  on: (array: NamedArray) => readonly NamedArray[],
  draw: () => NamedArray,
  random: () => number,
): Generator<Law> {
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
}

/** Whether the operator exchanges with the larger of two elements, or with the smaller. */
function isExtreme(on: (array: NamedArray) => readonly NamedArray[], draw: () => NamedArray): boolean {
  const [x, y] = [draw(), draw()];
  const [ofX, ofY] = [on(x), on(y)];
  return [Math.max, Math.min].some((of) => {
    const want = ofX.map((result, i) => mapped(of, result, ofY[i]!));
    return differenceOf(on(mapped(of, x, y)), want) === undefined;
  });
}

/** Whether larger elements give larger or equal ones. NaN is neither. */
function isRising(on: (array: NamedArray) => readonly NamedArray[], draw: () => NamedArray): boolean {
  return Array.from({ length: 8 }).every(() => {
    const [x, y] = [draw(), draw()];
    const above = on(mapped(Math.max, x, y));
    const below = on(mapped(Math.min, x, y));
    return below.every(({ data }, i) => !data.some((element, j) => element > above[i]!.data[j]!));
  });
}

/**
 * Says what of a matrix is wrong: it must be the operator, and `with` must apply it. Undefined if the operator has none.
 * `change` plants a mistake.
 */
export function wrongMatrix(
  subject: Subject,
  input: number,
  change: (matrix: Matrix<Value>) => Matrix<Value> = (matrix) => matrix,
): readonly string[] | undefined {
  const whole = applied(subject);
  const given = matrixOf(subject.builder, whole.node, input);
  if (given === undefined) return undefined;
  const matrix = change(given);
  const { from, to, weight, bias } = matrix;
  const wrong: string[] = [];
  const trait = subject.builder.trait(whole.node, input);
  if (!sameAxes(from, trait?.from) || !sameAxes(to, trait?.to)) wrong.push("it acts on other axes than the trait says");
  const parts = [weight, bias].filter((part) => part !== undefined);
  if (reachable(parts).has(whole.inputs[input]!)) wrong.push("it depends on the input");
  const [result, ...arrays] = whole.evaluate([whole.node, ...parts]);
  const [weights, shift] = weight === undefined ? [undefined, arrays[0]] : arrays;
  const x = subject.inputs[input]!;
  const expectSame = (name: string, got: NamedArray, want: NamedArray) => {
    const text = differenceOf([got], [want]);
    if (text !== undefined) wrong.push(`${name}: ${text}`);
  };
  expectSame("as a product", contracted(x, result!, { from, weights, shift }), result!);

  /** Applies the operator again, to arrays. */
  const again = (own: NamedArray, matrix_: NamedArray, shift_: NamedArray | undefined): NamedArray | undefined => {
    const tensors = [own, matrix_, shift_].map((array) => array && whole.tensor(array));
    const made = matrix.with?.(tensors[0]!, tensors[1]!, tensors[2]);
    return made && whole.evaluate([made])[0];
  };
  if (weights === undefined || matrix.with === undefined) return wrong;
  const same = again(x, weights, shift);
  if (same === undefined) wrong.push("it cannot be applied again");
  else expectSame("applied again", same, result!);
  const cut = (array: NamedArray | undefined, axis: Axis, places: readonly number[]) =>
    array && has(array, axis) ? taken(array, axis, places) : array;
  for (const axis of to) {
    const places = shuffled(sizeOf(result!, axis), seeded(1)).slice(-2);
    const fewer = again(x, cut(weights, axis, places)!, cut(shift, axis, places));
    if (fewer === undefined) wrong.push(`it cannot make fewer elements of ${axis}`);
    else expectSame(`fewer elements of ${axis}`, fewer, taken(result!, axis, places));
  }
  for (const axis of from) {
    const places = shuffled(sizeOf(x, axis), seeded(1)).slice(-2);
    const [part, factors] = [taken(x, axis, places), taken(weights, `${axis}'`, places)];
    const fewer = again(part, factors, shift);
    if (fewer === undefined) wrong.push(`it cannot take fewer elements of ${axis}`);
    else
      expectSame(`of fewer elements of ${axis}`, fewer, contracted(part, result!, { from, weights: factors, shift }));
  }
  return wrong;
}

/** Returns the matrix, whose tensors are values of the builder. */
function matrixOf(builder: GraphBuilder, node: Node, input: number): Matrix<Value> | undefined {
  const matrix = builder.matrix(node, input);
  if (matrix === undefined) return undefined;
  const own = (tensor: Parameters<typeof builder.own>[0] | undefined) => tensor && builder.own(tensor);
  const { from, to, weight, bias } = matrix;
  const made = { from, to, weight: own(weight), bias: own(bias) };
  if (matrix.with === undefined) return made;
  return { ...made, with: (input, weight, bias) => own(matrix.with!(input, weight, bias)) };
}

const sameAxes = (a: readonly Axis[], b: readonly Axis[] | undefined): boolean =>
  b?.length === a.length && a.every((axis) => b.includes(axis));

/** Multiplies and adds as the documentation of `Matrix` says, with plain loops, for a result with these axes. */
function contracted(
  x: NamedArray,
  like: NamedArray,
  matrix: {
    readonly from: readonly Axis[];
    readonly weights: NamedArray | undefined;
    readonly shift: NamedArray | undefined;
  },
): NamedArray {
  const read = (array: NamedArray, at: ReadonlyMap<Axis, number>): number => {
    const strides = stridesOf(array.shape);
    return array.data[array.axes.reduce((sum, axis, i) => sum + at.get(axis)! * strides[i]!, 0)]!;
  };
  const inner = matrix.from.map((axis) => sizeOf(x, axis));
  const count = elements(inner);
  const strides = stridesOf(inner);
  const element = (index: readonly number[]): number => {
    const at = new Map(like.axes.map((axis, i) => [axis, index[i]!]));
    let sum = matrix.shift === undefined ? 0 : read(matrix.shift, at);
    for (let flat = 0; flat < count; flat++) {
      const taken = matrix.from.map((axis, i) => [axis, Math.floor(flat / strides[i]!) % inner[i]!] as const);
      const factor =
        matrix.weights === undefined
          ? 1
          : read(matrix.weights, new Map([...at, ...taken.map(([axis, i]) => [`${axis}'`, i] as const)]));
      sum += factor * read(x, new Map([...at, ...taken]));
    }
    return sum;
  };
  return named(generate("f32", like.shape, element), like.axes);
}
