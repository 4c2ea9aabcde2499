/** @file Pipeline stages: how `|>` passes its tensor on, `repeat`, and piped `match` and `if`. */
import type { Call, CallStage, Expr, Stage } from "../../parser/ast.ts";
import { textOf } from "../../source/source.ts";
import { report, typeText, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { callLimit } from "./apply.ts";
import { evaluateCall } from "./call.ts";
import { decideCondition, inBranch } from "./conditions.ts";
import { claimNumbers } from "./numbered.ts";
import { sizeOf } from "./sizes.ts";

export function applyStage(frame: Frame, stage: Stage, input: Val, results: number): Val {
  if (stage.kind !== "stage") return applyChain(frame, stage, [input], results);
  return stage.repeat === undefined
    ? evaluateCall(frame, stage.call, [input], results)
    : repeat(frame, stage, stage.repeat.count, input);
}

/** Applies a chain of stages: an arm of a piped `match` to its tensor, or a layer to all that it is called with. */
export function applyChain(frame: Frame, chain: Expr, inputs: readonly Val[], results: number): Val {
  switch (chain.kind) {
    case "call":
      return evaluateCall(frame, chain, inputs, results);
    case "pipeline":
      return chain.stages.reduce<Val>(
        (input, stage, i) => applyStage(frame, stage, input, i === chain.stages.length - 1 ? results : 1),
        applyChain(frame, chain.head, inputs, 1),
      );
    case "match":
      return inBranch(frame, chain, (arm) => applyChain(frame, arm, inputs, results)) ?? unknown;
    case "if": {
      const decided = decideCondition(frame, chain.condition);
      return decided === undefined ? unknown : applyChain(frame, decided ? chain.then : chain.else, inputs, results);
    }
    default:
      report(frame, "not-a-stage", chain.span, { found: `\`${textOf(chain.span)}\`` });
      return unknown;
  }
}

/** Repeats a stage. Copies are labelled `.0, .1, …`, or count up from a label whose last part is a number. */
function repeat(frame: Frame, stage: CallStage, countExpr: Expr, input: Val): Val {
  const { sizes } = frame.context;
  const count = sizeOf(frame, countExpr);
  if (count === undefined) return unknown;
  requireBuildTime(frame, count, { kind: "repeat" }, countExpr.span);
  const label = frame.context.labels(frame).get(stage.call);
  const path = [...frame.scope, copyLabel(label ?? "", 0)].join(".");
  if (label !== undefined && !claimNumbers(frame, path, stage.call, count)) return unknown;
  const known = sizes.constant(frame.world.facts.apply(count));
  if (known !== undefined && known < 0n) {
    report(frame, "repeat-count", countExpr.span, { count: String(known) });
    return unknown;
  }
  if (known === undefined) {
    requireAtLeast(frame, count, sizes.int(0), { span: countExpr.span, what: "the number of repetitions" });
    return repeatSymbolic(frame, stage.call, input);
  }
  if (known > callLimit) {
    report(frame, "too-large", countExpr.span, { what: `${known} repetitions, more than 20,000` });
    return unknown;
  }
  let output = input;
  for (let copy = 0n; copy < known && output.kind !== "unknown"; copy++)
    output = evaluateCall(frame, stage.call, [output], 1, Number(copy));
  return output;
}

/** Checks one repetition on behalf of all, which requires that the shape stays the same. */
function repeatSymbolic(frame: Frame, call: Call, input: Val): Val {
  const output = evaluateCall(frame, call, [input], 1, 0);
  if (input.kind !== "tensor" || output.kind !== "tensor") return output.kind === "unknown" ? unknown : output;
  const { facts } = frame.world;
  const from = input.value.type;
  const to = output.value.type;
  const same =
    from.dtype === to.dtype &&
    from.axes.size === to.axes.size &&
    [...from.axes].every(([axis, size]) => {
      const other = to.axes.get(axis);
      return other !== undefined && facts.decide({ op: "==", a: size, b: other }).verdict === "yes";
    });
  if (same) return output;
  const args = { callee: call.callee.text, from: typeText(frame, from), to: typeText(frame, to) };
  const helps = ["change the shape once before the `repeat`, or repeat a fixed number of times"];
  report(frame, "repeat-changes-shape", call.callee.span, args, { helps });
  return unknown;
}

/** Returns the label of a copy. */
export function copyLabel(label: string, copy: number | undefined): string {
  if (copy === undefined) return label;
  const parts = label.split(".");
  const last = parts.at(-1)!;
  if (!/^\d+$/.test(last)) return [label, String(copy)].filter((part) => part !== "").join(".");
  return [...parts.slice(0, -1), String(Number(last) + copy)].join(".");
}
