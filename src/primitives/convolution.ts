/** @file Convolutions over images: by definition, and for every target. */
import { generate, type NdArray } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { activate, activatedNode, activationText, onnxActivated, wasmActivated } from "./activation.ts";
import type { EsmEmitter } from "./esm/emitter.ts";
import { pairText, tidy } from "./esm/text.ts";
import {
  channelsLast,
  imageShape,
  imageSizes,
  inLayout,
  noPads,
  padText,
  requireNhwc,
  samePadding,
  unevenPads,
  windowCounts,
  windows,
  type Layout,
  type Pads,
  type Pair,
} from "./image.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import { windowed } from "./onnx/windows.ts";
import { activations, dims, primitive, type Activation, type PrimitiveCase } from "./primitive.ts";
import { apply, ints } from "./tensorflow/nodes.ts";
import { convolved } from "./wasm/convolve.ts";
import { convolutionNode, poolNode, sameOffsetNode } from "./tensorflow/windows.ts";
import { depthwise } from "./wasm/depthwise.ts";

interface Convolution {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly layout: Layout;
  readonly activation?: Activation;
}

const absorbOnce = <A extends { readonly activation?: Activation }>(attributes: A, activation: Activation) =>
  attributes.activation === undefined ? { ...attributes, activation } : undefined;

/** Returns the result's shape; `c` is its number of channels. */
function convolvedShape(sizes: Sizes, x: Positional, filter: Positional, c: Size, a: Convolution): Positional {
  const { n, h, w } = imageSizes(x.shape, a.layout);
  const strides: Pair<Size> = [sizes.int(a.strides[0]), sizes.int(a.strides[1])];
  const kernel: Pair<Size> = [filter.shape[0]!, filter.shape[1]!];
  const [height, width] = windowCounts(sizes, [h, w], kernel, strides, a.dilations, a.pads);
  return { shape: imageShape({ n, h: height, w: width, c }, a.layout), dtype: "f32" };
}

/**
 * Sums the products over every window. `tap` says where in the filter, and in which input channel, the summands of an
 * output channel are.
 */
function convolve(
  [x, filter, bias]: readonly NdArray[],
  a: Convolution,
  channels: { readonly out: number; readonly summed: number },
  tap: (out: number, i: number) => { readonly input: number; readonly weight: number },
): NdArray {
  const image = channelsLast(x!, a.layout);
  const [n, h, w, c] = image.shape as [number, number, number, number];
  const [kh, kw] = filter!.shape as [number, number];
  const perTap = filter!.data.length / (kh * kw);
  const [rows, columns] = windows([h, w], [kh, kw], a.strides, a.dilations, a.pads);
  const finish = activate(a.activation);
  const result = generate("f32", [n, rows.count, columns.count, channels.out], ([b, y, z, out]) => {
    let sum = bias?.data[out!] ?? 0;
    for (let ky = 0; ky < kh; ky++) {
      const row = rows.at(y!, ky);
      if (row < 0 || row >= h) continue;
      for (let kx = 0; kx < kw; kx++) {
        const column = columns.at(z!, kx);
        if (column < 0 || column >= w) continue;
        const pixel = ((b! * h + row) * w + column) * c;
        const weights = (ky * kw + kx) * perTap;
        for (let i = 0; i < channels.summed; i++) {
          const { input, weight } = tap(out!, i);
          sum += image.data[pixel + input]! * filter!.data[weights + weight]!;
        }
      }
    }
    return finish(sum);
  });
  return inLayout(result, a.layout);
}

const beyondOne = (pair: Pair<number>): boolean => pair.some((n) => n > 1);
const numbers = (pair: Pair<number>): string => pairText([String(pair[0]), String(pair[1])]);

