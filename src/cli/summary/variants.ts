/** @file The rows of `fuse summary --variants`: each variant of a model with its costs, or why it has none. */
import type { Settings } from "../../check/instantiate/settings.ts";
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { countText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { layersOf, ordered } from "./layers.ts";
import { admissionsAt, printers, totals, type Sizes } from "./model.ts";

/** The columns that rows can be sorted by. */
export const sortKeys = ["variant", "weights", "macs", "read", "written", "peak"] as const;
export type SortKey = (typeof sortKeys)[number];

interface Variant {
  /** The settings of the variant. */
  readonly variant: Settings;
  /** Why the variant is impossible, or refuses the input sizes; undefined if it has costs. */
  readonly refused: string | undefined;
  readonly results: readonly string[];
  readonly weights: number;
  /** A formula if input sizes are open. */
  readonly macs: number | string;
  readonly memory: { readonly read: number; readonly written: number; readonly peak: number } | undefined;
}

/** Returns the variants of a model whose program passed the check. Parameters in `settings` are not varied. */
export function variantsOf(program: Program, block: Block, settings: Settings, at: Sizes | undefined): Variant[] {
  const wanted = program
    .choices(block)
    .filter((choices) =>
      [...choices].every(([name, choice]) => !Object.hasOwn(settings, name) || settings[name] === choice),
    );
  const instances = wanted.map((choices) => {
    const variant = Object.fromEntries([...choices].filter(([name]) => !Object.hasOwn(settings, name)));
    return { variant, ...program.instantiate(block, { ...settings, ...variant }) };
  });
  const possible = instances.flatMap(({ graph }) => graph ?? []);
  const admissions = new Map(admissionsAt(possible, at).map((admission, i) => [possible[i], admission]));
  return instances.map(({ variant, graph, diagnostics }) => {
    const none = { variant, results: [], weights: 0, macs: 0, memory: undefined };
    if (graph === undefined) {
      const error = diagnostics.find(({ severity }) => severity === "error");
      return { ...none, refused: `impossible: ${error?.message}` };
    }
    const admission = admissions.get(graph);
    if (admission !== undefined && "problems" in admission)
      return { ...none, refused: `refuses these sizes: ${admission.problems.join(" ").replace(/\.$/, "")}` };
    return { variant, refused: undefined, ...costsOf(graph, admission?.sizes) };
  });
}

function costsOf(graph: ModelGraph, sizes: Sizes | undefined): Omit<Variant, "variant" | "refused"> {
  const { number, type } = printers(graph, sizes);
  const { parameters, macs, memory } = totals(graph, layersOf(graph), sizes);
  return {
    results: graph.results.map(({ value, order }) => type(ordered(value.type, order))),
    weights: parameters,
    macs: macs === undefined ? "" : number(macs),
    memory: memory && { read: memory.bytesRead, written: memory.bytesWritten, peak: memory.peakBytes },
  };
}

/** Whether the variants have this cost as a number. Without input sizes, some costs are formulas or unknown. */
export function hasCost(variants: readonly Variant[], key: SortKey): boolean {
  if (key === "variant" || key === "weights") return true;
  return variants.every(
    ({ refused, macs, memory }) =>
      refused !== undefined || (key === "macs" ? typeof macs === "number" || /^\d+$/.test(macs) : memory !== undefined),
  );
}

/** Sorts by one cost, cheapest first. Variants without costs come last. */
export function sorted(variants: readonly Variant[], key: SortKey): readonly Variant[] {
  if (key === "variant") return variants;
  const cost = ({ refused, weights, macs, memory }: Variant): number => {
    if (refused !== undefined) return Infinity;
    if (key === "weights") return weights;
    return key === "macs" ? Number(macs) : (memory?.[key] ?? 0);
  };
  return variants.toSorted((a, b) => cost(a) - cost(b) || 0);
}

export function variantsText(name: string, variants: readonly Variant[]): string {
  const names = Object.keys(variants[0]?.variant ?? {});
  const known = variants.some(({ memory }) => memory !== undefined);
  const head = [...names, "results", "weights", "MACs", ...(known ? ["read", "written", "peak"] : [])];
  const rows = variants.map(({ variant, refused, results, weights, macs, memory }) => {
    const choices = names.map((name) => variant[name]!);
    if (refused !== undefined) return [...choices, refused];
    const bytes = memory === undefined ? [] : [memory.read, memory.written, memory.peak].map(bytesText);
    return [
      ...choices,
      results.join(", "),
      countText(weights),
      typeof macs === "number" ? countText(macs) : macs,
      ...bytes,
    ];
  });
  const numbers = head.map((_, column) => column).slice(names.length + 1);
  return `model ${name}, ${variants.length} ${variants.length === 1 ? "variant" : "variants"}\n\n${table(head, rows, numbers)}`;
}
