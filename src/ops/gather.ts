/** @file Elements by index: gather, embedding with a table of its own, and one_hot. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors } from "../ir/operator.ts";
import { axisNames, withAxes, without, type Axis, type TensorType } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { gather as gatherPrimitive } from "../primitives/gather.ts";
import { iota } from "../primitives/iota.ts";
import { cast } from "../primitives/unary.ts";
import { byRow } from "./lowering/by-row.ts";
import { reader, sizeOf } from "./reference/rows.ts";
import { except, place, product, reshaped, sizesOf } from "./shared/axes.ts";
import { anything, dtypeOf, replaceAxes, requireAxes, requireNew } from "./shared/conditions.ts";
import { initAttribute } from "./shared/layers.ts";
import { onlyAxis, requirePerAxis } from "./shared/spatial.ts";

/** Returns the axes of both, which are paired. The index may also have an axis named like the replaced one. */
export function pairedAxes(x: Iterable<Axis>, index: readonly Axis[], axis: Axis): readonly Axis[] {
  return [...x].filter((name) => name !== axis && index.includes(name));
}

export const gather = operator({
  name: "gather",
  doc: "The elements of `x` at indices along an axis. The axes of the index replace that axis; axes of both tensors are paired. Indices out of range are clamped.",
  inputs: tensors("x", "index"),
  attributes: { axis: attribute("axis", "axis of `x` that the index, i32, refers to; counts from 0") },
  exact: true,
  examples: [
    { code: "gather(x, index, axis: t)", inputs: "x: [n, t, d], index: i32[k]" },
    { code: "gather(x, index, axis: t)", inputs: "x: [n, t, d], index: i32[n, t: q]" },
    { code: "gather(x, index, axis: w)", inputs: "x: bool[h, w, n], index: i32[a, n, b]" },
  ],
  type: (c) => {
    const { axis } = c.attributes;
    dtypeOf(c, 0, anything);
    dtypeOf(c, 1, ["i32"]);
    requireAxes(c, 0, [axis], "axis");
    const index = c.input(1);
    const paired = pairedAxes(c.input(0).axes.keys(), [...index.axes.keys()], axis);
    for (const name of paired) c.equal(c.size(0, name), c.size(1, name), { inputs: [0, 1], axis: name });
    return replaceAxes(c.input(0), [axis], [...without(index, paired).axes]);
  },
  trait: (c, input) => {
    const { axis } = c.attributes;
    const [table, index] = c.inputs.map(axisNames);
    const along = pairedAxes(table!, index!, axis);
    if (input === 0) return { from: [axis], to: except(index!, along), along, is: "gather" };
    return { from: [], to: except(table!, [...along, axis]), along, is: "any" };
  },
  reference: (c) => {
    const [x, index] = c.inputs;
    const { axis } = c.attributes;
    const { axes, shape } = c.results[0]!;
    const readIndex = reader(index!, axes);
    // If the index has an axis named like the replaced one, the name now means the index's axis.
    const others = axes.map((name) => (name === axis || !x!.axes.includes(name) ? "" : name));
    const read = reader(x!, [...others, axis]);
    const last = sizeOf(x!, axis) - 1;
    return named(
      generate(x!.dtype, shape, (at) => read([...at, Math.min(Math.max(readIndex(at), 0), last)])),
      axes,
    );
  },
  lower: ({ p, inputs: [x, index], attributes: { axis }, results: [result] }) => {
    const [current, order] = [p.loose(x!).axes, p.loose(index!).axes];
    const type = p.typeOf(x!);
    const paired = pairedAxes(current, order, axis);
    const own = except(order, paired);
    const others = except(current, paired);
    const indices = clamped(p, p.ordered(index!, [...paired, ...own]), type, axis);
    if (paired.length === 0) {
      const position = others.indexOf(axis);
      const value = p.emit(gatherPrimitive, [p.ordered(x!, others), indices], { axis: position });
      return p.laid(value, others.toSpliced(position, 1, ...own));
    }
    const rest = except(others, [axis]);
    const count = product(p.sizes, sizesOf(type, paired));
    const [size, ...widths] = sizesOf(type, [axis, ...rest]);
    const table = reshaped(p, p.ordered(x!, [...paired, axis, ...rest]), [count, size!, ...widths]);
    const value = byRow(p, table, reshaped(p, indices, [count, ...indices.shape.slice(paired.length)]));
    const axes = [...paired, ...own, ...rest];
    return p.laid(reshaped(p, value, sizesOf(result!, axes)), axes);
  },
});

