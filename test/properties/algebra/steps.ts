/** @file The steps of random graphs for the optimizer: every operator that has a trait or a matrix and is exact on integers. */
import type { Chance } from "../programs/chance.ts";
import { axesOf, covers, has, isAlike, without, type Drafting, type Exact } from "./drafting.ts";

/** Makes a value of one. Undefined if it does not fit. The same choices on another value are the same layer. */
export type OnOne = (d: Drafting, x: Exact, chance: Chance, path: string) => Exact | undefined;
/** Makes a value of several. */
type OnMore = (d: Drafting, x: Exact, chance: Chance, path: string) => Exact | undefined;

const isImage = (x: Exact) => has(x, "c", "h", "w");
const bitsOf = (terms: number) => Math.ceil(Math.log2(terms));
/** Bits that a sum of so many products with weights has more, with a bias. */
const product = (terms: number) => bitsOf(2 * terms + 1) + 1;
const sizes = [2, 4];

export const layers: Readonly<Record<string, OnOne>> = {
  conv: (d, x, chance, path) => {
    const [kernel, stride, groups] = [
      chance.pick([1, 1, 1, 2, 3]),
      chance.pick([1, 1, 1, 2]),
      chance.pick([1, 1, 1, 2]),
    ];
    const attributes = {
      c: chance.pick(sizes),
      kernel,
      stride,
      groups,
      bias: chance.is(0.7),
      pad: kernel === 3 ? 1 : 0,
    };
    if (!isImage(x) || d.fixed(x, "c") % groups !== 0 || d.fixed(x, "c") === 0) return undefined;
    if (d.at(x, "h") < kernel || d.at(x, "w") < kernel || (stride > 1 && d.fixed(x, "h") === 0)) return undefined;
    return d.apply("conv", [x], attributes, { bits: product(d.fixed(x, "c") * kernel * kernel) }, path);
  },
  depthwise: (d, x, chance, path) => {
    const c = d.fixed(x, "c");
    const attributes = { c, kernel: chance.pick([1, 3]), groups: c, pad: "same", bias: chance.is(0.5) };
    if (!isImage(x) || c === 0) return undefined;
    return d.apply("conv", [x], attributes, { bits: product(9) }, path);
  },
  conv_transpose: (d, x, chance, path) => {
    const attributes = { c: chance.pick(sizes), kernel: 2, stride: chance.pick([1, 2]), bias: chance.is(0.5) };
    if (!isImage(x) || d.fixed(x, "c") === 0 || d.fixed(x, "h") === 0) return undefined;
    return d.apply("conv_transpose", [x], attributes, { bits: product(d.fixed(x, "c") * 4) }, path);
  },
  linear: (d, x, chance, path) => {
    const attributes = { keyed: { c: chance.pick(sizes) }, bias: chance.is(0.7) };
    return d.fixed(x, "c") > 0
      ? d.apply("linear", [x], attributes, { bits: product(d.fixed(x, "c")) }, path)
      : undefined;
  },
  "linear to other axes": (d, x, chance, path) => {
    const [from, to] = chance.pick([
      [["c"], ["d"]],
      [["d"], ["c"]],
      [["c", "w"], ["c"]],
      [["c"], ["c", "d"]],
      [["c"], ["g", "c"]],
      [["g", "c"], ["c"]],
      [["w"], ["w"]],
      [["t"], ["t"]],
    ] as const);
    const made = to.map((axis) => ({ axis, size: d.m.sizes.int(chance.pick(sizes)) }));
    if (!from.every((axis) => d.fixed(x, axis) > 0)) return undefined;
    if (to.some((axis) => has(x, axis) && !(from as readonly string[]).includes(axis))) return undefined;
    const terms = from.reduce((all, axis) => all * d.fixed(x, axis), 1);
    return d.apply("linear", [x], { maps: [{ from, to: made }], bias: chance.is(0.5) }, { bits: product(terms) }, path);
  },
  "dot by a weight": (d, x, chance, path) => {
    const axis = chance.pick(axesOf(x));
    const made = chance.pick(["d", "e"]);
    const size = d.fixed(x, axis);
    if (size === 0 || has(x, made)) return undefined;
    const other = d.weight(`${path}.${axis}`, { [made]: chance.pick(sizes), [axis]: size });
    return d.apply("dot", chance.is(0.5) ? [x, other] : [other, x], { contract: axis }, { bits: product(size) });
  },
  batchnorm: (d, x, chance, path) => {
    const attributes = { eps: 0, affine: chance.is(0.8), axis: chance.pick(["c", "c", "d"]) };
    if (d.fixed(x, attributes.axis) === 0) return undefined;
    return d.apply("batchnorm", [x], attributes, { bits: 4, fraction: 1 }, path);
  },
  "shift or scale by a weight": (d, x, chance, path) => {
    const axes = axesOf(x).filter((axis) => d.fixed(x, axis) > 0 && chance.is(0.5));
    if (axes.length === 0) return undefined;
    const over = Object.fromEntries(axes.map((axis) => [axis, d.fixed(x, axis)]));
    const name = chance.pick(["add", "sub", "mul", "div"] as const);
    const other = d.weight(`${path}.${name === "div" ? "divisor" : axes.join("")}`, over);
    const isFirst = name === "div" || chance.is(0.7);
    return d.apply(name, isFirst ? [x, other] : [other, x], {}, { bits: 2, fraction: name === "div" ? 1 : 0 });
  },
  "shift or scale by a number": (d, x, chance) => {
    const number = d.scalar(chance.pick([-2, -1, 0.5, 2]));
    const name = chance.pick(["add", "sub", "mul"] as const);
    return d.apply(name, chance.is(0.7) ? [x, number] : [number, x], {}, { bits: 2, fraction: 1 });
  },
};

