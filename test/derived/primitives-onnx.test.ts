/** @file Derived from the records: every primitive, in every case, matches its reference in ONNX Runtime. */
import { expect, test } from "vitest";
import { Refusal } from "../../src/codegen/refusal.ts";
import { transpose, type NdArray } from "../../src/contract/ndarray.ts";
import { onnxOperators } from "../../src/primitives/onnx/operators.ts";
import type { Primitive, PrimitiveCase } from "../../src/primitives/primitive.ts";
import { resize } from "../../src/primitives/resize.ts";
import { primitives } from "../../src/primitives/table.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { OnnxProbe } from "../support/onnx.ts";

const named = primitives.map((primitive) => [primitive.name, primitive] as const);
const sizes = new Sizes();

/** Run-time sizes, by number. 0 and 1 are literals wherever they have a special meaning. */
const symbols = new Map<number, Size>();
const symbol = (n: number): Size => {
  if (n < 2) return sizes.int(n);
  let size = symbols.get(n);
  if (size === undefined) symbols.set(n, (size = sizes.of(sizes.variable(`s${n}`, { time: "run" }))));
  return size;
};
const numberOf = (size: Size): number => Number(sizes.evaluate(size, ({ name }) => BigInt(name.slice(1))));

/** Primitives with a filter, or with windows that are attributes. Only the image has run-time sizes. */
const windowed = ["conv2d", "depthwise_conv2d", "conv2d_transpose", "pool"];

/** Replaces every size in the attributes. */
function mapSizes(value: unknown, of: (size: Size) => Size): unknown {
  if (Array.isArray(value)) return value.map((item) => mapSizes(item, of));
  if (typeof value !== "object" || value === null) return value;
  if (sizes.owns(value)) return of(value as Size);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapSizes(item, of)]));
}

interface Prepared {
  readonly it: PrimitiveCase<unknown>;
  readonly inputs: readonly NdArray[];
  readonly attributes: unknown;
}

/** Moves channels first if there is an image. */
function prepare(it: PrimitiveCase<unknown>, seed: number): Prepared {
  const random = seeded(seed);
  const source = { ...(it.range && { range: it.range }), ...(it.values && { values: it.values }) };
  const inputs = it.shapes.map((shape, i) => randomArray(random, it.dtypes?.[i] ?? "f32", shape, source));
  const attributes = it.attributes as { readonly layout?: string };
  if (attributes.layout === undefined) return { it, inputs, attributes };
  return {
    it,
    inputs: inputs.with(0, transpose(inputs[0]!, [0, 3, 1, 2])),
    attributes: { ...attributes, layout: "NCHW" },
  };
}

/** Emits one case. `symbolic` makes its sizes unknown until it runs. */
function emit(probe: OnnxProbe, primitive: Primitive, it: Prepared, symbolic: boolean): void {
  const onlyImage = windowed.includes(primitive.name);
  const operands = it.inputs.map(({ shape, dtype }, i) => ({
    dtype,
    shape: shape.map((n, at) => {
      const isKnown = !symbolic || (onlyImage && (i > 0 || at === 1));
      return isKnown ? sizes.int(n) : symbol(n);
    }),
  }));
  const attributes = symbolic && !onlyImage ? mapSizes(it.attributes, (size) => symbol(numberOf(size))) : it.attributes;
  const result = primitive.shape(operands, attributes, sizes);
  const wires = it.inputs.map((input) => probe.input(input));
  probe.output(primitive.onnx(probe.e, wires, attributes, result, operands), result.dtype);
}

const newProbe = (): OnnxProbe => new OnnxProbe(sizes, (name) => Number(name.slice(1)));

async function failuresOf(primitive: Primitive, symbolic: boolean): Promise<string[]> {
  const cases = primitive.cases(sizes).map(prepare);
  const label = ({ it, attributes }: Prepared) =>
    `${it.shapes.map((shape, i) => `${it.dtypes?.[i] ?? "f32"}[${shape.join(", ")}]`).join(", ")} ${JSON.stringify(
      mapSizes(attributes, (size) => sizes.print(size) as unknown as Size),
    )}`;
  const wrong: string[] = [];
  for (const it of cases) {
    try {
      const probe = newProbe();
      emit(probe, primitive, it, symbolic);
      const [got] = await probe.run();
      const want = primitive.reference(it.inputs, it.attributes, numberOf);
      const complaint = difference(got!, want, primitive.exact ? 0 : 1e-4);
      if (complaint !== undefined) wrong.push(`${label(it)}: ${complaint}`);
    } catch (error) {
      wrong.push(`${label(it)}: ${error instanceof Refusal ? `refused: ${error.reason}` : String(error)}`);
    }
  }
  return wrong;
}

