/** @file What the optimizer does to a model, in `fuse explain --graph`. */
import type { Origin } from "../../ir/graph.ts";
import type { Part, Place, Report, ReportedChange, ReportedMiss } from "../../optimize/report.ts";
import { nominalSize } from "../../plan/buffers.ts";
import { lineOf, position } from "../../source/source.ts";
import { printers, type Sizes } from "../summary/model.ts";
import { countText, percentText, plural } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";

export function graphText(report: Report, at: Sizes | undefined): string {
  const { graph, optimized, changes, misses } = report;
  const sizes = Object.entries(sizesOf(report, at)).map(([name, size]) => `${name}=${size}`);
  const where = sizes.length === 0 ? "" : `, numbers at ${sizes.join(",")}`;
  return [
    `model ${graph.name}, target ${optimized.profile.name}: ${plural(changes.length, "change")}${where}`,
    ...changes.map((change) => `\n${changeText(change, report, at)}`),
    ...(misses.length === 0 ? [] : ["\nnot done", ...misses.map(missText)]),
  ].join("\n");
}

function changeText(
  { places, steps, before, after, saves, isProved }: ReportedChange,
  report: Report,
  at: Sizes | undefined,
): string {
  const { type } = printers(report.graph, at);
  const rows = (title: string, parts: readonly Part[]) =>
    parts.map(({ node, macs }, i) => [
      i === 0 ? title : "",
      node.op.name,
      node.types.map(type).join(", "),
      macs === 0 ? "" : countText(macs),
    ]);
  const totals = [before, after].map(macsOf).map(countText).join(" -> ");
  const isOpen = Object.keys(sizesOf(report, at)).length > 0;
  const when = !isOpen ? "" : isProved ? "at these sizes, and less at every size" : "at these sizes";
  return [
    `${places.map(namedPlace).join(", ")}: costs ${percentText(saves)} less${when === "" ? "" : ` ${when}`}`,
    ...steps.map(({ text }) => `  - ${text}`),
    ...table(["", "operator", "result", "MACs"], [...rows("before", before), ...rows("after", after)], [3])
      .split("\n")
      .map((line) => `  ${line}`),
    ...(macsOf(before) + macsOf(after) === 0 ? [] : [`  MACs    ${totals}`]),
  ].join("\n");
}

function missText({ origin, text, miss }: ReportedMiss): string {
  const macs = miss.macs > 0 ? ` and ${plural(miss.macs, "MAC")}` : "";
  return `${placeOf(origin)}  ${text}\n  it would save ${percentText(miss.saves)} of the model's cost${macs}`;
}

export function graphJson(report: Report, at: Sizes | undefined): object {
  const { graph, optimized, changes, misses } = report;
  const { type } = printers(graph, at);
  const parts = (list: readonly Part[]) =>
    list.map(({ node, macs }) => ({ operator: node.op.name, results: node.types.map(type), macs }));
  return {
    name: graph.name,
    settings: graph.settings,
    target: optimized.profile.name,
    at: sizesOf(report, at),
    changes: changes.map(({ places, steps, before, after, saves, isProved }) => ({
      places: places.map(({ origin, node }) => ({
        ...placeJson(origin),
        operator: node.op.name,
        name: origin?.name ?? null,
      })),
      steps,
      before: parts(before),
      after: parts(after),
      macs: { before: macsOf(before), after: macsOf(after) },
      saves,
      proved: isProved,
    })),
    nearMisses: misses.map(({ origin, miss, text }) => ({
      ...placeJson(origin),
      operator: miss.node.op.name,
      partner: miss.partner.op.name,
      blocker: miss.blocker.op.name,
      obstacle: miss.obstacle,
      text,
      saves: miss.saves,
      macs: miss.macs,
    })),
  };
}

const macsOf = (parts: readonly Part[]): number => parts.reduce((sum, { macs }) => sum + macs, 0);

/** The sizes for which numbers are given: those asked for, or those that count if nothing is known. */
function sizesOf({ graph }: Report, at: Sizes | undefined): Sizes {
  return Object.fromEntries(graph.guard.variables.map(({ name }) => [name, at?.[name] ?? nominalSize(name)]));
}

/** `net.fuse:4  conv (y)` */
function namedPlace({ origin, node }: Place): string {
  return `${placeOf(origin)}  ${node.op.name}${origin?.name === undefined ? "" : ` (${origin.name})`}`;
}

const placeOf = (origin: Origin | undefined): string => (origin === undefined ? "(new)" : lineOf(origin.span));

function placeJson(origin: Origin | undefined): object {
  if (origin === undefined) return { file: null, line: null, column: null };
  const { source, start } = origin.span;
  return { file: source.path, ...position(source, start) };
}
