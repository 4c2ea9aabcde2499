/** @file Pipeline stages: how `|>` passes its tensors on, and chains of stages in layers, arms and repetitions. */
import type { Expr, Stage } from "../../parser/ast.ts";
import { textOf } from "../../source/source.ts";
import { report, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import { evaluateCall } from "./call.ts";
import { decideCondition, inBranch } from "./conditions.ts";
import { repeat } from "./repeat.ts";

/** What goes into a stage. */
export interface Flow {
  readonly vals: readonly Val[];
  /** Whether several tensors began the pipeline. Then each stage takes all results of the one before. */
  readonly several: boolean;
}

/** Returns what goes into the next stage. */
export function flowOf(val: Val, several: boolean): Flow {
  if (!several || val.kind !== "tensors") return { vals: [val], several };
  const vals = val.values.map((value): Val => (value === undefined ? unknown : { kind: "tensor", value }));
  return { vals, several };
}

/** Applies stages one after the other. Those before the last have as many results as there are tensors. */
export function applyStages(frame: Frame, stages: readonly Stage[], first: Flow, results: number): Val {
  let val = unknown;
  let input = first;
  for (const [i, stage] of stages.entries()) {
    val = applyChain(frame, stage, input, i === stages.length - 1 ? results : input.vals.length);
    input = flowOf(val, first.several);
  }
  return val;
}

/** Applies a chain of stages: an arm of a piped `match` to its tensor, or a layer to all that it is called with. */
export function applyChain(frame: Frame, chain: Expr, input: Flow, results: number): Val {
  switch (chain.kind) {
    case "call":
      return evaluateCall(frame, chain, input.vals, results);
    case "repeat":
      return repeat(frame, chain, input, results);
    case "pipeline": {
      const head = applyChain(frame, chain.head, input, input.vals.length);
      return applyStages(frame, chain.stages, flowOf(head, input.several), results);
    }
    case "match":
      return inBranch(frame, chain, (arm) => applyChain(frame, arm, input, results)) ?? unknown;
    case "if": {
      const decided = decideCondition(frame, chain.condition);
      return decided === undefined ? unknown : applyChain(frame, decided ? chain.then : chain.else, input, results);
    }
    default:
      report(frame, "not-a-stage", chain.span, { found: `\`${textOf(chain.span)}\`` });
      return unknown;
  }
}
