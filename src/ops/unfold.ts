/** @file Windows as channels, and back: unfold and fold. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors } from "../ir/operator.ts";
import { withAxes } from "../ir/type.ts";
import { concat, transpose } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import { slicesOf } from "./lowering/sliding.ts";
import { sum } from "./lowering/volumes.ts";
import { made, reader, rows, sizeOf } from "./reference/rows.ts";
import { apart, except, padded, product, reshaped, sizesOf, sliceAt } from "./shared/axes.ts";
import { anything, dtypeOf, numeric, refuse, requireAxes } from "./shared/conditions.ts";
import {
  axisAttribute,
  elementsBelow,
  keyedSpatial,
  knownSpatial,
  padSizes,
  perAxis,
  places,
  requirePerAxis,
  requireSpatialCount,
  requireWindows,
  spatialOf,
  symbolicPads,
  windowsOf,
  withSpatial,
  type Window,
} from "./shared/spatial.ts";
import { inReals, over } from "./shared/traits.ts";

const attributes = {
  kernel: attribute("sizes", "size of the window"),
  stride: attribute("sizes", "step of the window", { default: 1 }),
  pad: attribute(
    "padding",
    "a number, one per axis or pairs; `same`: dilation * (kernel - 1) / 2; `same_tf`: TensorFlow's",
    {
      default: 0,
      choices: ["same", "same_tf"],
    },
  ),
  dilation: attribute("sizes", "distance between the elements of a window", { default: 1 }),
};

/** Splits a flat index into one for each of these sizes, the last varying fastest. */
function split(flat: number, sizes: readonly number[]): number[] {
  return sizes.map((size, i) => Math.floor(flat / sizes.slice(i + 1).reduce((a, b) => a * b, 1)) % size);
}

/** Returns the elements of the windows along a position, those of each window at a new position after it. */
function windowed(p: Lowering, value: Positional, position: number, window: Window, count: Size): Positional {
  const parts = slicesOf(p, value, position, window, window.kernel, count).map((part) =>
    reshaped(p, part, part.shape.toSpliced(position + 1, 0, p.sizes.int(1))),
  );
  return parts.length === 1 ? parts[0]! : p.emit(concat, parts, { axis: position + 1 });
}