export const conv2d = primitive<Convolution & { readonly groups: number }>({
  name: "conv2d",
  doc: "Convolution of an image with a filter [kh, kw, ci / groups, co]; then a bias [co] and an activation, if there are.",
  shape: ([x, filter], attributes, sizes) => convolvedShape(sizes, x!, filter!, filter!.shape[3]!, attributes),
  macs: ([, filter], _, result) => [[...result.shape, ...filter!.shape.slice(0, 3)]],
  reference: (inputs, attributes) => {
    const [, , summed, out] = inputs[1]!.shape as [number, number, number, number];
    const perGroup = out / attributes.groups;
    return convolve(inputs, attributes, { out, summed }, (o, i) => ({
      input: Math.floor(o / perGroup) * summed + i,
      weight: i * out + o,
    }));
  },
  esm: (e, [x, filter, bias], attributes, result, operands) => {
    const { strides, dilations, groups, layout, activation } = attributes;
    requireNhwc(layout);
    const pad = padding(e, attributes, result, operands);
    // The ops refuse two things that their kernels compute: stride with dilation (everywhere) and groups (the native backend).
    if ((beyondOne(strides) && beyondOne(dilations)) || groups > 1) {
      const inputs = `{ x: ${x}, filter: ${filter}${bias === undefined ? "" : `, bias: ${bias}`} }`;
      const common = `strides: [${strides.join(", ")}], dilations: [${dilations.join(", ")}], pad: ${pad}, dataFormat: "NHWC"`;
      return bias === undefined && activation === undefined
        ? `tf.engine().runKernel("Conv2D", ${inputs}, { ${common} })`
        : `tf.engine().runKernel("FusedConv2D", ${inputs}, { ${common}, activation: "${activation ?? "linear"}" })`;
    }
    return call("conv2d", x!, filter!, bias, { strides, dilations, pad, activation });
  },
  tensorflow: (e, inputs, attributes, _, operands) => {
    const { groups, layout, activation, ...others } = attributes;
    requireNhwc(layout);
    if (groups === 1) return convolutionNode(e, "Conv2D", inputs, attributes, operands);
    // Without oneDNN, TensorFlow fuses a BiasAdd and then has no grouped kernel. It leaves a plain sum alone.
    const [x, filter, bias] = inputs;
    const product = convolutionNode(e, "Conv2D", [x!, filter!], others, operands);
    return activatedNode(e, activation, bias === undefined ? product : apply(e, "AddV2", [product, bias]));
  },
  wasm: {
    finishes: true,
    kernels: (e, { layout, activation, ...geometry }) => {
      requireNhwc(layout);
      return convolved(e, { ...geometry, activation: (f, x) => wasmActivated(f, activation, x) });
    },
  },
  onnx: (e, [x, filter, bias], attributes, _, operands) => {
    const turned = e.transposed(filter!, [3, 2, 0, 1]);
    return onnxConvolution(e, [x!, turned, bias], attributes, operands, attributes.groups);
  },
  absorb: absorbOnce,
  cases: () => [
    ...convolutionCases([3, 4], 4).map(({ shapes, attributes }) => ({
      shapes,
      attributes: { ...attributes, groups: 1 },
      ...(beyondOne(attributes.strides) &&
        beyondOne(attributes.dilations) && { variant: "conv2d.stride-and-dilation" as const }),
    })),
    // enough channels for vectors
    {
      shapes: ["2x7x7x32", "3x3x32x40", "40"].map(dims),
      attributes: { ...geometry([1, 1], { pads: "same_tf" }), groups: 1 },
    },
    ...[2, 3].flatMap((groups) =>
      [
        geometry([3, 3], { pads: unevenPads }),
        geometry([2, 1]),
        geometry([1, 1], { dilations: [2, 1], pads: "same_tf" }),
      ].map((it) => ({
        shapes: [[2, 5, 6, 2 * groups], [3, 3, 2, 3 * groups], [3 * groups]],
        attributes: { ...it, groups, activation: "relu" as const },
        variant: "conv2d.groups" as const,
      })),
    ),
    // one channel in each group
    ...[
      geometry([2, 1], { pads: unevenPads }),
      geometry([1, 1], { dilations: [2, 2] }),
      geometry([2, 2], { dilations: [2, 1] }),
    ].map((it) => ({
      shapes: [[2, 7, 8, 4], [3, 2, 1, 8], [8]],
      attributes: { ...it, groups: 4, activation: "relu6" as const },
      variant: "conv2d.groups" as const,
    })),
  ],
});