const onElements: Readonly<Record<string, OnOne>> = {
  neg: (d, x) => d.apply("neg", [x]),
  relu: (d, x) => d.apply("relu", [x]),
  abs: (d, x) => d.apply("abs", [x]),
  leaky_relu: (d, x, chance) =>
    d.apply("leaky_relu", [x], { negative_slope: chance.pick([0.5, -0.5]) }, { fraction: 1 }),
  clamp: (d, x, chance) => d.apply("clamp", [x], { min: chance.pick([-2, 1]), max: 3 }, { bits: 1 }),
  identity: (d, x) => d.apply("identity", [x]),
  square: (d, x) => d.apply("square", [x], {}, { bits: x.bits, fraction: x.fraction }),
  // Rounding errors decide on which side of a jump a number is.
  floor: (d, x) => (d.isExact ? d.apply("floor", [x]) : undefined),
  sign: (d, x) => (d.isExact ? d.apply("sign", [x]) : undefined),
};

/** Maps over space, mostly with the sizes of `resized` so that sums of them meet. */
const overSpace: Readonly<Record<string, OnOne>> = {
  resize: (d, x, chance) => {
    const mode = chance.pick(["nearest", "bilinear", "bilinear"]);
    const align_corners = mode === "bilinear" && chance.is(0.3);
    const axes = chance.pick([["h", "w"], ["h", "w"], ["h"], ["w"]]);
    if (!isImage(x)) return undefined;
    // Corners meet where 1 less than the sizes are powers of two, too.
    const grown = (size: number) => (!d.isExact ? 5 : align_corners ? (size === 2 ? 3 : 0) : chance.pick([4, 4, 8]));
    const keyed = Object.fromEntries(axes.map((axis) => [axis, grown(d.at(x, axis))]));
    const fits = axes.every((axis) => keyed[axis]! > 0 && (!d.isExact || d.isFine(x, axis)) && d.at(x, axis) <= 8);
    return fits ? d.apply("resize", [x], { keyed, mode, align_corners }, { fraction: 4 * axes.length }) : undefined;
  },
  upsample: (d, x, chance) => {
    const attributes = { scale: 2, mode: chance.pick(["nearest", "bilinear"]) };
    return isImage(x) && d.at(x, "h") <= 4 && d.at(x, "w") <= 4
      ? d.apply("upsample", [x], attributes, { fraction: 4 })
      : undefined;
  },
  avgpool: (d, x, chance) => {
    const [kernel, stride, pad] = chance.pick([
      [2, 2, 0],
      [2, 1, 0],
      [2, 2, 1],
    ]);
    // A window that counts no padding has sizes that are no powers of two, unless it is 2 long.
    const attributes = { kernel, stride, pad, count_include_pad: chance.is(0.5) };
    if (!isImage(x) || d.fixed(x, "h") < 2 || d.fixed(x, "w") < 2) return undefined;
    return d.apply("avgpool", [x], attributes, { fraction: 2 });
  },
  adaptive_avgpool: (d, x, chance) => {
    const size = chance.pick([1, 2]);
    if (!isImage(x) || ![d.fixed(x, "h"), d.fixed(x, "w")].every((one) => one >= size && one % size === 0))
      return undefined;
    if (!d.isFine(x, "h") || !d.isFine(x, "w")) return undefined;
    return d.apply("adaptive_avgpool", [x], { keyed: { h: size, w: size } }, { fraction: 6 });
  },
  maxpool: (d, x, chance) => {
    const attributes = { kernel: 2, stride: chance.pick([1, 2]), pad: chance.pick([0, 0, 1]) };
    return isImage(x) && d.fixed(x, "h") > 1 && d.fixed(x, "w") > 1 ? d.apply("maxpool", [x], attributes) : undefined;
  },
  pad: (d, x, chance) => {
    const attributes = {
      keyed: { w: [1, chance.pick([0, 1])] },
      mode: chance.pick(["constant", "reflect", "replicate"]),
    };
    const value = attributes.mode === "constant" ? chance.pick([0, 0, 1]) : 0;
    return has(x, "w") && d.fixed(x, "w") > 1 ? d.apply("pad", [x], { ...attributes, value }) : undefined;
  },
};