export const unfold = operator({
  name: "unfold",
  doc: "Makes the elements of every window channels: `c` gets the elements of the window of its first channel, row by row, then those of the second. The axes of the windows stay apart; `reshape(…, [h, w] -> l)` joins them as PyTorch does.",
  inputs: tensors("x"),
  attributes: { ...attributes, axis: axisAttribute },
  alsoCalled: ["im2col"],
  exact: true,
  examples: [
    { code: "unfold(x, kernel: 3, pad: 1)", inputs: "x: [n, c, h, w]" },
    { code: "unfold(x, kernel: [2, 3], stride: 2, dilation: [1, 2])", inputs: "x: [n, c, h: h + 1, w: w + 4]" },
    { code: "unfold(x, kernel: 4, pad: same_tf, axis: t)", inputs: "x: [n, c, t]" },
  ],
  type: (c) => {
    const { sizes, attributes } = c;
    dtypeOf(c, 0, anything);
    const axes = spatialOf(c);
    if (axes.includes("c")) refuse(c, "axis", "a spatial axis", "`c`");
    requireWindows(c, c.attributes, axes);
    const channels = product(sizes, [c.size(0, "c"), ...axes.map((_, i) => perAxis(attributes.kernel, i))]);
    const moved = axes.map((axis, i) => [axis, places(sizes, attributes, i, c.size(0, axis))] as const);
    return withAxes(c.input(0), [["c", channels], ...moved]);
  },
  resolve: withSpatial,
  trait: (c) => {
    const { sizes, attributes } = c;
    const axes = knownSpatial(c.input(0).axes.keys(), attributes.axis);
    const isPadded = axes.some(
      (_, i) => attributes.pad === "same_tf" || padSizes(sizes, attributes, i).some((size) => size !== sizes.int(0)),
    );
    return over(["c", ...axes], isPadded ? inReals(c.input(0), { is: "linear" }) : { is: "gather" });
  },
  reference: (c) => {
    const [x] = c.inputs;
    const { axes, shape } = c.results[0]!;
    const spatial = knownSpatial(x!.axes, c.attributes.axis);
    const windows = windowsOf(c.attributes, spatial.length, (size) => c.size(size));
    const below = spatial.map((axis, i) => elementsBelow(windows[i]!, sizeOf(x!, axis), sizeOf(c.results[0]!, axis)));
    const kernel = windows.map((window) => window.kernel);
    const read = reader(x!, axes);
    const channel = axes.indexOf("c");
    const positions = spatial.map((axis) => axes.indexOf(axis));
    const element = (index: readonly number[]): number => {
      const [own, ...taps] = split(index[channel]!, [sizeOf(x!, "c"), ...kernel]);
      const at = index.with(channel, own!);
      for (const [i, position] of positions.entries()) {
        const tap = below[i]![index[position]!]!.find(([tap]) => tap === taps[i]);
        if (tap === undefined) return 0;
        at[position] = tap[1];
      }
      return read(at);
    };
    return named(generate(x!.dtype, shape, element), axes);
  },
  lower: ({ p, inputs, attributes, results: [result] }) => {
    const x = p.any(inputs[0]!);
    const spatial = knownSpatial(x.axes, attributes.axis);
    const windows = windowsOf(attributes, spatial.length, (size) => p.int(size));
    const inWindow = spatial.map((axis) => `${axis}'`);
    const value = spatial.reduce(
      ({ value, axes }, axis, i) => {
        const position = axes.indexOf(axis);
        const counted = windowed(p, value, position, windows[i]!, sizesOf(result!, [axis])[0]!);
        return { value: counted, axes: axes.toSpliced(position + 1, 0, inWindow[i]!) };
      },
      { value: x.value, axes: [...x.axes] },
    );
    const order = x.axes.flatMap((axis) => (axis === "c" ? ["c", ...inWindow] : [axis]));
    const permutation = order.map((axis) => value.axes.indexOf(axis));
    const moved = p.emit(transpose, [value.value], { permutation });
    return p.laid(reshaped(p, moved, sizesOf(result!, x.axes)), x.axes);
  },
});