export const depthwiseConv2d = primitive<Convolution>({
  name: "depthwise_conv2d",
  doc: "Convolution of every channel by itself with a filter [kh, kw, c, m]; channel c·m + j of the result is of channel c.",
  shape: ([x, filter], attributes, sizes) =>
    convolvedShape(sizes, x!, filter!, sizes.mul(filter!.shape[2]!, filter!.shape[3]!), attributes),
  macs: ([, filter], _, result) => [[...result.shape, ...filter!.shape.slice(0, 2)]],
  reference: (inputs, attributes) => {
    const [, , c, multiplier] = inputs[1]!.shape as [number, number, number, number];
    const tap = (o: number) => ({ input: Math.floor(o / multiplier), weight: o });
    return convolve(inputs, attributes, { out: c * multiplier, summed: 1 }, tap);
  },
  esm: (e, [x, filter, bias], attributes, result, operands) => {
    const { strides, dilations, pads, layout, activation } = attributes;
    requireNhwc(layout);
    const pad = padding(e, attributes, result, operands);
    if (!beyondOne(strides) || !beyondOne(dilations))
      return call("depthwiseConv2d", x!, filter!, bias, { strides, dilations, pad, activation });
    // The cpu backend refuses stride with dilation: compute every position, then keep every n-th one by pooling single elements.
    const dense = call("depthwiseConv2d", x!, filter!, undefined, {
      strides: [1, 1],
      dilations,
      pad: padText(pads),
      activation: undefined,
    });
    const offset = pads === "same_tf" ? sameOffset(e, attributes, result, operands) : undefined;
    const from = offset === undefined ? dense : `tf.slice(${dense}, [0, ${offset.join(", ")}, 0], [-1, -1, -1, -1])`;
    const kept = `tf.avgPool(${from}, 1, ${numbers(strides)}, "valid")`;
    return tidy(activationText(activation, bias === undefined ? kept : `tf.add(${kept}, ${bias})`));
  },
  tensorflow: (e, inputs, attributes, _, operands) => {
    const { strides, dilations, pads, layout, activation } = attributes;
    requireNhwc(layout);
    const op = "DepthwiseConv2dNative";
    if (!beyondOne(strides) || !beyondOne(dilations)) return convolutionNode(e, op, inputs, attributes, operands);
    const [x, filter, bias] = inputs;
    // The same, for the executor of TensorFlow.js.
    const dense = convolutionNode(e, op, [x!, filter!], { strides: [1, 1], dilations, pads }, operands);
    const offset = pads === "same_tf" && sameOffsetNode(e, attributes, operands);
    const T = { type: "f32" } as const;
    const whole = { T, Index: { type: "i32" } } as const;
    const from = offset ? e.node("Slice", [dense, offset, ints(e, [-1, -1, -1, -1])], whole) : dense;
    const kept = poolNode(e, "AvgPool", from, { kernel: [1, 1], strides, pads: noPads });
    return activatedNode(e, activation, bias === undefined ? kept : e.node("BiasAdd", [kept, bias], { T }));
  },
  onnx: (e, [x, filter, bias], attributes, _, operands) => {
    const [kh, kw, c, multiplier] = operands[1]!.shape as readonly [Size, Size, Size, Size];
    const turned = e.transposed(filter!, [2, 3, 0, 1]);
    const stacked = e.reshaped(
      turned,
      [c, multiplier, kh, kw],
      [e.algebra.mul(c, multiplier), e.algebra.int(1), kh, kw],
    );
    return onnxConvolution(e, [x!, stacked, bias], attributes, operands, e.int(c));
  },
  wasm: {
    finishes: true,
    kernels: (e, attributes) => {
      requireNhwc(attributes.layout);
      return depthwise(e, attributes);
    },
  },
  absorb: absorbOnce,
  cases: () => [
    ...[...convolutionCases([3, 1], 3), ...convolutionCases([2, 2], 4)].map((it) => {
      const { strides, dilations } = it.attributes;
      const isPlain = strides[0] === strides[1] && !beyondOne(dilations);
      return isPlain ? it : { ...it, variant: "depthwise.geometry" as const };
    }),
    { shapes: ["2x9x9x24", "5x5x24x1", "24"].map(dims), attributes: geometry([2, 2], { pads: "same_tf" }) },
    // images so wide that windows inside of them repeat, with and without a rest of channels
    { shapes: ["1x3x41x8", "3x3x8x1", "8"].map(dims), attributes: geometry([1, 1], { pads: "same_tf" }) },
    { shapes: ["2x4x47x33", "3x3x33x1", "33"].map(dims), attributes: geometry([2, 2], { pads: "same_tf" }) },
    { shapes: ["1x5x30x5", "2x9x5x1"].map(dims), attributes: geometry([1, 1], { pads: unevenPads }) },
    { shapes: ["1x3x40x1", "3x2x1x4", "4"].map(dims), attributes: geometry([1, 1]) },
  ],
});