const overAxes: Readonly<Record<string, OnOne>> = {
  reduce: (d, x, chance) => {
    const axes = chance.pick([["h", "w"], ["h", "w"], ["w"], ["c"], ["d"], ["n"]]);
    const name = chance.pick(["mean", "mean", "sum", "max", "min"] as const);
    if (!axes.every((axis) => (name === "mean" ? d.isFine(x, axis) : has(x, axis)))) return undefined;
    const bits = bitsOf(axes.reduce((all, axis) => all * d.at(x, axis), 1));
    const growth = name === "mean" ? { fraction: bits } : name === "sum" ? { bits } : {};
    return d.apply(name, [x], { axis: axes, keepdims: chance.is(0.3) }, growth);
  },
  cumsum: (d, x, chance) => {
    const axis = chance.pick(axesOf(x));
    return d.apply("cumsum", [x], { axis, reverse: chance.is(0.3) }, { bits: bitsOf(d.at(x, axis)) });
  },
  slice: (d, x, chance) => {
    const axis = chance.pick(axesOf(x));
    const half = d.fixed(x, axis) / 2;
    const from = chance.pick([0, 1, half]);
    if (half < 1 || !Number.isInteger(half) || from + half > 2 * half) return undefined;
    return d.apply("slice", [x], { keyed: { [axis]: [from, from + half] } });
  },
  split: (d, x, chance) => {
    const axis = chance.pick(axesOf(x));
    const half = d.fixed(x, axis) / 2;
    if (half < 1 || !Number.isInteger(half)) return undefined;
    const whole = d.apply("split", [x], { axis, parts: 2 });
    if (whole?.value.kind !== "node") return undefined;
    const node = whole.value;
    const [value, other] = [0, 1].map((index) => d.m.builder.pick(node, index));
    d.values.push({ ...whole, value: other! });
    return { ...whole, value: value! };
  },
  flip: (d, x, chance) => d.apply("flip", [x], { axis: [chance.pick(axesOf(x))] }),
  roll: (d, x, chance) => d.apply("roll", [x], { keyed: { [chance.pick(axesOf(x))]: 1 } }),
  tile: (d, x, chance) => d.apply("tile", [x], { keyed: { [chance.pick(axesOf(x))]: 2 } }),
  expand: (d, x, chance) => {
    const axes = ["d", "h", "w"].filter((axis) => !has(x, axis)).slice(0, chance.pick([1, 2]));
    if (axes.length === 0) return undefined;
    return d.apply("expand", [x], { keyed: Object.fromEntries(axes.map((axis) => [axis, 2])) });
  },
  unsqueeze: (d, x) => (without(x, "u") ? d.apply("unsqueeze", [x], { axis: ["u"] }) : undefined),
  squeeze: (d, x) => {
    const axes = axesOf(x).filter((axis) => d.fixed(x, axis) === 1);
    return axes.length === 0 || axes.length === axesOf(x).length
      ? undefined
      : d.apply("squeeze", [x], { axis: axes.slice(0, 1) });
  },
  rename: (d, x, chance) => {
    const [from, to] = chance.pick([
      ["c", "d"],
      ["d", "c"],
      ["w", "t"],
      ["t", "w"],
    ]);
    if (!has(x, from) || has(x, to)) return undefined;
    return d.apply("rename", [x], {
      maps: [{ from: [from], to: [{ axis: to, size: x.value.type.axes.get(from) }] }],
    });
  },
  reshape: (d, x, chance) => {
    const { sizes } = d.m;
    const axes = x.value.type.axes;
    const [from, merged] = chance.pick([
      [["h", "w"], "t"],
      [["g", "c"], "c"],
      [["c", "g"], "d"],
    ] as const);
    if (has(x, ...from) && (from.some((axis) => axis === merged) || !has(x, merged))) {
      const size = from.map((axis) => axes.get(axis)!).reduce((a, b) => sizes.mul(a, b));
      return d.apply("reshape", [x], { maps: [{ from, to: [{ axis: merged, size }] }] });
    }
    const axis = chance.pick(["t", "c", "c"]);
    const half = d.fixed(x, axis) / 2;
    if (half < 1 || !Number.isInteger(half) || has(x, "g")) return undefined;
    const to = [
      { axis: "g", size: sizes.int(2) },
      { axis, size: sizes.int(half) },
    ];
    return d.apply("reshape", [x], { maps: [{ from: [axis], to }] });
  },
  pixel_shuffle: (d, x) =>
    isImage(x) && !has(x, "d") && d.fixed(x, "c") % 4 === 0 && d.fixed(x, "c") > 0
      ? d.apply("pixel_shuffle", [x], { factor: 2 })
      : undefined,
  channel_shuffle: (d, x) =>
    isImage(x) && d.fixed(x, "c") === 4 ? d.apply("channel_shuffle", [x], { groups: 2 }) : undefined,
};

