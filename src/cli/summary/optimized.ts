/** @file A model as written against what the optimizer makes of it, in `fuse summary --optimized`. */
import type { Report } from "../../optimize/report.ts";
import { planCost, planWork } from "../../plan/cost.ts";
import { liveBytes, numbersAt, traffic } from "../../plan/memory.ts";
import type { Plan } from "../../plan/plan.ts";
import { madeWeights } from "../../plan/prepared.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { countText, plural, predictedText, savingText, signedPercentText } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { basisJson, basisText, type Basis } from "./basis.ts";
import type { Sizes } from "./model.ts";
import { operatorText, placeJson, placeText } from "./places.ts";

export function optimizedText(report: Report, at: Sizes, basis: Basis): string {
  const { graph, optimized, asWritten, changes } = report;
  const [before, after] = [figures(asWritten, at), figures(optimized, at)];
  const row = (title: string, key: keyof Figures, print: (value: number) => string) => [
    title,
    print(before[key]),
    print(after[key]),
    before[key] === after[key] || before[key] === 0 ? "" : signedPercentText(after[key] / before[key] - 1),
  ];
  const sizes = Object.entries(at).map(([name, size]) => `${name}=${size}`);
  return [
    `model ${graph.name}, ${basisText(basis)}${sizes.length === 0 ? "" : `, at ${sizes.join(",")}`}`,
    "",
    table(
      ["", "as written", "optimized", ""],
      [
        row("predicted time", "predictedPicoseconds", predictedText),
        row("MACs", "macs", countText),
        row("bytes read", "bytesRead", bytesText),
        row("bytes written", "bytesWritten", bytesText),
        row("memory peak", "peakBytes", bytesText),
        row("steps", "steps", countText),
        row("weights made when loading", "madeWeights", countText),
      ],
      [1, 2, 3],
    ),
    "",
    `${plural(changes.length, "change")}${changes.length === 0 ? "" : `; fuse explain ${graph.path} --graph says why they are right`}`,
    ...(changes.length === 0 ? [] : ["", changeTable(report)]),
  ].join("\n");
}

/** One row for each change, with the number that `--optimize-limit` counts. */
function changeTable({ changes }: Report): string {
  const rows = changes.map(({ number, places, saves }) => [
    String(number),
    savingText(saves),
    places.map((place) => `${placeText(place)}  ${operatorText(place)}`).join("; "),
  ]);
  return table(["change", "saves", "operator"], rows, [0, 1]);
}

export function optimizedJson(report: Report, at: Sizes, basis: Basis): object {
  const { graph, optimized, asWritten, changes } = report;
  return {
    name: graph.name,
    settings: graph.settings,
    ...basisJson(basis),
    at,
    asWritten: figures(asWritten, at),
    optimized: figures(optimized, at),
    changes: changes.map(({ number, places, saves }) => ({ number, places: places.map(placeJson), saves })),
  };
}

interface Figures {
  readonly predictedPicoseconds: number;
  readonly macs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly peakBytes: number;
  readonly steps: number;
  readonly madeWeights: number;
}

/** What a plan does in a run, and how many tensors it computes from the weights before. */
function figures(plan: Plan, at: Sizes): Figures {
  const { read, written } = traffic(plan, at);
  const number = numbersAt(plan.graph.builder.sizes, at);
  const { macs, step } = planWork(plan, number);
  return {
    predictedPicoseconds: planCost(plan, number),
    macs,
    bytesRead: read,
    bytesWritten: written,
    peakBytes: liveBytes(plan, at).peak,
    steps: step,
    madeWeights: madeWeights(plan.prepared.map(({ value }) => value)),
  };
}
