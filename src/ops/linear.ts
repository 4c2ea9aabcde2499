/** @file Linear maps between axes: `linear`, with a weight of its own. */
import { arrange } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext } from "../ir/operator.ts";
import type { Matrix } from "../ir/trait.ts";
import { axisNames, volume, without, type Axis, type Tensor } from "../ir/type.ts";
import { matmul } from "../primitives/matmul.ts";
import type { Size } from "../sizes/size.ts";
import { isPixelwise, pixelwise } from "./lowering/linear-map.ts";
import { matrixProduct, made, rows } from "./reference/rows.ts";
import { unknownSize } from "./shape.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import {
  dtypeOf,
  floating,
  refuse,
  replaceAxes,
  requireAxes,
  requireDistinct,
  requireNew,
} from "./shared/conditions.ts";
import { biasAttribute, initAttribute, inputAxis, layerWeights } from "./shared/layers.ts";
import { requirePerAxis } from "./shared/spatial.ts";
import { isOver } from "./shared/traits.ts";

const attributes = {
  keyed: attribute("keyed", "axes to map to themselves, with their new sizes: `c: 64`"),
  maps: attribute("maps", "which axes become which: `c -> k: 10`, `d -> [head: 8, e: 4]`"),
  bias: biasAttribute,
  init: initAttribute,
};
type Values = ValuesOf<typeof attributes>;

/** Returns the axes that the map consumes and makes. `c: 64` is short for `c -> c: 64`. */
function mapOf({ keyed, maps }: Values): {
  readonly from: readonly Axis[];
  readonly to: readonly (readonly [Axis, Size | undefined])[];
} {
  const to = maps[0]?.to.map(({ axis, size }) => [axis, size] as const);
  return {
    from: maps[0]?.from ?? [...keyed.keys()],
    to: to ?? [...keyed].map(([axis, sizes]) => [axis, sizes[0]] as const),
  };
}

/** Returns the made axes with their sizes, after they were checked. */
function madeAxes(attributes: Values): readonly (readonly [Axis, Size])[] {
  return mapOf(attributes).to.map(([axis, size]) => [axis, size!]);
}

