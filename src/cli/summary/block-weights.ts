/** @file The weights of a block. Sizes are formulas over its signature; the variant decides which weights exist. */
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import type { Initializer } from "../../contract/manifest.ts";
import { printType } from "../../ir/type.ts";

/** Returns a row for each path and shape: path, axes, initialiser, and the variants that have it. */
export function weightRows(program: Program, block: Block): string[][] {
  const worlds = program.worlds(block);
  const counts = new Map<string, { row: string[]; count: number; always: boolean }>();
  for (const { weights } of worlds)
    for (const { weight, always } of weights) {
      const row = [weight.path, printType(program.context.sizes, weight.type), initText(weight.init)];
      const known = counts.get(row.join("|")) ?? { row, count: 0, always: true };
      counts.set(row.join("|"), { row, count: known.count + 1, always: known.always && always });
    }
  return [...counts.values()].map(({ row, count, always }) => [...row, variantsText(count, worlds.length, always)]);
}

/** "depends" means that only some variants of a called block have the weight. */
function variantsText(count: number, all: number, always: boolean): string {
  if (!always) return "depends";
  return count === all ? "all" : `${count} of ${all}`;
}

/** `kaiming`, `normal(0.02)`, `0` */
export function initText(init: Initializer): string {
  if (init.kind === "constant") return String(init.value);
  return "value" in init ? `${init.kind}(${init.value})` : init.kind;
}
