/** @file Transposed convolution: every element paints a window, which makes images larger. */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { arrange } from "../ir/ndarray.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import type { Size } from "../ir/size.ts";
import { volume, withAxes } from "../ir/type.ts";
import { InternalError } from "../source/internal-error.ts";
import { binary } from "../primitives/binary.ts";
import { conv2dTranspose } from "../primitives/convolution.ts";
import { imageSizes, noPads, type Pair } from "../primitives/image.ts";
import { concat, pad, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { dtypeOf, floating, refuse } from "./conditions.ts";
import { fromImage, toImage } from "./image.ts";
import { biasAttribute, initAttribute, inputAxis, layerWeights } from "./layers.ts";
import { product, reshaped, sliceAt, slicePart } from "./positions.ts";
import { extent, made, rows, sizeOf } from "./reading.ts";
import {
  axisAttribute,
  imageWindows,
  knownSpatial,
  padsOf,
  perAxis,
  requirePerAxis,
  requireWindows,
  spatialOf,
  type Window,
} from "./spatial.ts";

const attributes = {
  c: attribute("size", "number of channels of the result", { axis: true }),
  kernel: attribute("sizes", "size of the window"),
  stride: attribute("sizes", "distance of the windows", { default: 1 }),
  pad: attribute("padding", "what is cut off: a number, or pairs", { default: 0 }),
  output_padding: attribute("sizes", "what is added at the end, less than the stride", { default: 0, min: 0 }),
  dilation: attribute("sizes", "distance of the elements of a window", { default: 1 }),
  groups: attribute("size", "channels are split into so many groups, each by itself", { default: 1 }),
  bias: biasAttribute,
  init: initAttribute,
  axis: axisAttribute,
};
type Values = ValuesOf<typeof attributes>;

/** The size after painting: (size - 1) * stride + dilation * (kernel - 1) + 1 + output_padding - pads. */
function painted(c: OperatorContext<Values>, index: number, size: Size): Size {
  const { sizes } = c;
  const { kernel, stride, dilation, output_padding, pad } = c.attributes;
  const one = sizes.int(1);
  const pads = typeof pad === "string" ? sizes.int(0) : sizes.add(...perAxis(pad, index));
  const steps = sizes.mul(sizes.sub(size, one), perAxis(stride, index));
  const span = sizes.mul(perAxis(dilation, index), sizes.sub(perAxis(kernel, index), one));
  const whole = sizes.add(sizes.add(steps, span), one);
  return sizes.sub(sizes.add(whole, perAxis(output_padding, index)), pads);
}

/** How many channels of the result each channel of the input paints. */
function channelsPerGroup({ sizes, attributes }: OperatorContext<Values>): Size {
  return sizes.divide(attributes.c, attributes.groups);
}

export const conv_transpose = operator({
  name: "conv_transpose",
  doc: "Transposed convolution over the spatial axes, one or two: every element paints a window of weights, and windows that overlap add up.",
  inputs: tensors("x"),
  attributes,
  examples: [
    { code: "conv_transpose(x, c: 3, kernel: 2, stride: 2)", inputs: "x: [n, c: 4, h, w]" },
    {
      code: "conv_transpose(x, c: 4, kernel: 3, stride: 2, pad: 1, output_padding: 1, groups: 2)",
      inputs: "x: [n, c: 4, h, w]",
    },
  ],
  type: (c) => {
    dtypeOf(c, 0, floating);
    const axes = spatialOf(c);
    if (axes.includes("c")) refuse(c, "axis", "a spatial axis", "`c`");
    const { c: outputs, groups, pad, stride, output_padding } = c.attributes;
    if (typeof pad === "string") refuse(c, "pad", "a number, or a list of pairs", `\`${pad}\``);
    requireWindows(c, axes);
    requirePerAxis(c, "output_padding", output_padding, axes);
    c.divide(c.size(0, "c"), groups, { inputs: [0], attribute: "groups", axis: "c" });
    c.divide(outputs, groups, { attribute: "groups" });
    const one = c.sizes.int(1);
    const moved = axes.map((axis, i) => {
      const least = c.sizes.add(perAxis(output_padding, i), one);
      c.atLeast(perAxis(stride, i), least, { attribute: "stride", axis });
      return [axis, painted(c, i, c.size(0, axis))] as const;
    });
    return withAxes(c.input(0), [["c", outputs], ...moved]);
  },
  weights: (c) => {
    const axes = knownSpatial(c.input(0).axes.keys(), c.attributes.axis);
    const window = axes.map((axis, i) => [axis, perAxis(c.attributes.kernel, i)] as const);
    const inputs = c.size(0, "c");
    const outputs = channelsPerGroup(c);
    const elements = product(
      c.sizes,
      window.map(([, size]) => size),
    );
    const groups = [[inputAxis("c"), inputs] as const, ["c", outputs] as const, ...window].map((axis) => [axis]);
    // PyTorch reads the fans off the shape as if it were a convolution's.
    const fan = { in: c.sizes.mul(outputs, elements), out: c.sizes.mul(inputs, elements) };
    return layerWeights(c.attributes, groups, [["c", c.attributes.c]], fan);
  },
  macs: (c) => {
    const axes = knownSpatial(c.input(0).axes.keys(), c.attributes.axis);
    const window = axes.map((_, i) => perAxis(c.attributes.kernel, i));
    return product(c.sizes, [volume(c.sizes, c.input(0)), channelsPerGroup(c), ...window]);
  },
  reference: (c) => {
    const [input] = c.inputs;
    const [result] = c.results;
    const axes = knownSpatial(input!.axes, c.attributes.axis);
    const x = rows(input!, ["c", ...axes]);
    const weight = arrange(c.weights["weight"]!, [inputAxis("c"), "c", ...axes]).data;
    const bias = c.weights["bias"]?.data;
    const [inputs, outputs, groups] = [sizeOf(input!, "c"), c.size(c.attributes.c), c.size(c.attributes.groups)];
    const above = outputs / groups;
    const [height, width] = extent(input!, axes);
    const [newHeight, newWidth] = extent(result!, axes);
    const [rowWindow, columnWindow] = imageWindows(c.attributes, axes.length, (size) => c.size(size));
    const [[top], [left]] = [padsOf(rowWindow, height), padsOf(columnWindow, width)];
    const area = newHeight * newWidth;
    const data = new Float64Array(x.count * outputs * area);
    if (bias !== undefined) for (let i = 0; i < data.length; i++) data[i] = bias[Math.floor(i / area) % outputs]!;
    let at = 0;
    for (let image = 0; image < x.count; image++)
      for (let i = 0; i < inputs; i++) {
        const firstAbove = image * outputs + Math.floor(i / (inputs / groups)) * above;
        for (let y = 0; y < height; y++)
          for (let z = 0; z < width; z++) {
            const value = x.data[at++]!;
            for (let o = 0; o < above; o++)
              for (let ky = 0; ky < rowWindow.kernel; ky++) {
                const row = y * rowWindow.stride - top + ky * rowWindow.dilation;
                if (row < 0 || row >= newHeight) continue;
                const pixels = (firstAbove + o) * area + row * newWidth;
                const taps = ((i * above + o) * rowWindow.kernel + ky) * columnWindow.kernel;
                for (let kx = 0; kx < columnWindow.kernel; kx++) {
                  const column = z * columnWindow.stride - left + kx * columnWindow.dilation;
                  if (column >= 0 && column < newWidth) data[pixels + column]! += value * weight[taps + kx]!;
                }
              }
          }
      }
    return made(data, [...x.axes, "c", ...axes], result!);
  },
  lower: ({ p, inputs: [x], weights, attributes, results: [result] }) => {
    const axes = knownSpatial(p.typeOf(x!).axes.keys(), attributes.axis);
    const sides = sidesOf(attributes, axes.length, (size) => p.int(size));
    const image = toImage(p, x!, axes);
    const groups = p.int(attributes.groups);
    const [weight, bias] = [weights["weight"]!, weights["bias"] && p.ordered(weights["bias"], ["c"])];
    if (groups === 1 && p.layout === "NHWC" && sides.every(isTile)) {
      const filter = p.ordered(weight, [inputAxis("c"), ...axes, "c"]);
      return fromImage(p, image, tiled(p, image.value, filter, bias, sides), result!);
    }
    const filter = p.ordered(weight, [...axes, "c", inputAxis("c")]);
    const kernel = sides.map((side) => p.sizes.int(side.kernel));
    const spaced = apart(p, reshaped(p, filter, [...kernel, ...filter.shape.slice(axes.length)]), sides);
    const channel = p.layout === "NHWC" ? 3 : 1;
    const parts = Array.from({ length: groups }, (_, group) => {
      if (groups === 1) return transposed(p, image.value, spaced, sides);
      const own = slicePart(p, image.value, channel, group, groups);
      return transposed(p, own, slicePart(p, spaced, 3, group, groups), sides);
    });
    const value = groups === 1 ? parts[0]! : p.emit(concat, parts, { axis: channel });
    if (bias === undefined) return fromImage(p, image, value, result!);
    const one = p.sizes.int(1);
    const aligned = channel === 3 ? bias : reshaped(p, bias, [bias.shape[0]!, one, one]);
    return fromImage(p, image, p.emit(binary, [value, aligned], { function: "add" }), result!);
  },
});

/** Height or width in numbers. */
interface Side {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly [number, number];
  readonly extra: number;
}

function sidesOf(attributes: Values, count: number, number: (size: Size) => number): Pair<Side> {
  const [rowWindow, columnWindow] = imageWindows(attributes, count, number);
  const extra = (index: number) => number(perAxis(attributes.output_padding, index));
  const side = ({ kernel, stride, dilation, pads }: Window, extra: number): Side => {
    if (pads === "same_tf") throw new InternalError("conv_transpose has no `same_tf`");
    return { kernel, stride, dilation, pads, extra };
  };
  const columns = side(columnWindow, extra(count - 1));
  return [count === 2 ? side(rowWindow, extra(0)) : { ...side(rowWindow, 0), stride: 1 }, columns];
}

/** Whether windows touch and do not overlap, and nothing is cut off or added. */
function isTile({ kernel, stride, dilation, pads, extra }: Side): boolean {
  return kernel === stride && (kernel === 1 || dilation === 1) && [...pads, extra].every((count) => count === 0);
}

/**
 * Every element makes the channels of its whole tile: one product of matrices, then rows and tiles change places.
 * On wasm this is 4 to 12 times as fast as the kernel for transposed convolution (56x56x64 to 112x112x64: 2.4 against 30 ms).
 * The filter is [ci, kh, kw, co].
 */
function tiled(
  p: Lowering,
  image: Positional,
  filter: Positional,
  bias: Positional | undefined,
  [rowSide, columnSide]: Pair<Side>,
): Positional {
  const { sizes } = p;
  const { n, h, w, c } = imageSizes(image.shape, "NHWC");
  const [kh, kw] = [rowSide.kernel, columnSide.kernel];
  const outputs = filter.shape.at(-1)!;
  const tile = sizes.mul(sizes.int(kh * kw), outputs);
  const row = sizes.mul(sizes.int(kw), outputs);
  const operands = [reshaped(p, image, [product(sizes, [n, h, w]), c]), reshaped(p, filter, [c, tile])];
  if (bias !== undefined)
    operands.push(
      p.emit(
        concat,
        Array.from({ length: kh * kw }, () => bias),
        { axis: 0 },
      ),
    );
  const tiles = p.emit(matmul, operands, { transposeA: false, transposeB: false });
  const split = reshaped(p, tiles, [sizes.mul(n, h), w, sizes.int(kh), row]);
  const rows = kh === 1 ? split : p.emit(transpose, [split], { permutation: [0, 2, 1, 3] });
  return reshaped(p, rows, [n, sizes.mul(h, sizes.int(kh)), sizes.mul(w, sizes.int(kw)), outputs]);
}

/** The filter [kh, kw, co, ci] with zeros between its elements, which dilation moves apart. */
function apart(p: Lowering, filter: Positional, sides: Pair<Side>): Positional {
  const { sizes } = p;
  return sides.reduce((value, { kernel, dilation }, position) => {
    if (kernel === 1 || dilation === 1) return value;
    const single = reshaped(p, value, value.shape.toSpliced(position + 1, 0, sizes.int(1)));
    const zeros = single.shape.map((_, i) => [sizes.int(0), sizes.int(i === position + 1 ? dilation - 1 : 0)] as const);
    const wide = p.emit(pad, [single], { pads: zeros, mode: "constant", value: 0 });
    const merged = reshaped(p, wide, value.shape.with(position, sizes.int(kernel * dilation)));
    return sliceAt(p, merged, position, sizes.int(0), sizes.int(dilation * (kernel - 1) + 1));
  }, filter);
}

/** One transposed convolution. Unless the target does that by itself, pads are cut off and zeros added after it. */
function transposed(p: Lowering, image: Positional, filter: Positional, [rowSide, columnSide]: Pair<Side>): Positional {
  const { sizes, layout } = p;
  const strides = [rowSide.stride, columnSide.stride] as const;
  const outputPadding = [rowSide.extra, columnSide.extra] as const;
  const pads = [rowSide.pads, columnSide.pads] as const;
  if (p.can("conv2d_transpose.pads"))
    return p.emit(conv2dTranspose, [image, filter], { strides, pads, outputPadding, layout });
  const whole = p.emit(conv2dTranspose, [image, filter], { strides, pads: noPads, outputPadding: [0, 0], layout });
  const positions = layout === "NHWC" ? [1, 2] : [2, 3];
  return [rowSide, columnSide].reduce((value, { pads: [before, after], extra }, i) => {
    const position = positions[i]!;
    const cut = before + Math.max(after - extra, 0);
    const size = sizes.sub(value.shape[position]!, sizes.int(cut));
    const inside = cut === 0 ? value : sliceAt(p, value, position, sizes.int(before), size);
    if (after >= extra) return inside;
    const zeros = inside.shape.map((_, at) => [sizes.int(0), sizes.int(at === position ? extra - after : 0)] as const);
    return p.emit(pad, [inside], { pads: zeros, mode: "constant", value: 0 });
  }, whole);
}
