/** @file The rows of `fuse summary --variants`: each variant of a model with its costs, or why it is impossible. */
import type { Settings } from "../../check/instantiate/settings.ts";
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { countText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { layersOf, ordered } from "./layers.ts";
import { printers, sizesAt, totals, type Sizes } from "./model.ts";

/** The columns that rows can be sorted by. */
export const sortKeys = ["variant", "weights", "macs", "read", "written", "peak"] as const;
export type SortKey = (typeof sortKeys)[number];

interface Variant {
  /** The settings of the variant. */
  readonly variant: Settings;
  /** Why the variant is impossible; undefined if it is possible. */
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
    .filter((choices) => [...choices].every(([name, choice]) => !Object.hasOwn(settings, name) || settings[name] === choice));
  return wanted.map((choices) => {
    const variant = Object.fromEntries([...choices].filter(([name]) => !Object.hasOwn(settings, name)));
    const { graph, diagnostics } = program.instantiate(block, { ...settings, ...variant });
    if (graph !== undefined) return { variant, refused: undefined, ...costsOf(graph, at) };
    const refused = diagnostics.find(({ severity }) => severity === "error")?.message ?? "";
    return { variant, refused, results: [], weights: 0, macs: 0, memory: undefined };
  });
}

function costsOf(graph: ModelGraph, at: Sizes | undefined): Omit<Variant, "variant" | "refused"> {
  const [sizes] = sizesAt([graph], at);
  const { number, type } = printers(graph, sizes);
  const { parameters, macs, memory } = totals(graph, layersOf(graph), sizes);
  return {
    results: graph.results.map(({ value, order }) => type(ordered(value.type, order))),
    weights: parameters,
    macs: macs === undefined ? "" : number(macs),
    memory: memory && { read: memory.bytesRead, written: memory.bytesWritten, peak: memory.peakBytes },
  };
}

/** Sorts by one cost, cheapest first. Impossible variants come last. */
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
    if (refused !== undefined) return [...choices, `impossible: ${refused}`];
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
