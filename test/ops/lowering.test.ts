/** @file Lowerings emit few primitives, transposes only where a layout needs them, and broadcasts only at the end. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { arrange, elements, generate, named, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import type { Variant } from "../../src/ir/lowering.ts";
import { operators } from "../../src/ops/table.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { difference, seeded } from "../support/arrays.ts";
import { EagerLowering } from "../support/eager.ts";
import { OperatorTest, type Written } from "../support/operators.ts";

/** Inputs are laid out as their types are written, weights as they are stored. */
function lowered(op: string, inputs: readonly string[], attributes: Written = {}, variants: readonly Variant[] = []) {
  const context = new OperatorTest();
  const node = context.apply(
    operators[op]!,
    inputs.map((type) => context.input(type)),
    attributes,
  )!;
  const lowering = new EagerLowering(context.builder, (value) => random(context, value, 1), new Set(variants));
  const [result] = lowering.results(node);
  return { emitted: lowering.emitted.join(" "), axes: result!.axes.join(" ") };
}

function random({ sizes }: OperatorTest, { type, id }: Value, seed: number): NamedArray {
  const next = seeded(seed + id);
  const shape = [...type.axes.values()].map((size) => Number(sizes.constant(size)));
  return named(
    generate(type.dtype, shape, () => next() * 4 - 2),
    [...type.axes.keys()],
  );
}

const nhwc = "[n: 2, h: 4, w: 4, c: 6]";
const ndhwc = "[n: 2, d: 4, h: 4, w: 4, c: 3]";