/** Clamps indices to the range from 0 to the last element. */
function clamped(p: Lowering, indices: Positional, type: TensorType, axis: Axis): Positional {
  const last = p.scalar(p.sizes.sub(sizesOf(type, [axis])[0]!, p.sizes.int(1)), "i32");
  const least = p.emit(binary, [indices, p.scalar(0, "i32")], { function: "maximum" });
  return p.emit(binary, [least, last], { function: "minimum" });
}

/** The row axis of the weight. It is the name of an attribute, so no other axis can have it. */
const rowAxis = "num_embeddings";

export const embedding = operator({
  name: "embedding",
  doc: "A trained vector for every index. Indices out of range are clamped.",
  inputs: tensors("ids"),
  attributes: {
    num_embeddings: attribute("size", "number of vectors"),
    keyed: attribute("keyed", "the axes of a vector with their sizes: `d: 64`"),
    init: initAttribute,
  },
  exact: true,
  examples: [
    { code: "embedding(ids, num_embeddings: 10, d: 4)", inputs: "ids: i32[n, t]" },
    { code: "embedding(ids, num_embeddings: 5, head: 2, e: 3, init: normal(0.02))", inputs: "ids: i32[n]" },
  ],
  type: (c) => {
    const { keyed } = c.attributes;
    dtypeOf(c, 0, ["i32"]);
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "d" }, {});
    for (const [axis, sizes] of keyed) {
      requirePerAxis(c, axis, sizes, [axis]);
      requireNew(c, c.input(0), [axis], axis);
    }
    const vector = [...keyed].map(([axis, sizes]) => [axis, sizes[0]!] as const);
    return { dtype: "f32", axes: withAxes(c.input(0), vector).axes };
  },
  weights: (c) => {
    const { num_embeddings, keyed, init = { kind: "normal", value: 1 } } = c.attributes;
    const vector = [...keyed].map(([axis, sizes]) => [axis, sizes[0]!] as const);
    const width = product(
      c.sizes,
      vector.map(([, size]) => size),
    );
    // PyTorch computes the fans from the shape as if it belonged to a linear map.
    const fan = { in: width, out: num_embeddings };
    return [{ name: "weight", groups: [[[rowAxis, num_embeddings]], vector], init, fan }];
  },
  trait: (c) => ({ from: [], to: [...c.attributes.keyed.keys()], is: "any" }),
  expand: (g) => g.node(gather, [g.weights["weight"]!, g.inputs[0]!], { axis: rowAxis }),
});

export const one_hot = operator({
  name: "one_hot",
  doc: "For every index, i32 zeros along a new axis with a 1 at the index. An index out of range has no 1.",
  inputs: tensors("ids"),
  attributes: { keyed: attribute("keyed", "the new axis with its size, the number of classes: `c: 10`") },
  examples: [
    { code: "one_hot(ids, c: 4)", inputs: "ids: i32[n, t]" },
    { code: "cast(one_hot(ids, c: n + 1), f32)", inputs: "ids: i32[n]" },
  ],
  type: (c) => {
    const [axis, size] = onlyAxis(c);
    dtypeOf(c, 0, ["i32"]);
    requireNew(c, c.input(0), [axis], axis);
    return withAxes(c.input(0), [[axis, size]]);
  },
  trait: (c) => ({ from: [], to: [...c.attributes.keyed.keys()], is: "any" }),
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    const [axis] = [...c.attributes.keyed.keys()];
    const read = reader(c.inputs[0]!, axes);
    const position = axes.indexOf(axis!);
    return named(
      generate("i32", shape, (index) => Number(read(index) === index[position])),
      axes,
    );
  },
  lower: ({ p, inputs: [ids], attributes: { keyed }, results: [result] }) => {
    const [axis] = [...keyed.keys()];
    const { value, axes } = p.any(ids!);
    const order = place(p, axes, [axis!]);
    const at = order.indexOf(axis!);
    const size = sizesOf(result!, [axis!])[0]!;
    const one = p.sizes.int(1);
    const column = reshaped(p, value, value.shape.toSpliced(at, 0, one));
    const classes = reshaped(p, p.emit(iota, [], { size }), [size, ...order.slice(at + 1).map(() => one)]);
    const isIt = p.emit(binary, [column, classes], { function: "equal" });
    return p.laid(p.emit(cast, [isIt], { dtype: "i32" }), order);
  },
});
