/** @file Every world of a model as `fuse summary --all-worlds` shows it: a row each, with what it costs or why it cannot be. */
import type { Settings } from "../../check/instantiate/settings.ts";
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import type { ModelGraph } from "../../ir/graph.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { countText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { layersOf, ordered } from "./layers.ts";
import { printers, sizesAt, totals, type Sizes } from "./model.ts";

/** What rows can be sorted by. */
export const sortKeys = ["world", "weights", "macs", "read", "written", "live"] as const;
export type SortKey = (typeof sortKeys)[number];

interface World {
  readonly world: Settings;
  /** Why it cannot be; undefined if it can. */
  readonly refused: string | undefined;
  readonly results: readonly string[];
  readonly weights: number;
  /** A formula where the sizes of the inputs are open. */
  readonly macs: number | string;
  readonly memory: { readonly read: number; readonly written: number; readonly live: number } | undefined;
}

/** The worlds of a model whose program passed the check; settings that are given are not varied. */
export function worldsOf(program: Program, block: Block, settings: Settings, at: Sizes | undefined): World[] {
  const wanted = program
    .choices(block)
    .filter((choices) => [...choices].every(([name, choice]) => (settings[name] ?? choice) === choice));
  return wanted.map((choices) => {
    const world = Object.fromEntries([...choices].filter(([name]) => !Object.hasOwn(settings, name)));
    const { graph, diagnostics } = program.instantiate(block, { ...settings, ...world });
    if (graph !== undefined) return { world, refused: undefined, ...costsOf(graph, at) };
    const refused = diagnostics.find(({ severity }) => severity === "error")?.message ?? "";
    return { world, refused, results: [], weights: 0, macs: 0, memory: undefined };
  });
}

function costsOf(graph: ModelGraph, at: Sizes | undefined): Omit<World, "world" | "refused"> {
  const [sizes] = sizesAt([graph], at);
  const { number, type } = printers(graph, sizes);
  const { parameters, macs, memory } = totals(graph, layersOf(graph), sizes);
  return {
    results: graph.results.map(({ value, order }) => type(ordered(value.type, order))),
    weights: parameters,
    macs: macs === undefined ? "" : number(macs),
    memory: memory && { read: memory.bytesRead, written: memory.bytesWritten, live: memory.liveBytes },
  };
}

/** In order of a cost, the cheapest first; worlds that cannot be come last. */
export function sorted(worlds: readonly World[], key: SortKey): readonly World[] {
  if (key === "world") return worlds;
  const cost = ({ refused, weights, macs, memory }: World): number => {
    if (refused !== undefined) return Infinity;
    if (key === "weights") return weights;
    return key === "macs" ? Number(macs) : (memory?.[key] ?? 0);
  };
  return worlds.toSorted((a, b) => cost(a) - cost(b) || 0);
}

export function worldsText(name: string, worlds: readonly World[]): string {
  const names = Object.keys(worlds[0]?.world ?? {});
  const known = worlds.some(({ memory }) => memory !== undefined);
  const head = [...names, "results", "weights", "MACs", ...(known ? ["read", "written", "live"] : [])];
  const rows = worlds.map(({ world, refused, results, weights, macs, memory }) => {
    const choices = names.map((name) => world[name]!);
    if (refused !== undefined) return [...choices, `cannot be: ${refused}`];
    const bytes = memory === undefined ? [] : [memory.read, memory.written, memory.live].map(bytesText);
    return [
      ...choices,
      results.join(", "),
      countText(weights),
      typeof macs === "number" ? countText(macs) : macs,
      ...bytes,
    ];
  });
  const numbers = head.map((_, column) => column).slice(names.length + 1);
  return `model ${name}, ${worlds.length} ${worlds.length === 1 ? "world" : "worlds"}\n\n${table(head, rows, numbers)}`;
}
