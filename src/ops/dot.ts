/** @file `dot`: the product of two tensors, summed over the contracted axes. */
import { arrange, elements } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Laid, Lowering } from "../ir/lowering.ts";
import { operator, tensors, type ExpansionContext, type OperatorContext } from "../ir/operator.ts";
import type { Matrix } from "../ir/trait.ts";
import { axisNames, volume, tensorType, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { matmul } from "../primitives/matmul.ts";
import { isPixelwise, pixelwise } from "./lowering/linear-map.ts";
import { made, matrixProduct, sizeOf } from "./reference/rows.ts";
import { rename } from "./shape.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import { commonDtype, floating, refuse, requireAxes } from "./shared/conditions.ts";
import { inputAxis } from "./shared/layers.ts";
import { isOver } from "./shared/traits.ts";

interface Attributes {
  readonly contract: readonly Axis[];
  readonly batch: readonly Axis[];
}

function productType(c: OperatorContext<Attributes>): TensorType {
  const { contract, batch } = c.attributes;
  const [a, b] = [c.input(0), c.input(1)];
  const kept = [...a.axes, ...[...b.axes].filter(([axis]) => !batch.includes(axis))];
  return tensorType(
    "f32",
    kept.filter(([axis]) => !contract.includes(axis)),
  );
}

/** Returns the axes that only this operand has. */
const freeAxes = (type: TensorType, { contract, batch }: Attributes): readonly Axis[] =>
  except(axisNames(type), [...contract, ...batch]);

/** The other operand is the matrix. */
function asMatrix(g: ExpansionContext<Attributes>, input: number): Matrix | undefined {
  const { contract, batch } = g.attributes;
  const other = g.inputs[1 - input]!;
  const renamed = (from: (axis: Axis) => Axis, to: (axis: Axis) => Axis, tensor: Tensor): Tensor => {
    const maps = contract.map((axis) => ({
      from: [from(axis)],
      to: [{ axis: to(axis), size: tensor.type.axes.get(from(axis)) }],
    }));
    return maps.length === 0 ? tensor : g.node(rename, [tensor], { maps });
  };
  const itself = (axis: Axis): Axis => axis;
  const inner = contract.map(inputAxis);
  // No program has such axes, but what the optimizer made may have them.
  if (inner.some((axis) => other.type.axes.has(axis))) return undefined;
  const to = freeAxes(other.type, g.attributes);
  const again = (x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor | undefined => {
    if (bias !== undefined || !isOver(weight.type, [...to, ...inner, ...batch])) return undefined;
    const matrix = renamed(inputAxis, itself, weight);
    return g.node(dot, input === 0 ? [x, matrix] : [matrix, x], g.attributes);
  };
  return { from: contract, to, weight: renamed(itself, inputAxis, other), bias: undefined, with: again };
}

export const dot = operator({
  name: "dot",
  doc: "The product of two tensors, summed over the contracted axes. Axes in `batch` are paired. All other axes are kept and must not be in both tensors.",
  inputs: tensors("a", "b"),
  attributes: {
    contract: attribute("axes", "axes of both tensors to multiply and sum over", { unordered: true }),
    batch: attribute("axes", "axes of both tensors to pair", { default: [], unordered: true }),
  },
  examples: [
    { code: "dot(q, k, contract: e, batch: [n, head])", inputs: "q: [n, head, t, e], k: [n, head, s, e]" },
    { code: "dot(a, b, contract: c)", inputs: "a: [n, c], b: [k, c]" },
  ],
  type: (c) => {
    const { contract, batch } = c.attributes;
    commonDtype(c, [0, 1], floating);
    const both = contract.find((axis) => batch.includes(axis));
    if (both !== undefined) refuse(c, "batch", "a list of axes that are not contracted", `\`${both}\``);
    for (const [attribute, axes] of Object.entries({ contract, batch }))
      for (const index of [0, 1]) requireAxes(c, index, axes, attribute);
    for (const [axis, size] of c.input(0).axes) {
      const other = c.input(1).axes.get(axis);
      if (other === undefined) continue;
      if (![...contract, ...batch].includes(axis)) {
        const notes = ["contract it (`contract:`), pair it (`batch:`), or make it two axes"];
        const helps = [
          { text: "for self-attention, first rename the axis of one operand", code: `rename(${axis} -> s)` },
        ];
        c.complain("dot-shared-axis", { axis, callee: c.callee }, { inputs: [0, 1], axis }, { notes, helps });
      }
      c.equal(size, other, { inputs: [0, 1], axis });
    }
    return productType(c);
  },
  macs: (c) => {
    const { sizes, attributes } = c;
    return product(sizes, [volume(sizes, productType(c)), ...sizesOf(c.input(0), attributes.contract)]);
  },
  trait: (c, input) => {
    const { contract, batch } = c.attributes;
    return { from: contract, to: freeAxes(c.input(1 - input), c.attributes), along: batch, is: "linear" };
  },
  matrix: asMatrix,
  reference: (c) => {
    const { contract, batch } = c.attributes;
    const [a, b] = c.inputs;
    const freeA = except(a!.axes, [...batch, ...contract]);
    const freeB = except(b!.axes, [...batch, ...contract]);
    const count = (axes: readonly Axis[], array = a!) => elements(axes.map((axis) => sizeOf(array, axis)));
    const data = matrixProduct(
      arrange(a!, [...batch, ...freeA, ...contract]).data,
      arrange(b!, [...batch, ...freeB, ...contract]).data,
      { batch: count(batch), rows: count(freeA), columns: count(freeB, b), inner: count(contract) },
      c.count,
    );
    return made(data, [...batch, ...freeA, ...freeB], c.results[0]!);
  },
  lower: ({ p, inputs: [a, b], attributes, results: [result] }) => {
    const mapped = asMap(p, a!, b!, attributes, result!) ?? asMap(p, b!, a!, attributes, result!);
    if (mapped !== undefined) return mapped;
    const canFlip = p.can("matmul.transposes") || attributes.batch.length === 0;
    const best = (x: Tensor, y: Tensor) => fewestMoves(p.loose(x).axes, p.loose(y).axes, attributes, canFlip);
    const [asWritten, exchanged] = [best(a!, b!), best(b!, a!)];
    // Exchanging the operands transposes the product, which is just as good.
    const exchange = !canFlip && exchanged.moves < asWritten.moves;
    const { batch, sideA, sideB } = exchange ? exchanged : asWritten;
    const [left, right] = exchange ? [b!, a!] : [a!, b!];
    const merged = (x: Tensor, axes: readonly Axis[]) => product(p.sizes, sizesOf(p.typeOf(x), axes));
    // If transposes are separate steps, they can only move through batch axes that are not merged.
    const paired = sizesOf(p.typeOf(a!), batch);
    const matrices = batch.length === 0 || !canFlip ? paired : [merged(a!, batch)];
    const operands = [
      reshaped(p, p.ordered(left, sideA.order), [...matrices, ...sideA.parts.map((axes) => merged(left, axes))]),
      reshaped(p, p.ordered(right, sideB.order), [...matrices, ...sideB.parts.map((axes) => merged(right, axes))]),
    ];
    // Sums a over its last position and b over its second to last, unless flipped.
    const value = p.emit(matmul, operands, { transposeA: sideA.flipped, transposeB: sideB.flipped });
    const axes = [...batch, ...sideA.free, ...sideB.free];
    return p.laid(reshaped(p, value, sizesOf(result!, axes)), axes);
  },
});

/** Lowers the product as a linear map of axes of `x` by a prepared matrix, if it is one and that is faster. */
function asMap(
  p: Lowering,
  x: Tensor,
  by: Tensor,
  { contract, batch }: Attributes,
  result: TensorType,
): Laid | undefined {
  const from = p.loose(x).axes.filter((axis) => contract.includes(axis));
  if (batch.length > 0 || !p.isPrepared(by) || !isPixelwise(p, { x, from })) return undefined;
  const to = except(p.loose(by).axes, from);
  const matrix = reshaped(p, p.ordered(by, [...from, ...to]), [
    product(p.sizes, sizesOf(p.typeOf(by), from)),
    product(p.sizes, sizesOf(p.typeOf(by), to)),
  ]);
  return pixelwise(p, { x, from, to, result }, matrix, undefined);
}

/** How an operand becomes a matrix: its order, and the axes of its last two positions. */
interface Side {
  readonly order: readonly Axis[];
  readonly parts: readonly [readonly Axis[], readonly Axis[]];
  readonly free: readonly Axis[];
  readonly flipped: boolean;
  readonly moves: boolean;
}

/** Takes the operand as it is if its parts are adjacent, in this order or (if allowed) flipped. Otherwise it must be moved. */
function side(
  current: readonly Axis[],
  batch: readonly Axis[],
  first: readonly Axis[],
  second: readonly Axis[],
  free: readonly Axis[],
  canFlip: boolean,
): Side {
  const lies = (order: readonly Axis[]) => order.every((axis, i) => axis === current[i]);
  const order = [...batch, ...first, ...second];
  const flippedOrder = [...batch, ...second, ...first];
  const flipped = canFlip && !lies(order) && lies(flippedOrder);
  if (flipped) return { order: flippedOrder, parts: [second, first], free, flipped, moves: false };
  return { order, parts: [first, second], free, flipped, moves: !lies(order) };
}

/** Chooses the order of batch and contracted axes (a's or b's) that moves the fewest operands. */
function fewestMoves(
  orderA: readonly Axis[],
  orderB: readonly Axis[],
  { contract, batch }: Attributes,
  canFlip: boolean,
) {
  const sorted = (axes: readonly Axis[]) =>
    [orderA, orderB].map((order) => order.filter((axis) => axes.includes(axis)));
  const shared = [...contract, ...batch];
  const [freeA, freeB] = [except(orderA, shared), except(orderB, shared)];
  const choices = sorted(batch).flatMap((paired) =>
    sorted(contract).map((summed) => {
      const sideA = side(orderA, paired, freeA, summed, freeA, canFlip);
      const sideB = side(orderB, paired, summed, freeB, freeB, canFlip);
      return { batch: paired, sideA, sideB, moves: Number(sideA.moves) + Number(sideB.moves) };
    }),
  );
  return choices.reduce((best, choice) => (choice.moves < best.moves ? choice : best));
}
