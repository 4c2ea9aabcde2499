/** @file Derived from the records: every primitive, in every case, as ONNX's nodes does in ONNX Runtime what its reference says. */
import { expect, test } from "vitest";
import { Refusal } from "../src/codegen/refusal.ts";
import { transpose, type NdArray } from "../src/ir/ndarray.ts";
import { Sizes, type Size } from "../src/ir/size.ts";
import type { Primitive, PrimitiveCase } from "../src/primitives/primitive.ts";
import { primitives } from "../src/primitives/table.ts";
import { difference, randomArray, seeded } from "./support/arrays.ts";
import { OnnxProbe } from "./support/onnx.ts";

const named = primitives.map((primitive) => [primitive.name, primitive] as const);
const sizes = new Sizes();

/** Sizes that are known only when the model runs, by their number. 0 and 1 are literals wherever they have a meaning. */
const symbols = new Map<number, Size>();
const symbol = (n: number): Size => {
  if (n < 2) return sizes.int(n);
  let size = symbols.get(n);
  if (size === undefined) symbols.set(n, (size = sizes.of(sizes.variable(`s${n}`, { time: "run" }))));
  return size;
};
const numberOf = (size: Size): number => Number(sizes.evaluate(size, ({ name }) => BigInt(name.slice(1))));

/** What has a filter, or windows that are attributes: only the image has sizes of run time. */
const windowed = ["conv2d", "depthwise_conv2d", "conv2d_transpose", "pool"];

/** Every size of the attributes, replaced. */
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

/** With channels first where there is an image. */
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

async function failuresOf(primitive: Primitive, symbolic: boolean): Promise<string[]> {
  const cases = primitive.cases(sizes).map(prepare);
  const label = ({ it, attributes }: Prepared) =>
    `${it.shapes.map((shape, i) => `${it.dtypes?.[i] ?? "f32"}[${shape.join(", ")}]`).join(", ")} ${JSON.stringify(
      mapSizes(attributes, (size) => sizes.print(size) as unknown as Size),
    )}`;
  const wrong: string[] = [];
  for (const it of cases) {
    try {
      const probe = new OnnxProbe(sizes, (name) => Number(name.slice(1)));
      const onlyImage = windowed.includes(primitive.name);
      const operands = it.inputs.map(({ shape, dtype }, i) => ({
        dtype,
        shape: shape.map((n, at) => {
          const isKnown = !symbolic || (onlyImage && (i > 0 || at === 1));
          return isKnown ? sizes.int(n) : symbol(n);
        }),
      }));
      const attributes =
        symbolic && !onlyImage ? mapSizes(it.attributes, (size) => symbol(numberOf(size))) : it.attributes;
      const result = primitive.shape(operands, attributes, sizes);
      const wires = it.inputs.map((input) => probe.input(input));
      probe.output(primitive.onnx(probe.e, wires, attributes, result, operands), result.dtype);
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

test.each(named)("%s, at sizes of run time", async (_, primitive) => {
  expect(await failuresOf(primitive, true)).toEqual([]);
});