/** Prints the kernel size and the total padding along one side. */
function sideText(e: EsmEmitter, a: Convolution, result: Positional, [x, filter]: readonly Positional[], i: 0 | 1) {
  const kernel = e.size(filter!.shape[i]!);
  const padding = samePadding(
    e.size(result.shape[1 + i]!),
    e.size(x!.shape[1 + i]!),
    kernel,
    a.strides[i],
    a.dilations[i],
  );
  return { kernel, padding };
}

/** Prints the pads as tfjs takes them. */
function padding(e: EsmEmitter, a: Convolution, result: Positional, operands: readonly Positional[]): string {
  if (a.pads !== "same_tf") return padText(a.pads);
  const sides = ([0, 1] as const).map((i) => sideText(e, a, result, operands, i));
  // On wasm, `same` is wrong if a window is narrower than its stride. The comparison is false if the kernel is not a number.
  const isWide = sides.every(
    ({ kernel }, i) => a.strides[i]! === 1 || a.dilations[i]! * (Number(kernel) - 1) + 1 >= a.strides[i]!,
  );
  if (isWide) return `"same"`;
  if (sides.every(({ padding }) => padding === "0")) return `"valid"`;
  const pairs = sides.map(({ padding }) => `[${half("floor", padding)}, ${half("ceil", padding)}]`);
  return `[[0, 0], ${pairs.join(", ")}, [0, 0]]`;
}

/** Prints half of a number or of an expression, rounded. */
const half = (round: "floor" | "ceil", text: string): string =>
  Number.isNaN(Number(text)) ? `Math.${round}(${text} / 2)` : String(Math[round](Number(text) / 2));

/** Prints how much more `same_tf` pads at the start with stride 1 than with the given strides. */
function sameOffset(e: EsmEmitter, a: Convolution, result: Positional, operands: readonly Positional[]): string[] {
  return ([0, 1] as const).map((i) => {
    const { kernel, padding } = sideText(e, a, result, operands, i);
    return `${half("floor", `${a.dilations[i]} * (${kernel} - 1)`)} - ${half("floor", padding)}`;
  });
}

/** Prints the op, or the fused one if there is a bias or an activation. */
function call(
  name: "conv2d" | "depthwiseConv2d",
  x: string,
  filter: string,
  bias: string | undefined,
  options: Pick<Convolution, "strides" | "dilations"> & {
    readonly pad: string;
    readonly activation: Activation | undefined;
  },
): string {
  const { strides, dilations, pad, activation } = options;
  if (bias === undefined && activation === undefined) {
    const dilated = beyondOne(dilations) ? `, "NHWC", ${numbers(dilations)}` : "";
    return `tf.${name}(${x}, ${filter}, ${numbers(strides)}, ${pad}${dilated})`;
  }
  const fields = [`x: ${x}`, `filter: ${filter}`];
  if (bias !== undefined) fields.push(`bias: ${bias}`);
  fields.push(`strides: ${numbers(strides)}`, `pad: ${pad}`);
  if (beyondOne(dilations)) fields.push(`dilations: ${numbers(dilations)}`);
  if (activation !== undefined) fields.push(`activation: "${activation}"`);
  return `tf.fused.${name}({ ${fields.join(", ")} })`;
}