test.each([
  // Weights are transposed when they are loaded. Images in the native layout are not.
  ["conv", [nhwc], { c: 4, kernel: 3 }, [], "transpose conv2d", "n h w c"],
  ["conv", ["[n: 2, c: 6, h: 4, w: 4]"], { c: 4 }, [], "transpose transpose conv2d", "n h w c"],
  ["conv", [nhwc], { c: 6, kernel: 3, groups: 6 }, [], "transpose reshape depthwise_conv2d", "n h w c"],
  ["conv", [nhwc], { c: 4, groups: 2, bias: false }, ["conv2d.groups"], "transpose conv2d", "n h w c"],
  // A dense convolution that keeps some of its pixels.
  ["conv", [nhwc], { c: 4, kernel: 3, stride: 2, dilation: 2, pad: 2 }, [], "transpose conv2d pool", "n h w c"],
  [
    "conv",
    [nhwc],
    { c: 4, kernel: 3, stride: 2, dilation: 2, pad: "same_tf" },
    [],
    "transpose pad pad conv2d pool",
    "n h w c",
  ],
  [
    "conv",
    [nhwc],
    { c: 4, kernel: 3, stride: 2, dilation: 2, pad: 2 },
    ["conv2d.stride-and-dilation"],
    "transpose conv2d",
    "n h w c",
  ],
  ["conv", [nhwc], { c: 6, kernel: 3, dilation: 2, groups: 6 }, [], "transpose reshape depthwise_conv2d", "n h w c"],
  ["conv", [nhwc], { c: 6, kernel: 3, dilation: 2, groups: 6 }, ["conv2d.groups"], "transpose conv2d", "n h w c"],
  [
    "conv",
    [nhwc],
    { c: 6, kernel: 3, stride: [1, 2], groups: 6 },
    ["conv2d.groups", "depthwise.geometry"],
    "transpose reshape depthwise_conv2d",
    "n h w c",
  ],
  [
    "conv",
    [nhwc],
    { c: 4, groups: 2, bias: false },
    [],
    "transpose slice slice conv2d slice slice conv2d concat",
    "n h w c",
  ],
  ["conv", ["[t: 9, c: 2]"], { c: 4, kernel: 3, axis: "t" }, [], "reshape transpose reshape conv2d reshape", "t c"],
  [
    "conv_transpose",
    [nhwc],
    { c: 2, kernel: 2, stride: 2, bias: false },
    [],
    "transpose reshape reshape matmul reshape transpose reshape",
    "n h w c",
  ],
  [
    "conv_transpose",
    [nhwc],
    { c: 2, kernel: 3, stride: 2, pad: 1, bias: false },
    [],
    "transpose conv2d_transpose slice slice",
    "n h w c",
  ],
  [
    "conv_transpose",
    [nhwc],
    { c: 2, kernel: 3, stride: 2, pad: 1, bias: false },
    ["conv2d_transpose.pads"],
    "transpose conv2d_transpose",
    "n h w c",
  ],
  // A volume is a stack of images. Each layer of the window is a separate convolution.
  [
    "conv",
    ["[n: 1, d: 3, h: 4, w: 4, c: 2]"],
    { c: 2, kernel: [2, 1, 1], pad: 0, bias: false },
    [],
    "transpose slice slice reshape reshape conv2d slice slice reshape reshape conv2d binary reshape",
    "n d h w c",
  ],
  ["linear", [nhwc], { keyed: { c: 3 } }, [], "transpose reshape matmul reshape", "n h w c"],
  // The order of the weight follows the input's.
  ["linear", [nhwc], { maps: [[["c", "h", "w"], [["k", 5]]]] }, [], "transpose reshape reshape matmul", "n k"],
  ["dot", ["[n: 2, c: 3]", "[c: 3, k: 4]"], { contract: "c" }, [], "matmul", "n k"],
  ["dot", ["[n: 2, c: 3]", "[k: 4, c: 3]"], { contract: "c" }, [], "matmul", "n k"],
  [
    "dot",
    ["[n: 2, h: 2, t: 3, e: 4]", "[n: 2, h: 2, s: 5, e: 4]"],
    { contract: "e", batch: ["n", "h"] },
    ["matmul.transposes"],
    "reshape reshape matmul reshape",
    "n h t s",
  ],
  // Without it, batch axes stay separate,
  [
    "dot",
    ["[n: 2, h: 2, t: 3, e: 4]", "[n: 2, h: 2, s: 5, e: 4]"],
    { contract: "e", batch: ["n", "h"] },
    [],
    "transpose matmul",
    "n h t s",
  ],
  // and operands are swapped if that moves fewer of them.
  ["dot", ["[n: 2, e: 4, t: 3]", "[n: 2, s: 5, e: 4]"], { contract: "e", batch: ["n"] }, [], "matmul", "n s t"],
  [
    "dot",
    ["[n: 2, t: 3, h: 2, e: 4]", "[n: 2, s: 5, h: 2, e: 4]"],
    { contract: "e", batch: ["n", "h"] },
    ["matmul.transposes"],
    "transpose reshape transpose reshape matmul reshape",
    "n h t s",
  ],
  // A kernel for all is that of one convolution; one for each channel, of a depthwise convolution.
  [
    "correlate",
    [nhwc, "[h: 3, w: 3, c: 6, o: 4]"],
    { over: ["h", "w"], contract: "c", pad: "same" },
    [],
    "conv2d",
    "n h w o",
  ],
  [
    "correlate",
    [nhwc, "[h: 3, w: 3, c: 6]"],
    { over: ["h", "w"], batch: "c", pad: "same" },
    [],
    "reshape reshape depthwise_conv2d",
    "n h w c",
  ],
  // Other kernels need groups, or else a matrix product of windows.
  [
    "correlate",
    ["[h: 4, w: 4, n: 2, c: 3]", "[h: 3, w: 3, c: 3, n: 2]"],
    { over: ["h", "w"], contract: "c", batch: "n" },
    ["conv2d.groups"],
    "reshape conv2d reshape",
    "h w n",
  ],
  [
    "correlate",
    ["[n: 2, t: 4, c: 3]", "[n: 2, t: 3, c: 3, o: 5]"],
    { over: "t", contract: "c", batch: "n" },
    [],
    "slice slice slice concat reshape matmul",
    "n t o",
  ],
  ["gather", ["[n: 2, t: 3]", "i32[k: 4]"], { axis: "t" }, [], "binary binary gather", "n k"],
  // Spatial axes that keep their size need no product.
  [
    "resize",
    ["[n: 2, c: 2, h: 3, w: 4]"],
    { keyed: { w: 6 }, mode: "bicubic" },
    [],
    "reshape cubic_weights matmul reshape",
    "n c h w",
  ],
  ["pixel_shuffle", [nhwc.replace("c: 6", "c: 8")], { factor: 2 }, [], "reshape transpose reshape", "n h w c"],
  ["mean", [nhwc], { axis: ["h", "w"] }, [], "reduce", "n c"],
  ["mean", [nhwc], { axis: ["w", "h"] }, ["pool.global"], "pool reshape", "n c"],
  ["max", [nhwc], { axis: ["h", "w"], keepdims: true }, ["pool.global"], "pool", "n h w c"],
  ["max", [nhwc], { axis: ["c"] }, ["pool.global"], "reduce", "n h w"],
  ["maxpool", [nhwc], { kernel: 3, stride: 2, pad: 1 }, [], "pad pool", "n h w c"],
  ["maxpool", [nhwc], { kernel: 3, stride: 2, pad: 1 }, ["maxpool.pads"], "pool", "n h w c"],
  ["avgpool", [nhwc], { kernel: 2 }, [], "pool", "n h w c"],
  [
    "avgpool",
    [nhwc],
    { kernel: 3, pad: 1, count_include_pad: false },
    [],
    "pad pool broadcast pad pool binary",
    "n h w c",
  ],
  // One pool if the new sizes divide the old ones; otherwise windows of several sizes.
  ["adaptive_avgpool", [nhwc], { keyed: { h: 2, w: 1 } }, [], "pool", "n h w c"],
  ["adaptive_maxpool", [nhwc], { keyed: { h: 4, w: 4 } }, [], "", "n h w c"],
  // Over a volume, the planes come first, then the depth as the height of images.
  [
    "adaptive_avgpool",
    [ndhwc],
    { keyed: { d: 2, h: 2, w: 1 } },
    [],
    "reshape pool reshape reshape pool reshape",
    "n d h w c",
  ],
  [
    "adaptive_maxpool",
    [ndhwc],
    { keyed: { d: 4, h: 2, w: 2 } },
    [],
    "reshape pool reshape reshape reshape",
    "n d h w c",
  ],
  ["adaptive_maxpool", [nhwc], { keyed: { h: 3 } }, [], "window_indices gather reduce", "n h w c"],
  [
    "adaptive_avgpool",
    ["[n: 2, h: 4, w: 5, c: 6]"],
    { keyed: { h: 2, w: 3 } },
    [],
    "window_indices gather window_shares reshape binary reduce window_indices gather window_shares reshape binary reduce",
    "n h w c",
  ],
  // Windows of several sizes are gathered in whatever order an image has, with the last position last.
  [
    "adaptive_maxpool",
    ["[n: 2, c: 6, h: 4, w: 5]"],
    { keyed: { h: 3, w: 2 } },
    [],
    "window_indices gather reduce window_indices gather reduce",
    "n c h w",
  ],
  ["adaptive_maxpool", ["[w: 5, n: 2]"], { keyed: { w: 3 } }, [], "window_indices gather reduce", "w n"],
  [
    "adaptive_avgpool",
    ["[n: 2, w: 4, c: 6, h: 5]"],
    { keyed: { h: 2 } },
    [],
    "window_indices gather window_shares binary reduce",
    "n w c h",
  ],
  // Only some axes divide evenly. Over a volume, the planes or the depth are still a pool.
  [
    "adaptive_maxpool",
    [ndhwc],
    { keyed: { d: 3, h: 2, w: 2 } },
    [],
    "reshape pool reshape reshape window_indices gather reduce reshape",
    "n d h w c",
  ],
  [
    "adaptive_maxpool",
    ["[n: 2, c: 3, d: 4, h: 4, w: 5]"],
    { keyed: { d: 3, h: 2, w: 2 } },
    [],
    "window_indices gather reduce window_indices gather reduce window_indices gather reduce",
    "n c d h w",
  ],
  // The gathered elements would have seven axes.
  [
    "adaptive_avgpool",
    ["[a: 2, b: 1, n: 2, h: 4, w: 3, c: 2]"],
    { keyed: { h: 3 } },
    [],
    "reshape window_indices gather window_shares reshape binary reduce reshape",
    "a b n h w c",
  ],
  [
    "maxpool",
    [nhwc],
    { kernel: 2, stride: 1, dilation: 2 },
    [],
    "reshape pool reshape reshape pool reshape",
    "n h w c",
  ],
  // Padded to a multiple of the dilation; every second position is kept.
  [
    "maxpool",
    ["[n: 2, w: 9, c: 6]"],
    { kernel: 2, stride: 2, pad: 1, dilation: 2 },
    [],
    "reshape pad reshape pool reshape slice pool reshape",
    "n w c",
  ],
  // Channels are averaged first, so that no tensor of the image's size has an extra axis.
  [
    "groupnorm",
    [nhwc],
    { groups: 2 },
    ["pool.global"],
    "pool reshape reshape reduce reshape broadcast reshape reshape binary unary pool reshape reshape reduce reshape broadcast reshape binary unary binary reshape binary binary",
    "n h w c",
  ],
  [
    "instancenorm",
    [nhwc],
    {},
    ["pool.global"],
    "pool reshape reshape binary unary pool reshape binary unary reshape binary",
    "n h w c",
  ],
  ["argmax", [nhwc], { axis: "c" }, [], "arg_reduce", "n h w"],
  ["argmax", [nhwc], { axis: ["h", "w"] }, [], "reshape arg_reduce", "n c"],
  ["argmax", [nhwc], { axis: ["w", "h"], keepdims: true }, [], "transpose reshape arg_reduce reshape", "n w h c"],
  ["prelu", [nhwc], {}, [], "unary unary unary binary binary", "n h w c"],
  ["resize", ["[n: 2, h: 4, w: 4]"], { keyed: { h: 3 } }, [], "reshape resize reshape", "n h w"],
  [
    "resize",
    [ndhwc],
    { keyed: { d: 3, h: 5, w: 6 }, mode: "bilinear" },
    [],
    "reshape resize reshape reshape resize reshape",
    "n d h w c",
  ],
  ["resize", [ndhwc], { keyed: { d: 3, h: 4, w: 4 } }, [], "reshape reshape reshape resize reshape", "n d h w c"],
  // If the scaled size is not a whole number, a margin makes it one, and the excess is cropped.
  ["upsample", [nhwc], { scale: "3/2" }, [], "resize", "n h w c"],
  ["upsample", [nhwc], { scale: "4/3" }, [], "pad resize slice", "n h w c"],
  ["upsample", [nhwc], { scale: "4/3", mode: "bilinear", align_corners: true }, [], "resize", "n h w c"],
  ["softmax", ["[n: 2, c: 3]"], { axis: "c" }, [], "softmax", "n c"],
  ["softmax", [nhwc], { axis: ["h", "w"] }, [], "transpose reshape softmax reshape", "n c h w"],
  // Adjacent axes are merged in place.
  ["reshape", [nhwc], { maps: [[["h", "w"], [["t", 16]]]] }, [], "reshape", "n t c"],
  ["reshape", [nhwc], { maps: [[["c", "h", "w"], [["d", 96]]]] }, [], "transpose reshape", "n d"],
  [
    "reshape",
    ["[n: 2, t: 3, d: 6]"],
    {
      maps: [
        [
          ["d"],
          [
            ["head", 2],
            ["e", 3],
          ],
        ],
      ],
    },
    [],
    "reshape",
    "n t head e",
  ],
  ["rename", [nhwc], { maps: [[["c"], [["d", null]]]] }, [], "", "n h w d"],
  ["squeeze", ["[n: 2, h: 4, c: 1]"], { axis: "c" }, [], "reshape", "n h"],
  ["unsqueeze", ["[n: 2, c: 4]"], { axis: ["h", "w"] }, [], "reshape", "n h w c"],
  ["slice", [nhwc], { keyed: { h: [1, 3] } }, [], "slice", "n h w c"],
  ["slice", [nhwc], { keyed: { h: [0, 3, 2] } }, [], "slice pad reshape slice reshape", "n h w c"],
  // The larger operand sets the layout. A smaller one in the same relative order only gets axes of size 1.
  ["mul", [nhwc, "[n: 2, c: 6]"], {}, [], "reshape binary", "n h w c"],
  ["mul", [nhwc, "[c: 6]"], {}, [], "binary", "n h w c"],
  ["mul", ["[c: 6, n: 2]", nhwc], {}, [], "transpose reshape binary", "n h w c"],
  ["where", ["bool[n: 2]", "[n: 2, t: 3]", "[]"], {}, [], "reshape select", "n t"],
  ["expand", ["[n: 2, c: 6]"], { keyed: { h: 2, w: 3 } }, [], "reshape broadcast", "n h w c"],
] as const)("%s of %j with %j for %j: %s", (op, inputs, attributes, variants, emitted, axes) => {
  expect(lowered(op, inputs, attributes, variants)).toEqual({ emitted, axes });
});

