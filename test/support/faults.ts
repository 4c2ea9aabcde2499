/** @file What a plan must not contain if it is for webgl and webgpu. */
import type { Plan } from "../../src/plan/plan.ts";
import { madeBy, type Computation } from "../../src/plan/value.ts";
import { conv2d } from "../../src/primitives/convolution.ts";
import { reshape, transpose } from "../../src/primitives/layout.ts";
import { argReduce, reduce } from "../../src/primitives/reduce.ts";
import { scan } from "../../src/primitives/scan.ts";

/** Returns a description of every step that some browser computes wrongly or not at all. */
export function faultsOf({ steps }: Plan): readonly string[] {
  return steps.flatMap(({ value }) => {
    const fault = faultOf(value);
    return fault === undefined ? [] : [`${value.primitive.name} ${fault}`];
  });
}

function faultOf(value: Computation): string | undefined {
  if (madeBy(value, reshape)) return undefined;
  const most = Math.max(...[value, ...value.inputs].map(({ shape }) => shape.length));
  if (most > (madeBy(value, transpose) ? 6 : 4)) return `of ${most} axes`;
  if (madeBy(value, argReduce)) return "may not find the first of equal elements";
  if (madeBy(value, scan) && value.attributes.reverse) return "from the last element to the first";
  if (madeBy(value, conv2d) && value.attributes.groups > 1) return "with groups";
  const [x] = value.inputs;
  if (x === undefined || x.dtype === "f32") return undefined;
  const isLast = (...axes: readonly number[]) => axes.every((axis) => axis >= x.shape.length - axes.length);
  if (madeBy(value, transpose) && most > 2) return `of ${x.dtype} of ${most} axes`;
  if (madeBy(value, reduce) && !isLast(...value.attributes.axes)) return `of ${x.dtype} along inner axes`;
  if (madeBy(value, scan) && !isLast(value.attributes.axis)) return `of ${x.dtype} along an inner axis`;
  return undefined;
}
