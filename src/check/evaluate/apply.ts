/** @file Applies an operator at a call site: obligations, weight paths, origins. */
import type { Node, Weight } from "../../ir/graph.ts";
import type { Operator } from "../../ir/operator.ts";
import { printType } from "../../ir/type.ts";
import type { Call, WeightStmt } from "../../parser/ast.ts";
import { bytesText } from "../../source/bytes-text.ts";
import type { Span } from "../../source/source.ts";
import { biggestFactors, bytesOf, formulaOf, smallerHelps } from "../advice/weight-size.ts";
import { addOrigin, report, type Frame } from "../frame/frame.ts";
import type { Site } from "../frame/site.ts";
import { unknown, type Val } from "../frame/values.ts";
import type { Owner } from "../frame/world.ts";
import { requireBuildTime } from "../prove/obligations.ts";
import { obligationsAt } from "../prove/operator-obligations.ts";

/** The most calls of operators and blocks in one world of a block, or in one model. */
export const callLimit = 20_000;
/** What a call costs of the budget that bounds all worlds of a block together. */
const stepsOfCall = 5;

/** Counts a call; returns false if there are too many, which is then reported once. */
export function countCall(frame: Frame, span: Span): boolean {
  frame.context.sizes.pool.spend(stepsOfCall);
  const count = ++frame.world.calls;
  if (count === callLimit + 1)
    report(frame, "too-large", span, { what: "the model makes more than 20,000 calls of operators and blocks" });
  return count <= callLimit;
}

/** Returns the result of an operator whose attributes have been read. `path` is where its weights live. */
export function applyOperator(
  site: Site,
  op: Operator,
  attributes: Readonly<Record<string, unknown>>,
  path: string,
  call?: Call,
): Val {
  const { frame } = site;
  const { builder } = frame.context;
  if (!countCall(frame, site.span)) return unknown;
  const inputs = site.inputs.map((input) => input.value);
  const before = frame.world.reporter.errors;
  const node = builder.node(op, inputs, attributes, obligationsAt(site, op.attributes), path);
  // An invalid operator has been reported already.
  if (node === undefined || frame.world.reporter.errors > before) return unknown;
  addOrigin(frame, node, site.whole);
  if (call !== undefined && !ownWeights(frame, node, call)) return unknown;
  if (node.types.length === 1) return { kind: "tensor", value: node };
  return { kind: "tensors", values: node.types.map((_, i) => builder.pick(node, i)), names: [] };
}

/** Claims the paths of an operator's weights. Each has one owner and one shape, known at build time. */
function ownWeights(frame: Frame, node: Node, call: Call): boolean {
  const own = Object.values(node.weights).filter((value) => value.kind === "weight");
  return own.every((weight) => claim(frame, weight, call));
}

/** Claims the path of a block or of a callee's weight; returns false if another call owns it. */
export function claimPath(frame: Frame, path: string, call: Call): boolean {
  const owner = frame.world.owners.get(path);
  if (owner === undefined) frame.world.owners.set(path, { site: call, shape: "", use: layerFrame(frame)?.use });
  return (
    owner === undefined ||
    owner.site === call ||
    taken(frame, path, owner.site.span, call.label?.span ?? call.callee.span, call)
  );
}

function taken(frame: Frame, path: string, owner: Span, span: Span, site: Call | WeightStmt): false {
  const labels = owner.source === span.source ? [{ span: owner, text: "here" }] : [];
  const helps =
    site.kind === "call" && site.label === undefined
      ? [{ text: "label one of the two", code: `${site.callee.text}(…) @name` }]
      : [];
  report(frame, "duplicate-weight-path", span, { path }, { labels, helps });
  return false;
}

/** No TensorFlow.js backend can hold a larger tensor. */
const weightLimit = 2n ** 31n;

function warnOfSize(frame: Frame, weight: Weight, span: Span): void {
  const { sizes } = frame.context;
  const bytes = bytesOf(sizes, weight);
  if (bytes === undefined || bytes <= weightLimit) return;
  const what = `weight \`${weight.path}\``;
  const args = { what, bytes: bytesText(bytes), formula: formulaOf(sizes, weight) };
  report(frame, "weight-too-large", span, args, {
    severity: "warning",
    notes: [biggestFactors(sizes, weight)],
    helps: smallerHelps,
  });
}

/** Returns the outermost frame, up the chain of callers, in which a layer is used. */
function layerFrame(frame: Frame): Frame | undefined {
  let found: Frame | undefined;
  for (let at: Frame | undefined = frame; at !== undefined; at = at.caller?.frame) if (at.use !== undefined) found = at;
  return found;
}

/** Claims a weight's path. Returns false if another place owns it, or the same place with another shape. */
export function claim(frame: Frame, weight: Weight, site: Call | WeightStmt): boolean {
  const { path } = weight;
  const { owners, weights } = frame.world;
  for (const size of weight.type.axes.values()) requireBuildTime(frame, size, { kind: "weight", path }, site.span);
  const shape = printType(frame.context.sizes, weight.type);
  const owner = owners.get(path);
  if (owner === undefined) {
    owners.set(path, { site, shape, use: layerFrame(frame)?.use });
    weights.push({ weight, always: true });
    addOrigin(frame, weight, site.span);
    warnOfSize(frame, weight, site.kind === "call" ? site.callee.span : site.name.span);
    return true;
  }
  const span = site.kind === "call" ? (site.label?.span ?? site.callee.span) : site.name.span;
  if (owner.site !== site) return taken(frame, path, owner.site.span, span, site);
  return owner.shape === shape || mismatch(frame, path, shape, owner.shape, owner, span);
}

/** Reports a use of a layer, at `span` if it is in none, that needs another shape of a weight than an earlier use. */
export function mismatch(
  frame: Frame,
  path: string,
  found: string,
  expected: string,
  owner: Owner | undefined,
  span: Span,
): false {
  const user = layerFrame(frame) ?? frame;
  const layer = user.scope.at(-1) ?? path;
  const { use = span } = user;
  const labels = owner?.use?.source === use.source ? [{ span: owner.use, text: "first used here" }] : [];
  report(user, "shared-layer-mismatch", use, { layer, path, found, expected }, { labels });
  return false;
}