/** Families of steps, with their share. What is not linear stops most rewrites, so that there is little of it. */
export const onOne = [
  [0.4, layers],
  [0.35, overSpace],
  [0.2, overAxes],
  [0.05, onElements],
] as const;

const partner = (d: Drafting, chance: Chance, fits: (other: Exact) => boolean): Exact | undefined => {
  const others = d.values.filter(fits);
  return others.length === 0 ? undefined : chance.pick(others);
};

export const onMore: Readonly<Record<string, OnMore>> = {
  "add or subtract": (d, x, chance) => {
    const isBroadcast = chance.is(0.3);
    const other = partner(d, chance, (one) => (isBroadcast ? covers(x, one) : isAlike(x, one)));
    const name = chance.pick(["add", "add", "sub"] as const);
    return other && d.apply(name, chance.is(0.5) ? [x, other] : [other, x], {}, { bits: 1 });
  },
  concat: (d, x, chance) => {
    const axis = chance.pick(["c", "c", "c", ...axesOf(x)]);
    if (d.fixed(x, axis) === 0) return undefined;
    const fits = (one: Exact) => isAlike(x, one, axis) && d.fixed(one, axis) > 0;
    const others = [1, 2].slice(0, chance.pick([1, 1, 2])).flatMap(() => partner(d, chance, fits) ?? []);
    return others.length === 0 ? undefined : d.apply("concat", [x, ...others], { axis });
  },
  gate: (d, x, chance) => {
    const other = partner(d, chance, (one) => covers(x, one));
    return other && d.apply("mul", chance.is(0.5) ? [x, other] : [other, x], {}, other);
  },
  "reduced by a gate": (d, x, chance, path) => {
    const other = partner(d, chance, (one) => covers(x, one) && axesOf(one).length < axesOf(x).length);
    const gated = other && d.apply("mul", chance.is(0.5) ? [x, other] : [other, x], {}, other);
    return gated && overAxes["reduce"]!(d, gated, chance, path);
  },
  "maximum or minimum": (d, x, chance) => {
    const other = partner(d, chance, (one) => covers(x, one));
    return other && d.apply(chance.pick(["maximum", "minimum"] as const), [x, other]);
  },
  dot: (d, x, chance) => {
    const axis = chance.pick(axesOf(x));
    const isShared = (one: Exact, name: string) => one.value.type.axes.get(name) === x.value.type.axes.get(name);
    const other = partner(
      d,
      chance,
      (one) => has(one, axis) && axesOf(one).every((name) => !has(x, name) || isShared(one, name)),
    );
    if (other === undefined) return undefined;
    const batch = axesOf(other).filter((name) => name !== axis && has(x, name));
    const terms = bitsOf(d.at(x, axis));
    const growth = { bits: Math.min(x.bits, other.bits) + terms, fraction: Math.min(x.fraction, other.fraction) };
    return d.apply("dot", [x, other], { contract: axis, batch }, growth);
  },
};
