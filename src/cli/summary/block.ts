/** @file A block in `fuse summary`: every variant, with its results and its requirements of the caller. */
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import type { CheckedWorld } from "../../check/worlds/explore.ts";
import { printType } from "../../ir/type.ts";
import { printRelation } from "../../sizes/relation.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { textOf } from "../../source/source.ts";
import { table } from "../terminal/table.ts";
import { weightRows } from "./block-weights.ts";

export function blockText(program: Program, block: Block): string {
  const { decl } = block;
  const rows = variantsOf(program, block).map(({ variant, results, requires }) => [
    variant === "" ? "always" : variant,
    results.join(", "),
    requires.join("; "),
  ]);
  return [
    textOf(decl.header).replace(/\s+/g, " ").trim(),
    ...(decl.doc === undefined ? [] : decl.doc.split("\n").map((line) => `  ${line}`.trimEnd())),
    "",
    table(["variant", "results", "requires"], rows, []),
    "",
    blockWeights(program, block),
  ].join("\n");
}

/** Returns the weights of a block as a table. */
export function blockWeights(program: Program, block: Block): string {
  const rows = weightRows(program, block);
  return rows.length === 0 ? "no weights" : table(["weight", "axes", "init", "variants"], rows, []);
}

export function blockJson(program: Program, block: Block): object {
  const { name, doc } = block.decl;
  const weights = weightRows(program, block).map(([path, axes, init, variants]) => ({ path, axes, init, variants }));
  return { name: name.text, path: block.module.path, doc: doc ?? null, variants: variantsOf(program, block), weights };
}

function variantsOf(program: Program, block: Block) {
  const { sizes } = program.context;
  return program.worlds(block).map((world) => ({
    variant: worldText(sizes, world),
    results: (world.results ?? []).map((type) => (type === undefined ? "?" : printType(sizes, type))),
    requires: requirementsOf(sizes, world),
  }));
}

/** `by: concat, c == out` */
function worldText(sizes: Sizes, { choices, assumptions }: CheckedWorld): string {
  const chosen = [...choices].map(([name, choice]) => `${name}: ${choice}`);
  return [...chosen, ...assumptions.map((one) => printRelation(sizes, one))].join(", ");
}

/** Every requirement is subject to the variant's own assumptions, which are not repeated. */
function requirementsOf(sizes: Sizes, { requirements }: CheckedWorld): string[] {
  const texts = new Set<string>();
  const known = new Set<string>();
  for (const { relation } of requirements)
    if (relation.op !== "known") texts.add(printRelation(sizes, relation));
    else for (const { name } of sizes.variables(relation.size)) known.add(name);
  if (known.size > 0) texts.add(`${[...known].join(", ")} known at build time`);
  return [...texts];
}
