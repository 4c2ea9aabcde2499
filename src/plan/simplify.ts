/** @file Rules that simplify data movement: moves compose, no-ops vanish, and weights are moved at load where possible. */
import type { PrimitiveShape } from "../ir/lowering.ts";
import { broadcast, reshape, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

const same = (a: readonly Size[], b: readonly Size[]) => a.length === b.length && a.every((size, i) => size === b[i]);

/** Makes values of a plan. */
interface Emitter {
  readonly sizes: Sizes;
  emit<A>(primitive: PrimitiveShape<A>, inputs: readonly PlanValue[], attributes: A): PlanValue;
}

/** Returns a simpler value equal to the given computation, if there is one. */
export function simpler(asked: Computation, builder: Emitter): PlanValue | undefined {
  const [x] = asked.inputs;
  if (x === undefined) return undefined;
  if (madeBy(asked, transpose)) {
    const { permutation } = asked.attributes;
    if (permutation.every((from, to) => from === to)) return x; // transpose(x, [0, 1]) -> x
    if (madeBy(x, transpose)) {
      // transpose(transpose(x, p), q) -> transpose(x, p[q])
      const composed = permutation.map((from) => x.attributes.permutation[from]!);
      return builder.emit(transpose, x.inputs, { permutation: composed });
    }
    // transpose([n, c, 1, 1] -> [n, 1, 1, c]) -> reshape: nothing moves in memory
    const moving = permutation.filter((from) => builder.sizes.constant(x.shape[from]!) !== 1n);
    if (moving.every((from, i) => i === 0 || moving[i - 1]! < from))
      return builder.emit(reshape, [x], { shape: asked.shape });
  }
  if (madeBy(asked, reshape)) {
    if (same(x.shape, asked.shape)) return x; // reshape(x, shape of x) -> x
    if (madeBy(x, reshape)) return builder.emit(reshape, x.inputs, asked.attributes); // reshape(reshape(x)) -> reshape(x)
  }
  if (madeBy(asked, matmul) && asked.attributes.transposeB && asked.inputs[1]!.shape.length === 2) {
    // matmul(x, weight, transposeB) -> matmul(x, weight transposed at load)
    const turned =
      asked.inputs[1]!.kind === "prepared" && builder.emit(transpose, [asked.inputs[1]!], { permutation: [1, 0] });
    if (turned && turned.kind === "prepared")
      return builder.emit(matmul, asked.inputs.with(1, turned), { ...asked.attributes, transposeB: false });
  }
  if (madeBy(asked, broadcast) && same(x.shape, asked.shape)) return x;
  return undefined;
}