/** Adds a Conv node. The filter is [co, ci / groups, kh, kw]; `operands` are those of the primitive. */
function onnxConvolution(
  e: OnnxEmitter,
  [x, filter, bias]: readonly (OnnxWire | undefined)[],
  a: Convolution,
  operands: readonly Positional[],
  groups: number,
): OnnxWire {
  const [kh, kw] = operands[1]!.shape;
  const { image, attributes } = windowed(e, x!, operands[0]!, { ...a, kernel: [e.int(kh!), e.int(kw!)] }, 0);
  const grouped = groups === 1 ? attributes : { ...attributes, group: { int: groups } };
  const convolved = e.node("Conv", bias === undefined ? [image, filter] : [image, filter, bias], grouped);
  return onnxActivated(e, a.activation, convolved);
}

/** Makes the attributes of a test case. */
function geometry(strides: Pair<number>, rest: Partial<Convolution> = {}): Convolution {
  return { strides, dilations: [1, 1], pads: noPads, layout: "NHWC", ...rest };
}

/** Makes cases for filters [kh, kw, ...channels] with `out` output channels. */
function convolutionCases(channels: Pair<number>, out: number): PrimitiveCase<Convolution>[] {
  const geometries: readonly (readonly [image: string, kernel: string, Convolution])[] = [
    ["1x5x5", "3x3", geometry([1, 1])],
    ["3x7x6", "3x2", geometry([2, 1], { pads: unevenPads })],
    ["2x6x7", "1x1", geometry([2, 2])],
    ["1x4x4", "1x1", geometry([1, 1])],
    ["1x5x1", "3x1", geometry([2, 1], { pads: "same_tf" })],
    // filters larger than the image
    ["1x4x1", "5x6", geometry([1, 1], { pads: unevenPads })],
    ["1x1x1", "3x3", geometry([1, 1], { pads: "same_tf" })],
    ["1x8x7", "3x3", geometry([2, 2], { pads: "same_tf" })],
    ["2x7x8", "2x4", geometry([3, 2], { pads: "same_tf" })],
    ["1x7x7", "3x3", geometry([1, 1], { dilations: [2, 3], pads: unevenPads })],
    ["1x9x8", "3x3", geometry([1, 1], { dilations: [2, 2], pads: "same_tf" })],
    // windows narrower than strides
    ["1x8x6", "1x1", geometry([2, 2], { pads: "same_tf" })],
    ["1x9x8", "1x3", geometry([3, 2], { pads: "same_tf" })],
    ["2x9x10", "2x1", geometry([4, 3], { pads: "same_tf" })],
    ["1x10x9", "2x2", geometry([4, 4], { pads: "same_tf" })],
    ["1x8x10", "2x2", geometry([4, 5], { pads: "same_tf" })],
    // stride and dilation together
    ["1x9x8", "3x3", geometry([2, 2], { dilations: [2, 2] })],
    ["3x9x8", "3x2", geometry([2, 3], { dilations: [2, 2], pads: unevenPads })],
    ["2x9x10", "3x3", geometry([2, 2], { dilations: [3, 2], pads: "same_tf" })],
    ["1x10x9", "2x3", geometry([1, 2], { dilations: [3, 1], pads: "same_tf" })],
    ["1x7x3", "1x2", geometry([3, 2], { dilations: [2, 2], pads: "same_tf" })],
    ["1x9x8", "1x3", geometry([3, 2], { dilations: [2, 2], pads: "same_tf" })],
  ];
  return geometries.flatMap(([image, kernel, attributes], i) => {
    const shapes = [
      [...dims(image), channels[0]],
      [...dims(kernel), ...channels],
    ];
    const activation = activations[i % activations.length]!;
    return [
      { shapes, attributes },
      { shapes: [...shapes, [out]], attributes },
      { shapes, attributes: { ...attributes, activation } },
      { shapes: [...shapes, [out]], attributes: { ...attributes, activation } },
    ];
  });
}