export const fold = operator({
  name: "fold",
  doc: "Adds up windows that are channels, as `unfold` makes them, where they were in an image of a given size.",
  inputs: tensors("x"),
  attributes: { keyed: attribute("keyed", "the axes of the image with their sizes"), ...attributes },
  alsoCalled: ["col2im"],
  examples: [
    { code: "fold(x, h: 2*h, w: 2*w, kernel: 2, stride: 2)", inputs: "x: [n, c: 4*k, h, w]" },
    { code: "fold(x, h: h, w: w, kernel: 3, pad: 1)", inputs: "x: [n, c: 9, h, w]" },
    { code: "fold(x, t: t + 3, kernel: 2, dilation: 3)", inputs: "x: i32[n, c: 2*k, t]" },
  ],
  type: (c) => {
    const { sizes, attributes } = c;
    const { keyed, kernel } = attributes;
    const dtype = dtypeOf(c, 0, numeric);
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    requireSpatialCount(c, keyed);
    const axes = keyedSpatial(keyed);
    if (axes.includes("c")) refuse(c, "c", "a spatial axis", "`c`");
    requireWindows(c, c.attributes, axes);
    const made = axes.map((axis, i) => {
      requireAxes(c, 0, [axis], axis);
      requirePerAxis(c, axis, keyed.get(axis), [axis]);
      const [size] = keyed.get(axis)!;
      c.equal(c.size(0, axis), places(sizes, attributes, i, size!), { inputs: [0], attribute: axis, axis });
      return [axis, size!] as const;
    });
    const elements = product(
      sizes,
      axes.map((_, i) => perAxis(kernel, i)),
    );
    const channels = c.divide(c.size(0, "c"), elements, { inputs: [0], attribute: "kernel", axis: "c" });
    return { dtype, axes: withAxes(c.input(0), [["c", channels], ...made]).axes };
  },
  trait: (c) => over(["c", ...keyedSpatial(c.attributes.keyed)], inReals(c.input(0), { is: "linear" })),
  reference: (c) => {
    const [x] = c.inputs;
    const [result] = c.results;
    const spatial = keyedSpatial(c.attributes.keyed);
    const windows = windowsOf(c.attributes, spatial.length, (size) => c.size(size));
    const counts = spatial.map((axis) => sizeOf(x!, axis));
    const lengths = spatial.map((axis) => sizeOf(result!, axis));
    const below = windows.map((window, i) => elementsBelow(window, lengths[i]!, counts[i]!));
    const kernel = windows.map((window) => window.kernel);
    const channels = sizeOf(result!, "c");
    const source = rows(x!, ["c", ...spatial]);
    const space = lengths.reduce((a, b) => a * b, 1);
    const data = new Float64Array(source.count * channels * space);
    source.data.forEach((value, flat) => {
      const [row, channel, ...rest] = split(flat, [source.count, channels, ...kernel, ...counts]);
      const at = windows.map((_, i) => {
        const taps = below[i]![rest[kernel.length + i]!]!;
        return taps.find(([tap]) => tap === rest[i])?.[1];
      });
      if (at.includes(undefined)) return;
      const place = at.reduce<number>((sum, position, i) => sum * lengths[i]! + position!, 0);
      const target = (row! * channels + channel!) * space + place;
      const total = data[target]! + value;
      data[target] = x!.dtype === "i32" ? total | 0 : total;
    });
    return made(data, [...source.axes, "c", ...spatial], result!, x!.dtype);
  },
  lower: ({ p, inputs, attributes, results: [result] }) => {
    const { sizes } = p;
    const spatial = keyedSpatial(attributes.keyed);
    const windows = windowsOf(attributes, spatial.length, (size) => p.int(size));
    const others = except(p.loose(inputs[0]!).axes, ["c", ...spatial]);
    const kernel = windows.map((window) => sizes.int(window.kernel));
    const whole = p.ordered(inputs[0]!, [...others, "c", ...spatial]);
    const [channels] = sizesOf(result!, ["c"]);
    const first = others.length + 1;
    const value = reshaped(p, whole, whole.shape.toSpliced(others.length, 1, channels!, ...kernel));
    // The last axis first, because the position of its window's elements disappears.
    const image = spatial.reduceRight(
      (value, axis, i) => painted(p, value, [first + i, first + 2 * i], windows[i]!, sizesOf(result!, [axis])[0]!),
      value,
    );
    return p.laid(image, [...others, "c", ...spatial]);
  },
});

/** Adds up windows along a position. The position of their elements disappears. */
function painted(
  p: Lowering,
  value: Positional,
  [element, position]: readonly [number, number],
  window: Window,
  size: Size,
): Positional {
  const { sizes } = p;
  const [before, after] = symbolicPads(sizes, window, size);
  const whole = sizes.add(sizes.add(before, size), after);
  const parts = Array.from({ length: window.kernel }, (_, k) => {
    const own = sliceAt(p, value, element, sizes.int(k), sizes.int(1));
    const spaced = apart(p, reshaped(p, own, own.shape.toSpliced(element, 1)), position, window.stride);
    const start = sizes.int(k * window.dilation);
    return padded(p, spaced, position, [start, sizes.sub(whole, sizes.add(start, spaced.shape[position]!))]);
  });
  const total = sum(p, parts);
  return before === after && before === sizes.int(0) ? total : sliceAt(p, total, position, before, size);
}
