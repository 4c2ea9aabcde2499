/** @file The manifest of a model's weights, for code that loads, checks or creates them. */
import type { ManifestEntry } from "../contract/manifest.ts";
import type { Origin } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import { lineOf } from "../source/source.ts";

/** Returns the value of a build-time size. */
export function buildTimeNumber(sizes: Sizes, size: Size): number {
  const value = sizes.constant(size);
  if (value === undefined) throw new InternalError(`${sizes.print(size)} is not known when the model is built`);
  return Number(value);
}

/** Returns the manifest entries of all weights of the model. */
export function manifestOf({ weights, origins, builder: { sizes } }: ModelGraph): ManifestEntry[] {
  return [...new Set(weights)].map((weight) => ({
    path: weight.path,
    ...placeOf(origins.get(weight)?.[0]),
    groups: weight.groups.map((group) =>
      group.map((axis) => {
        const size = weight.type.axes.get(axis);
        if (size === undefined) throw new InternalError(`weight ${weight.path} has no axis ${axis}`);
        return [axis, buildTimeNumber(sizes, size)] as const;
      }),
    ),
    ...(weight.type.dtype === "f32" ? {} : { dtype: weight.type.dtype }),
    init: weight.init,
    fan: { in: buildTimeNumber(sizes, weight.fan.in), out: buildTimeNumber(sizes, weight.fan.out) },
  }));
}

function placeOf(origin: Origin | undefined): Pick<ManifestEntry, "at"> {
  return origin === undefined ? {} : { at: lineOf(origin.span) };
}