function asMatrix(g: ExpansionContext<Values>): Matrix {
  const { attributes } = g;
  const { from } = mapOf(attributes);
  const to = mapOf(attributes).to.map(([axis]) => axis);
  const again = (input: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor | undefined => {
    const { axes } = weight.type;
    if (!isOver(weight.type, [...to, ...from.map(inputAxis)]) || (bias && !isOver(bias.type, to))) return undefined;
    const sized = to.map((axis) => ({ axis, size: axes.get(axis)! }));
    const map =
      attributes.maps.length === 0
        ? { keyed: new Map(sized.map(({ axis, size }) => [axis, [size]])), maps: [] }
        : { keyed: new Map<Axis, Size[]>(), maps: [{ from, to: sized }] };
    const own = { ...attributes, ...map, bias: bias !== undefined };
    return g.node(linear, [input], own, { weight, ...(bias && { bias }) });
  };
  return { from, to, weight: g.weights["weight"], bias: g.weights["bias"], with: again };
}

export const linear = operator({
  name: "linear",
  doc: "A linear map between axes, with a weight for every pair of elements, and a bias. All other axes are batch axes.",
  inputs: tensors("x"),
  attributes,
  alsoCalled: ["Dense"],
  examples: [
    { code: "linear(x, c: 8)", inputs: "x: [n, c: 4, h, w]" },
    { code: "linear(x, d -> [head: 2, e: 3], bias: false)", inputs: "x: [n, t, d: 6]" },
    { code: "linear(x, [head, e] -> d: 5)", inputs: "x: [n, head: 2, t, e: 3]" },
  ],
  type: (c) => {
    const { keyed, maps } = c.attributes;
    dtypeOf(c, 0, floating);
    if (keyed.size === 0 && maps.length === 0) {
      const names = axisNames(c.input(0));
      c.complain(
        "missing-attribute",
        { callee: c.callee, name: names.find((axis) => axis === "c") ?? names.at(-1) ?? "c" },
        {},
      );
    }
    if (maps.length + Math.min(keyed.size, 1) > 1) refuse(c, "linear", "one map of axes to axes", "several", "maps");
    for (const [axis, sizes] of keyed) requirePerAxis(c, axis, sizes, [axis]);
    const attribute = maps.length > 0 ? "maps" : keyed.keys().next().value!;
    const { from, to } = mapOf(c.attributes);
    const names = to.map(([axis]) => axis);
    requireAxes(c, 0, from, attribute);
    requireDistinct(c, names, attribute);
    requireNew(c, without(c.input(0), from), names, attribute);
    return replaceAxes(
      c.input(0),
      from,
      to.map(([axis, size]) => [axis, size ?? unknownSize(c, axis)]),
    );
  },
  weights: (c) => {
    const inputs = mapOf(c.attributes).from.map((axis) => [inputAxis(axis), c.size(0, axis)] as const);
    const outputs = madeAxes(c.attributes);
    const count = (axes: readonly (readonly [Axis, Size])[]) =>
      product(
        c.sizes,
        axes.map(([, size]) => size),
      );
    return layerWeights(c.attributes, [outputs, inputs], outputs, { in: count(inputs), out: count(outputs) });
  },
  macs: (c) => {
    const made = madeAxes(c.attributes).map(([, size]) => size);
    return product(c.sizes, [volume(c.sizes, c.input(0)), ...made]);
  },
  trait: ({ attributes }) => {
    const { from, to } = mapOf(attributes);
    return { from, to: to.map(([axis]) => axis), is: attributes.bias ? "affine" : "linear" };
  },
  matrix: asMatrix,
  reference: (c) => {
    const { from } = mapOf(c.attributes);
    const outputs = madeAxes(c.attributes).map(([axis]) => axis);
    const x = rows(c.inputs[0]!, from);
    const weight = rows(arrange(c.weights["weight"]!, [...outputs, ...from.map(inputAxis)]), from.map(inputAxis));
    const bias = c.weights["bias"] && arrange(c.weights["bias"], outputs).data;
    const size = { batch: 1, rows: x.count, columns: weight.count, inner: x.width };
    const data = matrixProduct(x.data, weight.data, size, c.count);
    if (bias !== undefined) for (let i = 0; i < data.length; i++) data[i]! += bias[i % bias.length]!;
    return made(data, [...x.axes, ...outputs], c.results[0]!);
  },
  // One matrix product. It sums in the input's axis order, and the weight follows.
  lower: ({ p, inputs: [x], weights, attributes, results: [result] }) => {
    const { from } = mapOf(attributes);
    const outputs = madeAxes(attributes).map(([axis]) => axis);
    const current = p.loose(x!).axes;
    const summed = current.filter((axis) => from.includes(axis));
    const others = except(current, summed);
    const type = p.typeOf(x!);
    const k = product(p.sizes, sizesOf(type, summed));
    const n = product(p.sizes, sizesOf(result!, outputs));
    const m = product(p.sizes, sizesOf(type, others));
    const weight = p.ordered(weights["weight"]!, [...summed.map(inputAxis), ...outputs]);
    const matrix = reshaped(p, weight, [k, n]);
    const bias = weights["bias"] && reshaped(p, p.ordered(weights["bias"], outputs), [n]);
    const map = { x: x!, from: summed, to: outputs, result: result! };
    if (isPixelwise(p, map)) return pixelwise(p, map, matrix, bias);
    const rows = reshaped(p, p.ordered(x!, [...others, ...summed]), [m, k]);
    const operands = bias === undefined ? [rows, matrix] : [rows, matrix, bias];
    const axes = [...others, ...outputs];
    const value = p.emit(matmul, operands, { transposeA: false, transposeB: false });
    return p.laid(reshaped(p, value, sizesOf(result!, axes)), axes);
  },
});
