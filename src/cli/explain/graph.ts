/** @file What the optimizer does to a model, in `fuse explain --graph`. */
import type { Part, Report, ReportedChange, ReportedMiss } from "../../optimize/report.ts";
import { givenSizes, refusedSizes } from "../../plan/given-sizes.ts";
import { basisJson, basisText, type Basis } from "../summary/basis.ts";
import { operatorText, placeJson, placeText } from "../summary/places.ts";
import { printers, type Sizes } from "../summary/model.ts";
import { countText, percentText, plural, predictedText, savingText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";

export function graphText(report: Report, at: Sizes | undefined, basis: Basis = {}): string {
  const { graph, costs, changes, misses } = report;
  const sizes = Object.entries(givenSizes(graph, at ?? {})).map(([name, size]) => `${name}=${size}`);
  const where = sizes.length === 0 ? "" : `, numbers at ${sizes.join(",")}`;
  const [before, after] = [costs.asWritten, costs.optimized].map(predictedText);
  const refused = refusedSizes(graph, at ?? {});
  return [
    `model ${graph.name}, ${basisText(basis)}: ${plural(changes.length, "change")}${where}`,
    ...(refused === undefined ? [] : [`the model refuses these sizes (${refused.message}); --at gives others`]),
    `predicted time ${before === after ? after : `${before} -> ${after}`}`,
    ...changes.map((change) => `\n${changeText(change, report, at)}`),
    ...(misses.length === 0 ? [] : ["\nnot done", ...misses.map(missText)]),
  ].join("\n");
}

function changeText(
  { number, places, steps, before, after, saves, isProved }: ReportedChange,
  { graph }: Report,
  at: Sizes | undefined,
): string {
  const { type } = printers(graph, at);
  const parts = [...before, ...after];
  const hasMacs = parts.some(({ macs }) => macs > 0);
  const hasFused = parts.some(({ fusedInto }) => fusedInto !== undefined);
  const rows = (title: string, parts: readonly Part[]) =>
    parts.map(({ node, macs, fusedInto }, i) => [
      i === 0 ? title : "",
      node.op.name,
      node.types.map(type).join(", "),
      ...(hasMacs ? [countText(macs)] : []),
      ...(fusedInto?.kind === "node" ? [`part of the ${fusedInto.op.name}`] : []),
    ]);
  const head = ["", "operator", "result", ...(hasMacs ? ["MACs"] : []), ...(hasFused ? [""] : [])];
  const totals = [before, after].map(macsOf).map(countText).join(" -> ");
  const isOpen = graph.guard.variables.length > 0;
  const when = !isOpen ? "" : isProved ? " at these sizes, and some at every size" : " at these sizes";
  return [
    `${number}  ${places.map((place) => `${placeText(place)}  ${operatorText(place)}`).join("; ")}`,
    `  saves about ${savingText(saves)} of the time as written${when}`,
    ...steps.map(({ text }) => `  - ${text}`),
    ...table(head, [...rows("before", before), ...rows("after", after)], hasMacs ? [3] : [])
      .split("\n")
      .map((line) => `  ${line}`),
    ...(hasMacs ? [`  MACs    ${totals}`] : []),
  ].join("\n");
}

function missText({ node, text, miss }: ReportedMiss): string {
  const { saves, macs } = miss;
  const count =
    macs === 0 ? "" : macs > 0 ? ` and ${countText(macs)} fewer MACs` : `, but ${countText(-macs)} more MACs`;
  return `${placeText(node)}  ${operatorText(node)}\n  ${text}\n  without that, it would take ${percentText(saves)} less time${count}`;
}

export function graphJson(report: Report, at: Sizes | undefined, basis: Basis = {}): object {
  const { graph, costs, changes, misses } = report;
  const { type } = printers(graph, at);
  const parts = (list: readonly Part[]) =>
    list.map(({ node, macs, fusedInto }) => ({
      operator: node.op.name,
      results: node.types.map(type),
      macs,
      fusedInto: fusedInto?.kind === "node" ? fusedInto.op.name : null,
    }));
  return {
    name: graph.name,
    settings: graph.settings,
    ...basisJson(basis),
    at: givenSizes(graph, at ?? {}),
    predictedPicoseconds: costs,
    changes: changes.map(({ number, places, steps, before, after, saves, isProved }) => ({
      number,
      places: places.map(placeJson),
      steps,
      before: parts(before),
      after: parts(after),
      macs: { before: macsOf(before), after: macsOf(after) },
      saves,
      proved: isProved,
    })),
    nearMisses: misses.map(({ node, partner, blocker, miss, text }) => ({
      ...placeJson(node),
      partner: placeJson(partner),
      blocker: placeJson(blocker),
      obstacle: miss.obstacle,
      text,
      saves: miss.saves,
      macs: miss.macs,
    })),
  };
}

const macsOf = (parts: readonly Part[]): number => parts.reduce((sum, { macs }) => sum + macs, 0);
