/** @file Shared by layers with a weight and a bias: specs with PyTorch's names, order and initialisation. */
import type { Initializer } from "../../contract/manifest.ts";
import { attribute } from "../../ir/attribute.ts";
import type { OperatorContext, WeightSpec } from "../../ir/operator.ts";
import type { Axis } from "../../ir/type.ts";
import type { Size } from "../../sizes/size.ts";

export const biasAttribute = attribute("bool", "whether to add a bias", { default: true });
export const initAttribute = attribute("init", "initial values of the weight; PyTorch's by default", {
  optional: true,
});

/** Declares a weight that is initialised to a constant. */
export function constantSpec(
  name: string,
  axes: readonly (readonly [Axis, Size])[],
  value: number,
  count: Size,
): WeightSpec {
  return { name, groups: [axes], init: { kind: "constant", value }, fan: { in: count, out: count } };
}

/** Returns the weight's name for an axis of the input. */
export const inputAxis = (axis: Axis): Axis => `${axis}'`;

/** Requires that `groups` divides the channels of the input and of the result. */
export function requireGroups(c: OperatorContext<{ readonly c: Size; readonly groups: Size }>): void {
  const { c: outputs, groups } = c.attributes;
  const inputs = c.size(0, "c");
  c.divide(inputs, groups, { inputs: [0], attribute: "groups", axis: "c", dividesToo: [outputs] });
  c.divide(outputs, groups, { attribute: "groups", dividesToo: [inputs] });
}

/**
 * Declares `weight` and `bias`. PyTorch draws both from ±1/√fan-in, because kaiming-uniform with a = √5 comes to that for
 * the weight. So `kaiming` over the layer's fan-in is right for both.
 */
export function layerWeights(
  attributes: { readonly bias: boolean; readonly init: Initializer | undefined },
  groups: WeightSpec["groups"],
  outputs: readonly (readonly [Axis, Size])[],
  fan: WeightSpec["fan"],
): readonly WeightSpec[] {
  const kaiming: Initializer = { kind: "kaiming" };
  const weight: WeightSpec = { name: "weight", groups, init: attributes.init ?? kaiming, fan };
  return attributes.bias ? [weight, { name: "bias", groups: [outputs], init: kaiming, fan }] : [weight];
}