test.each(named)("%s, at known sizes", async (_, primitive) => {
  expect(await failuresOf(primitive, false)).toEqual([]);
});

test.each(named)("%s, at run-time sizes", async (_, primitive) => {
  expect(await failuresOf(primitive, true)).toEqual([]);
});

test("a file may use exactly the operators that are emitted", () => {
  const probe = newProbe();
  for (const primitive of primitives)
    for (const it of primitive.cases(sizes).map(prepare))
      for (const symbolic of [false, true]) emit(probe, primitive, it, symbolic);
  const operators = new Set(probe.e.finish().nodes.map(({ opType }) => opType));
  expect([...operators].sort()).toEqual([...onnxOperators].sort());
});

test("the nearest pixel is PyTorch's even if a float32 factor rounds", async () => {
  const random = seeded(7);
  const pairs = Array.from(
    { length: 150 },
    () => [1 + Math.floor(random() * 130), 1 + Math.floor(random() * 160)] as const,
  );
  const whole = [2, 3, 5, 6, 7, 41, 47, 55, 61].map((factor) => [9, 9 * factor] as const);
  const attributes = { mode: "nearest", centres: "half_pixel", layout: "NCHW" } as const;
  const probe = newProbe();
  const wanted = [...pairs, ...whole].flatMap(([from, to]) => {
    const image: NdArray = {
      dtype: "f32",
      shape: [1, 1, from, 1],
      data: Float64Array.from({ length: from }, (_, i) => i),
    };
    const x = probe.input(image);
    const one = sizes.int(1);
    return [(n: number) => sizes.int(n), symbol].map((make) => {
      const [h, height] = [make(from), make(to)];
      const operand = { dtype: "f32" as const, shape: [one, one, h, one] };
      const all = { ...attributes, size: [height, one] as const };
      probe.output(resize.onnx(probe.e, [x], all, resize.shape([operand], all, sizes), [operand]), "f32");
      return resize.reference([image], all, numberOf);
    });
  });
  const got = await probe.run();
  expect(wanted.map((want, i) => difference(got[i]!, want, 0)).filter((wrong) => wrong !== undefined)).toEqual([]);
});

test("enlarging an image by a whole factor is one node, whatever its size", () => {
  const probe = newProbe();
  const [h, w] = [symbol(5), symbol(6)];
  const operand = { dtype: "f32" as const, shape: [symbol(2), sizes.int(3), h, w] };
  const twice = (size: Size) => sizes.mul(sizes.int(2), size);
  const all = { mode: "nearest", centres: "half_pixel", layout: "NCHW", size: [twice(h), twice(w)] } as const;
  const x = probe.input({ dtype: "f32", shape: [2, 3, 5, 6], data: new Float64Array(180) });
  resize.onnx(probe.e, [x], all, resize.shape([operand], all, sizes), [operand]);
  expect(probe.e.finish().nodes.map(({ opType }) => opType)).toEqual(["Resize"]);
});

test("sizes are right, negative ones too, and each is computed once", async () => {
  const [a, b] = [symbol(7), symbol(3)];
  const of = (n: number) => sizes.int(n);
  const list = [
    sizes.add(a, b),
    sizes.sub(b, sizes.mul(a, of(2))),
    sizes.floor(sizes.sub(b, a), of(3)),
    sizes.ceil(sizes.sub(b, a), of(3)),
    sizes.floor(sizes.sub(b, a), of(4)),
    sizes.ceil(sizes.sub(b, a), of(4)),
    sizes.ceil(a, b),
    sizes.floor(a, b),
    sizes.mod(a, b),
    sizes.divide(sizes.mul(a, sizes.sub(b, of(1))), of(2)),
    sizes.floor(sizes.mul(a, a), sizes.add(b, of(2))),
  ];
  const probe = newProbe();
  for (const size of list) probe.output(probe.e.cast(probe.e.size(size), "i32"), "i32");
  probe.output(probe.e.cast(probe.e.sizes([of(2), of(5), ...list, of(0)]), "i32"), "i32");
  const results = await probe.run();
  const numbers = list.map(numberOf);
  expect(results.slice(0, -1).map(({ data }) => data[0])).toEqual(numbers);
  expect([...results.at(-1)!.data]).toEqual([2, 5, ...numbers, 0]);
  const written = probe.e.finish().nodes;
  expect(written.filter(({ opType }) => opType === "Shape")).toHaveLength(2);
  for (const size of list) probe.e.size(size);
  probe.e.sizes([of(2), of(5), ...list, of(0)]);
  expect(probe.e.finish().nodes).toHaveLength(written.length);
});
