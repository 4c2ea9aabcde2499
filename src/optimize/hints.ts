/** @file What an author could change to make a model cheaper, as diagnostics: near misses, at places that the author can change. */
import type { Node, Origin } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { conv } from "../ops/conv.ts";
import { refusedSizes } from "../plan/given-sizes.ts";
import type { Profile } from "../plan/profile.ts";
import type { Note } from "../source/diagnostic.ts";
import type { Reporter } from "../source/reporter.ts";
import type { Span } from "../source/source.ts";
import type { NearMiss } from "./near-misses.ts";
import type { OptimizeOptions } from "./optimize.ts";
import { planOptimized } from "./planned.ts";
import { missesOf, type ReportedMiss } from "./report.ts";
import type { Written } from "./written.ts";

/** A near miss wherever the program comes to it. */
interface Hint {
  readonly miss: ReportedMiss;
  readonly origins: readonly Origin[];
  /** The part of the model's cost that all of them would save. */
  readonly saves: number;
}

/** Reports the hints on a model. Those in files that are not the author's are placed at the call. */
export function reportHints(
  graph: ModelGraph,
  profile: Profile,
  options: OptimizeOptions,
  isForeign: (path: string) => boolean,
  reporter: Reporter,
): void {
  const { graph: optimized } = planOptimized(graph, profile, options);
  const refused = refusedSizes(graph, options.at ?? {});
  for (const { miss, origins, saves } of hintsIn(missesOf(graph, optimized, profile, options))) {
    const { node, partner, blocker } = miss;
    const span = ownPlace(origins[0]!, isForeign);
    const at = (text: string, origin: Origin | undefined): readonly Note[] =>
      origin === undefined ? [] : [{ text, span: origin.span }];
    const notes = [
      ...(span === origins[0]!.span ? [] : at(`\`${node.operator}\` is`, node.origin)),
      ...at(`\`${partner.operator}\` is`, partner.origin),
      ...(miss.miss.blocker === miss.miss.partner ? [] : at(`\`${blocker.operator}\` is between them`, blocker.origin)),
      { text: miss.obstacle },
      ...(refused === undefined
        ? []
        : [{ text: `costs are compared at sizes that the model refuses (${refused.message})` }]),
      ...origins.flatMap(({ calls }) =>
        calls.filter((call) => call !== span).map((call) => ({ text: "called", span: call })),
      ),
    ];
    const args = { model: graph.name, saving: percent(saves), operator: node.operator, partner: partner.operator };
    reporter.report("could-be-cheaper", span, args, { notes: distinct(notes), helps: [helpFor(miss)] });
  }
}

/** Groups near misses by their places in the text. Other axes would make another operator, which is no hint. */
function hintsIn(misses: readonly ReportedMiss[]): readonly Hint[] {
  const found = new Map<string, Hint>();
  for (const miss of misses) {
    const { origin } = miss.node;
    if (miss.miss.obstacle === "axes" || origin === undefined) continue;
    const key = [miss.node, miss.partner, miss.blocker]
      .map(({ operator, origin }) => `${operator} ${origin?.span.source.path} ${origin?.span.start}`)
      .join();
    const known = found.get(key) ?? { miss, origins: [], saves: 0 };
    found.set(key, { ...known, origins: [...known.origins, origin], saves: known.saves + miss.miss.saves });
  }
  return [...found.values()];
}

/** The innermost place on the way to an operator that the author can change. */
function ownPlace({ span, calls }: Origin, isForeign: (path: string) => boolean): Span {
  return [...calls, span].findLast(({ source }) => !isForeign(source.path)) ?? span;
}

function helpFor({ node, partner, blocker, miss }: ReportedMiss): string {
  const [after, written] = miss.blocker === miss.partner ? [partner, miss.partner] : [blocker, miss.blocker];
  const swap = isWithoutSpace(written, miss)
    ? `write \`${node.operator}\` first, then \`linear\` instead of \`${after.operator}\``
    : `write \`${node.operator}\` before \`${after.operator}\``;
  const change = miss.obstacle === "constant" ? `${withoutConstant(miss, node, blocker)}, or ${swap}` : swap;
  return `${change}, if such a model is as good for you: its results differ, and it must be trained`;
}

/** How to leave out the constant of the one of two operators that adds it. */
function withoutConstant({ node, blocker, inner }: NearMiss, own: Written, other: Written): string {
  const [adding, written] = inner.is === "affine" ? [blocker, other] : [node, own];
  // A batchnorm without a bias still subtracts a mean.
  const hasBias = adding.op.macs !== undefined && adding.attributes["bias"] === true;
  return hasBias ? `write \`bias: false\` in \`${written.operator}\`` : "leave out the constant";
}

/** Whether a convolution would have no axis to slide along after the operator that should come first. */
function isWithoutSpace({ op, attributes }: Node, { node }: NearMiss): boolean {
  if (op.name !== conv.name) return false;
  const { axis } = attributes as { readonly axis: readonly string[] };
  return !axis.some((name) => node.type.axes.has(name));
}

function distinct(notes: readonly Note[]): readonly Note[] {
  return notes.filter(({ text, span }, i) => notes.findIndex((one) => one.text === text && one.span === span) === i);
}

/** Never all of it. */
const percent = (part: number): string => `${Math.min(99, Math.round(part * 100))} %`;
