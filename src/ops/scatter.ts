/** @file Adding up elements by index: scatter_add, the reverse of gather. */
import { named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { axisNames, without } from "../ir/type.ts";
import { binary, select } from "../primitives/binary.ts";
import { scatterAdd } from "../primitives/scatter.ts";
import { pairedAxes } from "./gather.ts";
import { shifted } from "./lowering/by-row.ts";
import { reader, rows, sizeOf } from "./reference/rows.ts";
import { except, product, reshaped, sizesOf, sliceAt } from "./shared/axes.ts";
import { commonDtype, dtypeOf, numeric, replaceAxes, requireAxes } from "./shared/conditions.ts";
import { inReals } from "./shared/traits.ts";

export const scatter_add = operator({
  name: "scatter_add",
  doc: "Adds elements of `src` to those of `x` at indices along an axis, the reverse of `gather`: `src` has the axes of `gather(x, index)`. Elements whose index is out of range are left out.",
  inputs: tensors("x", "index", "src"),
  attributes: { axis: attribute("axis", "axis of `x` that the index, i32, refers to; counts from 0") },
  alsoCalled: ["index_add"],
  examples: [
    { code: "scatter_add(x, index, src, axis: t)", inputs: "x: [n, t, d], index: i32[k], src: [n, k, d]" },
    { code: "scatter_add(x, index, src, axis: t)", inputs: "x: [n, t, d], index: i32[n, t: q], src: [n, t: q, d]" },
    { code: "scatter_add(x, index, src, axis: t)", inputs: "x: i32[t], index: i32[n, h], src: i32[n, h]" },
  ],
  type: (c) => {
    const { axis } = c.attributes;
    const [x, index] = [c.input(0), c.input(1)];
    const dtype = commonDtype(c, [0, 2], numeric);
    dtypeOf(c, 1, ["i32"]);
    requireAxes(c, 0, [axis], "axis");
    const paired = pairedAxes(x.axes.keys(), [...index.axes.keys()], axis);
    for (const name of paired) c.equal(c.size(0, name), c.size(1, name), { inputs: [0, 1], axis: name });
    const { axes } = replaceAxes(x, [axis], [...without(index, paired).axes]);
    for (const name of c.input(2).axes.keys())
      if (!axes.has(name)) c.complain("unexpected-axis", { callee: c.callee, axis: name }, { inputs: [2], axis: name });
    for (const [name, size] of axes) c.equal(size, c.size(2, name), { inputs: [0, 2], axis: name });
    return { dtype, axes: x.axes };
  },
  trait: (c, input) => {
    const { axis } = c.attributes;
    const [table, index] = c.inputs.map(axisNames);
    const paired = pairedAxes(table!, index!, axis);
    const others = except(table!, [axis]);
    const from = except(index!, paired);
    if (input === 1) return { from, to: except(table!, paired), along: paired, is: "any" };
    // What the other one holds is added to each element.
    if (input === 2) return { from, to: [axis], along: others, ...inReals(c.input(2), { is: "affine" }) };
    return { from: [axis], to: [axis], along: others, ...inReals(c.input(0), { is: "affine" }) };
  },
  reference: (c) => {
    const [x, index, src] = c.inputs;
    const { axis } = c.attributes;
    const paired = pairedAxes(x!.axes, index!.axes, axis);
    const others = except(x!.axes, [axis]);
    const own = except(index!.axes, paired);
    const table = rows(x!, [axis]);
    const size = sizeOf(x!, axis);
    const data = Float64Array.from(table.data);
    const order = [...others, ...own];
    const shape = order.map((name) => sizeOf(src!, name));
    const [readIndex, readSource] = [reader(index!, order), reader(src!, order)];
    const count = shape.reduce((a, b) => a * b, 1);
    const width = own.reduce((product, name) => product * sizeOf(src!, name), 1);
    for (let flat = 0; flat < count; flat++) {
      const at = shape.map((size, i) => Math.floor(flat / shape.slice(i + 1).reduce((a, b) => a * b, 1)) % size);
      const place = readIndex(at);
      if (place < 0 || place >= size) continue;
      const target = Math.floor(flat / width) * size + place;
      const total = data[target]! + readSource(at);
      data[target] = x!.dtype === "i32" ? total | 0 : total;
    }
    const axes = [...table.axes, axis];
    return named({ dtype: x!.dtype, shape: axes.map((name) => sizeOf(x!, name)), data }, axes);
  },
  lower: ({ p, inputs: [x, index, src], attributes: { axis } }) => {
    const { sizes } = p;
    const [type, current, order] = [p.typeOf(x!), p.loose(x!).axes, p.loose(index!).axes];
    const paired = pairedAxes(current, order, axis);
    const own = except(order, paired);
    const rest = except(current, [...paired, axis]);
    const count = product(sizes, sizesOf(type, paired));
    const width = product(sizes, sizesOf(type, rest));
    const [size] = sizesOf(type, [axis]);
    const places = product(sizes, sizesOf(p.typeOf(index!), own));
    const indices = reshaped(p, p.ordered(index!, [...paired, ...own]), [count, places]);
    const is = (name: "greater_equal" | "less", bound: Parameters<typeof p.scalar>[0]) =>
      p.emit(binary, [indices, p.scalar(bound, "i32")], { function: name });
    const inside = p.emit(binary, [is("greater_equal", 0), is("less", size!)], { function: "logical_and" });
    // One row more takes what has no place.
    const whole = sizes.mul(count, size!);
    const targets = p.emit(select, [inside, shifted(p, indices, size!), p.scalar(whole, "i32")], {});
    const elements = sizes.mul(count, places);
    const source = reshaped(p, p.ordered(src!, [...paired, ...own, ...rest]), [elements, width]);
    const sums = p.emit(scatterAdd, [reshaped(p, targets, [elements]), source], {
      size: sizes.add(whole, sizes.int(1)),
    });
    const axes = [...paired, axis, ...rest];
    const added = reshaped(p, sliceAt(p, sums, 0, sizes.int(0), whole), sizesOf(type, axes));
    return p.laid(p.emit(binary, [p.ordered(x!, axes), added], { function: "add" }), axes);
  },
});
