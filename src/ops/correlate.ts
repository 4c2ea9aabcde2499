/** @file `correlate`: convolution with a tensor as the kernel. It is to `conv` what `dot` is to `linear`. */
import { arrange, elements, type NamedArray } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Laid } from "../ir/lowering.ts";
import { operator, tensors, type LoweringContext, type OperatorContext } from "../ir/operator.ts";
import { axisNames, printType, tensorType, volume, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { matmul } from "../primitives/matmul.ts";
import { convolve as lowerConvolution } from "./lowering/convolutions.ts";
import { windowsAsChannels } from "./lowering/sliding.ts";
import { convolve } from "./reference/convolve.ts";
import { made, sizeOf, volumeExtent } from "./reference/rows.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import { commonDtype, floating, refuse, requireAxes } from "./shared/conditions.ts";
import {
  elementsBelow,
  inVolume,
  openWindowsOf,
  perAxis,
  places,
  requireWindows,
  spanOf,
  volumeWindows,
  windowOf,
  type WindowAttributes,
} from "./shared/spatial.ts";

const attributes = {
  over: attribute(
    "axes",
    "one to three axes of both tensors: the kernel slides along them, and its sizes are the window's",
  ),
  contract: attribute("axes", "axes of both tensors to multiply and sum over", { default: [], unordered: true }),
  batch: attribute("axes", "axes of both tensors to pair: each element has its own kernel", {
    default: [],
    unordered: true,
  }),
  stride: attribute("sizes", "step of the window", { default: 1 }),
  pad: attribute(
    "padding",
    "a number, or pairs; `same`: dilation * (window - 1) / 2 on both sides; `same_tf`: TensorFlow's, more at the end",
    { default: 0, choices: ["same", "same_tf"] },
  ),
  dilation: attribute("sizes", "distance between the elements that a window covers", { default: 1 }),
};

type Values = ValuesOf<typeof attributes>;

/** Returns the attributes of the windows, whose sizes are the kernel's. */
function windowAttributes(attributes: Values, kernel: TensorType): WindowAttributes {
  return { ...attributes, kernel: sizesOf(kernel, attributes.over) };
}

function resultType(c: OperatorContext<Values>): TensorType {
  const { over, contract, batch } = c.attributes;
  const [x, k] = [c.input(0), c.input(1)];
  const windows = windowAttributes(c.attributes, k);
  const moved = over.map((axis, i) => [axis, places(c.sizes, windows, i, x.axes.get(axis)!)] as const);
  const others = except(axisNames(k), [...over, ...batch, ...contract]);
  const axes = new Map([...x.axes, ...moved, ...others.map((axis) => [axis, k.axes.get(axis)!] as const)]);
  return tensorType(
    "f32",
    [...axes].filter(([axis]) => !contract.includes(axis)),
  );
}

/** Requires that every axis of a list is in both tensors and in no other list. */
function requireLists(c: OperatorContext<Values>): void {
  const { over, contract, batch } = c.attributes;
  if (over.length === 0 || over.length > 3) refuse(c, "over", "one to three axes", String(over.length));
  const named = over.filter((axis) => c.input(1).axes.has(axis));
  const own = axisNames(c.input(1)).filter((axis) => !c.input(0).axes.has(axis));
  if (named.length === 0 && own.length >= over.length) {
    const code = `rename(${own
      .slice(-over.length)
      .map((axis, i) => `${axis} -> ${over[i]!}`)
      .join(", ")})`;
    const helps = [{ text: "give the window's axes the names of those that it slides along", code }];
    const type = printType(c.sizes, c.input(1));
    c.complain("missing-axis", { callee: c.callee, axis: over[0]!, type }, { inputs: [1], axis: over[0]! }, { helps });
  }
  const lists = Object.entries({ over, contract, batch });
  for (const [i, [name, axes]] of lists.entries()) {
    for (const index of [0, 1]) requireAxes(c, index, axes, name);
    for (const [other, earlier] of lists.slice(0, i)) {
      const both = axes.find((axis) => earlier.includes(axis));
      if (both !== undefined) refuse(c, name, `a list of axes that are not in \`${other}:\``, `\`${both}\``);
    }
  }
}

export const correlate = operator({
  name: "correlate",
  doc: "Convolution of `x` with a kernel that is a tensor, not a weight of the layer. The kernel slides along the axes in `over`; axes in `contract` are summed; those in `batch` are paired, so each sample or group can have its own kernel. All other axes of both tensors are kept. The kernel is not flipped, and there is no padding by default, as in `torch.nn.functional.conv2d`.",
  inputs: tensors("x", "kernel"),
  alsoCalled: ["xcorr", "cross_correlate"],
  attributes,
  examples: [
    { code: "correlate(x, k, over: [h, w], contract: c, pad: same)", inputs: "x: [n, c, h, w], k: [o, c, h: 3, w: 3]" },
    {
      code: "correlate(x, z, over: [h, w], contract: c, batch: n)",
      inputs: "x: [n, c, h: h + p, w: w + q], z: [n, c, h: p, w: q]",
    },
    {
      code: "correlate(x, k, over: t, batch: [n, c], stride: 2, pad: [[2, 0]])",
      inputs: "x: [n, c, t], k: [n, c, t: 3]",
    },
    {
      code: "correlate(x, k, over: [h, w], contract: c, batch: g, dilation: 2, pad: same)",
      inputs: "x: [n, g: 2, c, h, w], k: [g: 2, o: 3, c, h: 3, w: 1]",
    },
  ],
  type: (c) => {
    const { sizes, attributes } = c;
    const { over, contract, batch, pad, stride } = attributes;
    commonDtype(c, [0, 1], floating);
    requireLists(c);
    for (const [axis, size] of c.input(0).axes) {
      const other = c.input(1).axes.get(axis);
      if (other === undefined || over.includes(axis)) continue;
      if (![...contract, ...batch].includes(axis)) {
        const notes = ["contract it (`contract:`), pair it (`batch:`), slide along it (`over:`), or make it two axes"];
        const helps = [{ text: "if the kernel's axis is another one, rename it", code: `rename(${axis} -> …)` }];
        c.complain("dot-shared-axis", { axis, callee: c.callee }, { inputs: [0, 1], axis }, { notes, helps });
      }
      c.equal(size, other, { inputs: [0, 1], axis });
    }
    const windows = windowAttributes(attributes, c.input(1));
    requireWindows(c, windows, over, 1);
    if (pad === "same_tf")
      for (const [i, axis] of over.entries())
        if (sizes.constant(windows.kernel[i]!) === undefined) {
          const why = "with `same_tf`, a window of an unknown size must be at least as wide as its stride";
          const extent = sizes.add(spanOf(sizes, windows, i), sizes.int(1));
          c.atLeast(extent, perAxis(stride, i), { inputs: [1], axis, why });
        }
    return resultType(c);
  },
  macs: (c) => {
    const { sizes, attributes } = c;
    const summed = sizesOf(c.input(1), [...attributes.over, ...attributes.contract]);
    return product(sizes, [volume(sizes, resultType(c)), ...summed]);
  },
  trait: (c, input) => {
    const { over, contract, batch } = c.attributes;
    const others = except(axisNames(c.input(1 - input)), [...over, ...contract, ...batch]);
    return { from: [...contract, ...over], to: [...over, ...others], along: batch, is: "linear" };
  },
  reference: (c) => {
    const { over, contract, batch, stride, dilation, pad } = c.attributes;
    const [x, k] = c.inputs;
    const [result] = c.results;
    const others = (axes: readonly Axis[]) => except(axes, [...batch, ...contract, ...over]);
    const [images, filters] = [others(x!.axes), others(k!.axes)];
    const count = (array: NamedArray, axes: readonly Axis[]) => elements(axes.map((axis) => sizeOf(array, axis)));
    const windows = inVolume(
      over.map((axis, i) => {
        const [step, distance] = [c.size(perAxis(stride, i)), c.size(perAxis(dilation, i))];
        const window = { kernel: sizeOf(k!, axis), stride: step, dilation: distance };
        return windowOf(window, typeof pad === "string" ? pad : perAxis(pad, i), (size) => c.size(size));
      }),
    );
    const [extent, counts] = [volumeExtent(x!, over), volumeExtent(result!, over)];
    const along = (i: 0 | 1 | 2) => elementsBelow(windows[i], extent[i], counts[i]);
    const groups = count(x!, batch);
    const data = convolve(
      {
        x: arrange(x!, [...images, ...batch, ...contract, ...over]).data,
        weight: arrange(k!, [...batch, ...filters, ...contract, ...over]).data,
        images: count(x!, images),
        groups,
        below: count(x!, contract),
        outputs: groups * count(k!, filters),
        extent,
        windows,
        covered: [along(0), along(1), along(2)],
      },
      c.count,
    );
    return made(data, [...images, ...batch, ...filters, ...over], result!);
  },
  lower: (c) => {
    const { p, inputs, attributes } = c;
    const [x, k] = inputs.map((input) => p.typeOf(input));
    const merged = (axes: readonly Axis[]) => p.sizes.constant(product(p.sizes, sizesOf(x!, axes)));
    const groups = merged(attributes.batch);
    const isOneCall = groups === 1n || merged(attributes.contract) === 1n || p.can("conv2d.groups");
    const isKnown = sizesOf(k!, attributes.over).every((size) => p.sizes.constant(size) !== undefined);
    return isKnown && groups !== undefined && isOneCall ? asConvolution(c, Number(groups)) : asProduct(c);
  },
});

/** Returns the axes that only one tensor has. */
function free({ p, inputs: [x, k], attributes: { over, contract, batch } }: LoweringContext<Values>) {
  const others = (tensor: Tensor) => except(p.loose(tensor).axes, [...batch, ...contract, ...over]);
  return { images: others(x!), filters: others(k!) };
}

/** Convolves images, or volumes, whose channels are the axes in `batch` and `contract`. */
function asConvolution(c: LoweringContext<Values>, groups: number): Laid {
  const { p, inputs, attributes, results } = c;
  const { over, contract, batch } = attributes;
  const [x, k] = inputs;
  const { images, filters } = free(c);
  const { sizes } = p;
  /** The channels go last, or before height and width. A missing height has size 1. */
  const placed = <T>(before: T, spatial: readonly T[], channels: T): T[] => {
    const at = p.layout === "NHWC" ? spatial.length : Math.max(spatial.length - 2, 0);
    return [before, ...spatial.toSpliced(at, 0, channels)];
  };
  const merged = (type: TensorType, axes: readonly Axis[]) => product(sizes, sizesOf(type, axes));
  const spatial = sizesOf(p.typeOf(x!), over);
  const channels = [...batch, ...contract];
  const order = placed<readonly Axis[]>(
    images,
    over.map((axis) => [axis]),
    channels,
  ).flat();
  const shape = placed(
    merged(p.typeOf(x!), images),
    spatial.length === 1 ? [sizes.int(1), ...spatial] : spatial,
    merged(p.typeOf(x!), channels),
  );
  const filter = reshaped(p, p.ordered(k!, [...over, ...contract, ...batch, ...filters]), [
    ...sizesOf(p.typeOf(k!), over),
    merged(p.typeOf(k!), contract),
    merged(p.typeOf(k!), [...batch, ...filters]),
  ]);
  const windows = volumeWindows(windowAttributes(attributes, p.typeOf(k!)), over.length, (size) => p.int(size));
  const [depth] = sizesOf(results[0]!, over);
  const value = lowerConvolution(p, [reshaped(p, p.ordered(x!, order), shape), filter], groups, windows, depth!);
  const axes = placed<readonly Axis[]>(
    images,
    over.map((axis) => [axis]),
    [...batch, ...filters],
  ).flat();
  return p.laid(reshaped(p, value, sizesOf(results[0]!, axes)), axes);
}

/** Multiplies matrices: the elements of each window with those of the kernel, for every pair of the axes in `batch`. */
function asProduct(c: LoweringContext<Values>): Laid {
  const { p, inputs, attributes, results } = c;
  const { over, contract, batch } = attributes;
  const [x, k] = inputs;
  const [ofX, ofK] = [p.typeOf(x!), p.typeOf(k!)];
  const { images, filters } = free(c);
  const merged = (type: TensorType, axes: readonly Axis[]) => product(p.sizes, sizesOf(type, axes));
  const windows = openWindowsOf(p.sizes, windowAttributes(attributes, ofK), over.length, (size) => p.int(size));
  const counts = sizesOf(results[0]!, over);
  const shape = [merged(ofX, [...batch, ...images]), ...sizesOf(ofX, over), merged(ofX, contract)];
  const image = reshaped(p, p.ordered(x!, [...batch, ...images, ...over, ...contract]), shape);
  // The last axis first, because the kernel's first axis changes slowest.
  const rows = over.reduceRight((value, _, i) => windowsAsChannels(p, value, 1 + i, windows[i]!, counts[i]!), image);
  const pairs = batch.length === 0 ? [] : [merged(ofX, batch)];
  const inner = rows.shape.at(-1)!;
  const places = product(p.sizes, [merged(ofX, images), ...counts]);
  const kernel = p.ordered(k!, [...batch, ...over, ...contract, ...filters]);
  const operands = [
    reshaped(p, rows, [...pairs, places, inner]),
    reshaped(p, kernel, [...pairs, inner, merged(ofK, filters)]),
  ];
  const value = p.emit(matmul, operands, { transposeA: false, transposeB: false });
  const axes = [...batch, ...images, ...over, ...filters];
  return p.laid(reshaped(p, value, sizesOf(results[0]!, axes)), axes);
}