/** A chain of operators over operands that broadcast, like BAM's sum of a channel gate and a spatial gate. */
test("broadcasting costs nothing if the other operand has the axis", () => {
  const context = new OperatorTest();
  const channel = context.input("[n: 2, c: 3]", "channel");
  const spatial = context.input("[n: 2, h: 4, w: 5]", "spatial");
  const wide = context.apply(operators["expand"]!, [channel], { keyed: { a: 4, w: 5 } })!;
  const named = context.apply(operators["rename"]!, [wide], { maps: [[["a"], [["h", null]]]] })!;
  const gate = context.apply(operators["sigmoid"]!, [named])!;
  const sum = context.builder.node(operators["add"]!, [gate, spatial], {})!;
  const lowering = new EagerLowering(context.builder, (value) => random(context, value, 1));
  expect(lowering.results(sum)[0]!.axes.join(" ")).toBe("n h w c");
  expect(lowering.emitted.join(" ")).toBe("reshape unary reshape binary");
});

test("chains of elementwise operators over broadcast and shuffled operands match the reference", () => {
  const sizes: Readonly<Record<string, number>> = { n: 2, c: 3, h: 2, w: 4, t: 1 };
  const axes = fc.shuffledSubarray(Object.keys(sizes));
  const step = fc.record({
    kind: fc.constantFrom("add", "mul", "maximum", "where", "relu", "expand"),
    axes,
    more: axes,
  });
  fc.assert(
    fc.property(axes, fc.array(step, { maxLength: 6 }), fc.nat(), (first, steps, seed) => {
      const context = new OperatorTest();
      const input = (names: readonly string[]) =>
        context.input(`[${names.map((axis) => `${axis}: ${sizes[axis]}`).join(", ")}]`);
      let value: Value = input(first);
      const apply = (op: string, inputs: readonly Value[], attributes: Written = {}): Node => {
        const record = operators[op]!;
        return context.builder.node(record, inputs, context.attributes(record, attributes))!;
      };
      for (const { kind, axes, more } of steps) {
        const own: readonly string[] = [...value.type.axes.keys()];
        // One operand must have all axes of the others.
        const other: readonly string[] =
          more.length > own.length
            ? [...own, ...axes.filter((axis) => !own.includes(axis))]
            : axes.filter((axis) => own.includes(axis));
        if (kind === "relu") value = apply("relu", [value]);
        else if (kind === "where") {
          const condition = apply("greater", [input(own.toReversed()), context.builder.scalar(0)]);
          value = apply("where", [condition, value, context.builder.scalar(seed % 7)]);
        } else if (kind === "expand") {
          const keyed = Object.fromEntries(
            axes.filter((axis) => !own.includes(axis)).map((axis) => [axis, sizes[axis]]),
          );
          if (Object.keys(keyed).length > 0) value = apply("expand", [value], { keyed });
        } else value = seed % 2 === 0 ? apply(kind, [value, input(other)]) : apply(kind, [input(other), value]);
      }
      if (value.kind !== "node") return;
      const data = (leaf: Value) => random(context, leaf, seed % 1000);
      const [want] = evaluateGraph([value], { input: data, weight: data, sizes: () => 0n, builder: context.builder });
      const [got] = new EagerLowering(context.builder, data).results(value);
      expect(difference(arrange(got!, want!.axes), want!, 1e-9)).toBeUndefined();
      expect(got!.data.length).toBe(elements(want!.shape));
    }),
    { seed: 1, numRuns: 500 },
  );
});
