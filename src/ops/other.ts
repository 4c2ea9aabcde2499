/** @file Other operators: identity, dropout, cast, iota. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { tensorType, type Axis } from "../ir/type.ts";
import { binary, select } from "../primitives/binary.ts";
import { iota as iotaPrimitive } from "../primitives/iota.ts";
import { cast as castPrimitive, unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import { elementwise, lowerUnary } from "./shared/broadcasting.ts";
import { dtypeOf, floating, requireNumber } from "./shared/conditions.ts";
import { onlyAxis } from "./shared/spatial.ts";
import { onElements } from "./shared/traits.ts";

export const identity = operator({
  name: "identity",
  doc: "The tensor itself.",
  inputs: tensors("x"),
  attributes: {},
  exact: true,
  examples: [{ code: "identity(x)", inputs: "x: [n, c]" }],
  type: (c) => c.input(0),
  trait: () => onElements({ is: "gather", view: true }),
  expand: (g) => g.inputs[0]!,
});

export const dropout = operator({
  name: "dropout",
  doc: "The tensor itself, because models are for inference. In training, elements are dropped with probability `p`.",
  inputs: tensors("x"),
  attributes: {
    p: attribute("number", "probability of being dropped in training", { default: 0.5, positional: true }),
  },
  exact: true,
  examples: [{ code: "dropout(x, 0.2)", inputs: "x: [n, c]" }],
  type: (c) => {
    requireNumber(c, "p", c.attributes.p, "a probability from 0 to 1", (p) => p >= 0 && p <= 1);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  trait: () => onElements({ is: "gather", view: true }),
  expand: (g) => g.inputs[0]!,
});

/** The first number that is too large for an i32. */
const tooLarge = 2 ** 31;

export const cast = operator({
  name: "cast",
  doc: "Converts elements to another dtype: i32 drops the fraction, and bool is whether the element is not 0. NaN and numbers that an i32 cannot hold become -2147483648, as in PyTorch.",
  inputs: tensors("x"),
  attributes: { dtype: attribute("dtype", "dtype of the result", { positional: true }) },
  alsoCalled: ["to"],
  examples: [
    { code: "cast(x, i32)", inputs: "x: [n, c]" },
    { code: "cast(x, dtype: f32)", inputs: "x: bool[n, c]" },
  ],
  type: (c) => ({ dtype: c.attributes.dtype, axes: c.input(0).axes }),
  reference: (c) => {
    const { dtype } = c.attributes;
    const convert = {
      f32: (x: number) => x,
      i32: (x: number) => (x > -tooLarge && x < tooLarge ? Math.trunc(x) : -tooLarge),
      bool: (x: number) => Number(x !== 0),
    }[dtype];
    return elementwise(c, dtype, convert);
  },
  lower: (c) => {
    const { dtype } = c.attributes;
    const [x] = c.inputs;
    if (c.p.typeOf(x!).dtype === dtype) return c.p.loose(x!);
    return lowerUnary(c, (p, value) => {
      const cast = p.emit(castPrimitive, [value], { dtype });
      if (dtype !== "i32" || value.dtype !== "f32" || p.can("cast.range")) return cast;
      const isInside = p.emit(binary, [p.emit(unary, [value], { function: "abs" }), p.scalar(tooLarge)], {
        function: "less",
      });
      return p.emit(select, [isInside, cast, p.scalar(-tooLarge, "i32")], {});
    });
  },
});

export const iota = operator({
  name: "iota",
  doc: "The positions along a new axis as i32, counted from 0, for example for position encodings and causal masks.",
  inputs: tensors(),
  attributes: { keyed: attribute("keyed", "the axis with its size: `t: 8`") },
  alsoCalled: ["arange"],
  examples: [{ code: "x + cast(iota(t: t), f32)", inputs: "x: [n, t]" }],
  type: (c) => tensorType("i32", [onlyAxis(c)]),
  reference: (c) => {
    const [result] = c.results;
    return named(
      generate("i32", result!.shape, ([i]) => i!),
      result!.axes,
    );
  },
  lower: ({ p, results: [result] }) => {
    const [[axis, size]] = [...result!.axes] as [[Axis, Size]];
    return p.laid(p.emit(iotaPrimitive, [], { size }), [axis]);
  },
});
