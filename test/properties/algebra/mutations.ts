/** @file Mistakes in what the optimizer takes for true, one at a time: a law without one of its conditions, or a record that says too much. */
import type { Operator } from "../../../src/ir/operator.ts";
import type { Trait } from "../../../src/ir/trait.ts";
import { changed } from "../../../src/optimize/compose.ts";
import { laws, type Laws } from "../../../src/optimize/laws.ts";
import { operators } from "../../../src/ops/table.ts";

const linear = (trait: Trait): Trait => (trait.is === "affine" ? { ...trait, is: "linear" } : trait);
const isOnElements = ({ from, to }: Trait) => from.length === 0 && to.length === 0;

/** Laws that forget something. Graphs have more of the steps that `about` names. */
export const wrongLaws: Readonly<Record<string, Partial<Laws> & { readonly about?: readonly string[] }>> = {
  "maps that vary along an axis exchange with what acts on it": {
    exchange: (outer, inner) => laws.exchange({ ...outer, along: [] }, { ...inner, along: [] }),
  },
  "maps of the same axis exchange": {
    exchange: (outer, inner) => (laws.exchange(outer, inner) === "axes" ? "linear" : laws.exchange(outer, inner)),
  },
  "a constant passes what does not keep it": {
    exchange: (outer, inner) => laws.exchange({ ...outer, unit: true }, { ...inner, unit: true }),
  },
  "constants on both sides exchange": {
    exchange: (outer, inner) => {
      const found = laws.exchange(outer, inner);
      return found === "constant" ? laws.exchange(linear(outer), linear(inner)) : found;
    },
  },
  "the largest exchanges with functions that do not rise": {
    about: ["maxpool", "neg", "abs"],
    exchange: (outer, inner) => {
      const found = laws.exchange(outer, inner);
      const isLargest = outer.is === "largest" ? isOnElements(inner) : inner.is === "largest" && isOnElements(outer);
      return found === "not linear" && isLargest ? "largest" : found;
    },
  },
  "everything is linear": {
    exchange: (outer, inner) => {
      const found = laws.exchange(outer, inner);
      return found === "not linear" ? "linear" : found;
    },
  },
  "every term of a sum gets the whole constant": { linearPart: (map) => map },
  "the parts of a weight begin one too early": {
    partOf: (algebra, map, axis, start, end) => {
      const { sizes } = algebra.builder;
      const isFirst = sizes.constant(start) === 0n;
      const back = (size: typeof start) => (isFirst ? size : sizes.sub(size, sizes.int(1)));
      return laws.partOf(algebra, map, axis, back(start), back(end));
    },
  },
  "joined products keep the first constant only": {
    joinOf: (algebra, maps, axis) => changed(laws.joinOf(algebra, maps, axis), { bias: maps[0]!.bias }),
  },
  "joined products are in another order": {
    joinOf: (algebra, maps, axis) => laws.joinOf(algebra, maps.toReversed(), axis),
  },
  "merged maps lose the constant of the inner one": {
    compose: (algebra, outer, inner) => laws.compose(algebra, outer, changed(inner, { bias: undefined })),
  },
  "merged maps lose the constant of the outer one": {
    compose: (algebra, outer, inner) => laws.compose(algebra, changed(outer, { bias: undefined }), inner),
  },
  "an operator after a map takes part in it, linear or not": {
    about: ["reduce"],
    isOfMade: (outer, inner) => laws.isOfMade({ ...outer, trait: { ...outer.trait, is: "linear" } }, inner),
  },
  "an operator after a map leaves its constant as it is": {
    about: ["reduce"],
    after: (algebra, maps, outer, inner) => {
      const made = laws.after(algebra, maps, outer, inner);
      return made && changed(made, { bias: undefined });
    },
  },
  "a map takes part in a view that makes one of its axes": {
    about: ["reshape", "linear"],
    isOfView: (outer, inner) =>
      laws.isOfView(outer, { ...inner, trait: { ...inner.trait, to: inner.trait.to.slice(-1) } }),
  },
  "a map takes what is no view for one": {
    about: ["slice", "flip", "roll"],
    isOfView: (outer, inner) =>
      laws.isOfView(outer, inner.trait.is === "gather" ? { ...inner, trait: { ...inner.trait, view: true } } : inner),
  },
  "the mean of a product is a sum of it": {
    about: ["reduced by a gate"],
    contracted: (algebra, value) => {
      if (value.kind !== "node" || value.op !== operators["mean"]) return laws.contracted(algebra, value);
      const sum = algebra.node(operators["sum"]!, value.inputs, value.attributes);
      return laws.contracted(algebra, sum);
    },
  },
  "the largest of a product is a sum of it": {
    about: ["reduced by a gate"],
    contracted: (algebra, value) => {
      if (value.kind !== "node" || value.op !== operators["max"]) return laws.contracted(algebra, value);
      const sum = algebra.node(operators["sum"]!, value.inputs, value.attributes);
      return laws.contracted(algebra, sum);
    },
  },
  "what a linear map makes of a constant is the constant": {
    about: ["reduce", "conv"],
    ofConstant: (_algebra, _map, constant) => constant,
  },
  "what a linear map makes of a constant is what it makes of ones": {
    about: ["reduce", "conv"],
    ofConstant: (algebra, map, constant) => {
      const ones = algebra.expanded(
        algebra.builder.scalar(1),
        [...constant.type.axes].map(([axis, size]) => [axis, size] as const),
      );
      return laws.ofConstant(algebra, map, ones);
    },
  },
  "a view before a map turns the order of axes round": {
    about: ["reshape", "linear"],
    before: (algebra, outer, view, x) => {
      const { trait } = view;
      const turned = { ...view, trait: { ...trait, from: trait.from.toReversed(), to: trait.to.toReversed() } };
      return laws.before(algebra, outer, turned, x);
    },
  },
};

/** A record, and what it says by mistake. */
interface WrongTrait {
  readonly op: Operator;
  readonly claim: (trait: Trait) => Trait;
  /** Steps that show it, together with layers. */
  readonly about: readonly string[];
}

const of = (name: keyof typeof operators, about: readonly string[], claim: WrongTrait["claim"]): WrongTrait => ({
  op: operators[name]!,
  about,
  claim,
});

export const wrongTraits: Readonly<Record<string, WrongTrait>> = {
  "bilinear resizing chooses elements": of("resize", ["resize", "relu"], (trait) => ({ ...trait, is: "gather" })),
  "an average counts no padding": of("avgpool", ["avgpool", "conv"], (trait) => ({ ...trait, unit: true })),
  "a sum keeps constants": of("sum", ["reduce"], (trait) => ({ ...trait, unit: true })),
  "a relu is linear": of("relu", ["relu"], (trait) => ({ ...trait, is: "linear" })),
  "a gate is the same everywhere": of("mul", ["gate", "reduce"], ({ along: _, ...trait }) => trait),
  "padding has no constant": of("pad", ["pad"], (trait) => ({ ...trait, is: "gather" })),
  "a leaky relu always rises": of("leaky_relu", ["leaky_relu", "maxpool"], (trait) => ({ ...trait, rising: true })),
  "a sum up to each element acts on single elements": of("cumsum", ["cumsum"], (trait) => ({
    ...trait,
    from: [],
    to: [],
  })),
};
