/** @file Says in words how an operator acts on its inputs, from its record. */
import { stepsOf } from "../../src/ir/costs.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Operator } from "../../src/ir/operator.ts";
import type { Action, Trait } from "../../src/ir/trait.ts";
import type { Axis } from "../../src/ir/type.ts";
import { code, table } from "./markdown.ts";

const actions: Readonly<Record<Action, string>> = {
  gather: "picks elements",
  linear: "linear",
  affine: "linear plus a constant",
  largest: "picks the largest or the smallest elements",
  any: "any function",
};
const constants = "keeps constants";
const rises = "never falls";
const stays = "nothing moves";
const product = "a product with a tensor";

/** What the words mean. */
const meanings: readonly (readonly [string, string])[] = [
  [actions.linear, "The operator of a sum is the sum of the operators, and a factor stays a factor."],
  [actions.affine, "As above, but something is added that does not depend on the input, such as a bias."],
  [
    actions.gather,
    "Every element of the result is an element of the input, at a place that the elements do not decide.",
  ],
  [actions.largest, "Every element of the result is the largest, or every one the smallest, of some of the input."],
  [actions.any, "None of the above."],
  [constants, "A tensor of equal numbers gives a tensor of that number, as an average does."],
  [rises, "A larger element never gives a smaller one."],
  [stays, "The elements stay in memory as they are."],
  [product, "Weights or another input are the tensor. Two such operators in a row can become one."],
];

/** The section about how operators act. */
export const aboutTraits = `## How operators act

The pages say how an operator acts on each input while the others stay the same, because the optimizer uses it. It acts on
some axes and does the same for every index of all others. Two operators that act on different axes can change places if both
are linear, or if one picks elements, whatever the other one does.

${table(["", ""], meanings)}`;

const listed = (axes: readonly Axis[]): string => {
  const names = axes.map(code);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
};

function axesText({ from, to, along = [] }: Trait): string {
  const isSame = from.length === to.length && from.every((axis) => to.includes(axis));
  const parts = [`acts on ${from.length === 0 ? "single elements" : listed(from)}`];
  if (!isSame) parts.push(to.length === 0 ? "of which one element is left" : `makes ${listed(to)}`);
  if (along.length > 0) parts.push(`differently for each ${listed(along)}`);
  return parts.join(", ");
}

/** Returns how the first application of an operator in a model acts on each input. */
export function traitTexts({ builder, ...graph }: ModelGraph, op: Operator): readonly string[] {
  const node = stepsOf({ builder, ...graph })
    .filter((step) => step.kind === "node")
    .find((step) => step.op === op);
  if (node === undefined) return [];
  const texts = node.inputs.map((_, i) => {
    const trait = builder.trait(node, i);
    if (trait === undefined) return undefined;
    const words = [
      actions[trait.is],
      ...(trait.unit ? [constants] : []),
      ...(trait.rising ? [rises] : []),
      ...(trait.view ? [stays] : []),
      ...(builder.matrix(node, i)?.weight === undefined ? [] : [product]),
    ];
    return `${axesText(trait)}: ${words.join(", ")}`;
  });
  if (texts.every((text) => text === texts[0])) return texts.slice(0, 1).filter((text) => text !== undefined);
  return texts.flatMap((text, i) =>
    text === undefined ? [] : [`as a function of ${code(op.inputs.names[i]!)}, ${text}`],
  );
}
