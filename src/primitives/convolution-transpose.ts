/** @file Transposed convolution of images: by definition, and for every target. */
import { generate } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { pairText } from "./esm/text.ts";
import {
  channelsLast,
  imageShape,
  imageSizes,
  inLayout,
  noPads,
  padText,
  requireNhwc,
  unevenPads,
  type Layout,
  type Pair,
} from "./image.ts";
import { requireNchw } from "./onnx/windows.ts";
import { dims, primitive, type PrimitiveCase } from "./primitive.ts";
import { padding, perAxis } from "./tensorflow/windows.ts";
import { transposedConvolution } from "./wasm/transposed-convolution.ts";

interface Transposed {
  readonly strides: Pair<number>;
  readonly pads: Pair<Pair<number>>;
  readonly outputPadding: Pair<number>;
  readonly layout: Layout;
}

export const conv2dTranspose = primitive<Transposed>({
  name: "conv2d_transpose",
  doc: "Transposed convolution of an image with a filter [kh, kw, co, ci]; the size is PyTorch's.",
  shape: ([x, filter], { strides, pads, outputPadding, layout }, sizes) => {
    const { n, h, w } = imageSizes(x!.shape, layout);
    // (size - 1) * stride + kernel + output padding - pads
    const grown = (size: Size, i: 0 | 1): Size => {
      const steps = sizes.mul(sizes.sub(size, sizes.int(1)), sizes.int(strides[i]));
      const rest = sizes.int(outputPadding[i] - pads[i][0] - pads[i][1]);
      return sizes.add(sizes.add(steps, filter!.shape[i]!), rest);
    };
    return { shape: imageShape({ n, h: grown(h, 0), w: grown(w, 1), c: filter!.shape[2]! }, layout), dtype: "f32" };
  },
  // Every element of the input paints a window in each channel of the result.
  macs: ([x, filter]) => [[...x!.shape, ...filter!.shape.slice(0, 3)]],
  reference: ([x, filter], { strides, pads, outputPadding, layout }) => {
    const image = channelsLast(x!, layout);
    const [n, h, w, ci] = image.shape as [number, number, number, number];
    const [kh, kw, co] = filter!.shape as [number, number, number, number];
    const size = (i: 0 | 1): number =>
      (image.shape[1 + i]! - 1) * strides[i] + filter!.shape[i]! + outputPadding[i] - pads[i][0] - pads[i][1];
    const result = generate("f32", [n, size(0), size(1), co], () => 0);
    const [height, width] = [size(0), size(1)];
    for (let b = 0; b < n; b++)
      for (let y = 0; y < h; y++)
        for (let z = 0; z < w; z++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const row = y * strides[0] + ky - pads[0][0];
              const column = z * strides[1] + kx - pads[1][0];
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              for (let o = 0; o < co; o++)
                for (let i = 0; i < ci; i++)
                  result.data[((b * height + row) * width + column) * co + o]! +=
                    image.data[((b * h + y) * w + z) * ci + i]! * filter!.data[((ky * kw + kx) * co + o) * ci + i]!;
            }
    return inLayout(result, layout);
  },
  esm: (e, [x, filter], { strides, pads, layout }, result) => {
    requireNhwc(layout);
    return `tf.conv2dTranspose(${x}, ${filter}, ${e.sizes(result.shape)}, ${pairText([String(strides[0]), String(strides[1])])}, ${padText(pads)})`;
  },
  tensorflow: (e, [x, filter], { strides, pads, layout }, result) => {
    requireNhwc(layout);
    return e.node("Conv2DBackpropInput", [e.sizes(result.shape), filter!, x!], {
      T: { type: "f32" },
      strides: perAxis(strides),
      ...padding(pads),
      data_format: { text: "NHWC" },
    });
  },
  onnx: (e, [x, filter], { strides, pads, outputPadding, layout }, _, [, operand]) => {
    requireNchw(layout);
    const [[top, bottom], [left, right]] = pads;
    return e.node("ConvTranspose", [x!, e.transposed(filter!, [3, 2, 0, 1])], {
      kernel_shape: { ints: operand!.shape.slice(0, 2).map((size) => e.int(size)) },
      strides: { ints: strides },
      pads: { ints: [top, left, bottom, right] },
      output_padding: { ints: outputPadding },
    });
  },
  wasm: {
    finishes: true,
    kernels: (e, attributes) => {
      requireNhwc(attributes.layout);
      return transposedConvolution(e, attributes);
    },
  },
  cases: () => {
    const of = (
      image: string,
      filter: string,
      strides: Pair<number>,
      outputPadding: Pair<number> = [0, 0],
      pads?: Pair<Pair<number>>,
    ): PrimitiveCase<Transposed> => ({
      shapes: [dims(image), dims(filter)],
      attributes: { strides, outputPadding, pads: pads ?? noPads, layout: "NHWC" },
      ...(pads && { variant: "conv2d_transpose.pads" }),
    });
    return [
      of("1x3x3x2", "3x3x4x2", [2, 2]),
      of("3x3x4x3", "2x2x1x3", [2, 2]),
      of("1x1x1x1", "4x5x2x1", [1, 1]),
      of("2x2x3x1", "1x3x2x1", [3, 1]),
      of("1x3x4x2", "3x3x3x2", [2, 3], [1, 2]),
      of("2x4x3x2", "1x2x1x2", [2, 2], [0, 1]),
      // images so wide that columns inside of them repeat, with and without a rest of channels
      of("2x3x17x5", "3x3x8x5", [2, 2]),
      of("1x2x21x8", "4x5x33x8", [2, 1]),
      of("1x3x9x3", "2x2x5x3", [3, 4], [1, 2]),
      of("1x4x4x2", "3x3x3x2", [2, 2], [1, 1], unevenPads),
      of("2x3x4x2", "4x3x1x2", [2, 1], [0, 0], unevenPads),
    ];
  },
});
