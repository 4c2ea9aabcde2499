/** @file The weights of a block: their sizes are formulas over its signature, and which there are depends on the variant. */
import { runBody } from "../check/body.ts";
import type { CallStrategy } from "../check/frame.ts";
import type { Block } from "../check/modules.ts";
import { openFrame, signatureVariables, symbolic } from "../check/open.ts";
import type { Program } from "../check/program.ts";
import { worldLimit } from "../check/summary.ts";
import { unknown } from "../check/values.ts";
import { Fork, opposite, type Assumption } from "../check/world.ts";
import type { Initializer } from "../ir/attribute.ts";
import type { Weight } from "../ir/graph.ts";
import { printType } from "../ir/type.ts";

export interface BlockWeights {
  /** Variants of the block, those of the blocks that it calls included. */
  readonly variants: number;
  /** What each variant has, in order of evaluation; a path may have several shapes. */
  readonly weights: ReadonlyMap<Weight, number>;
}

/** Visits all variants of a block that passed the check, with the blocks that it calls inlined; counts who has which weight. */
export function weightsOf(program: Program, block: Block): BlockWeights {
  const { context } = program;
  const variables = signatureVariables(context, context.signature(block));
  const weights = new Map<Weight, number>();
  let variants = 0;
  for (const choices of choicesOf(program, block)) {
    const open: (readonly Assumption[])[] = [[]];
    for (let assumptions = open.pop(); assumptions !== undefined; assumptions = open.pop()) {
      const parameter = symbolic(context, variables, choices);
      const opened = openFrame(context, { block, choices, assumptions, strategy: inlining, variables, parameter });
      if (opened === undefined || variants === worldLimit) continue;
      try {
        runBody(opened.frame);
        variants++;
        for (const weight of opened.frame.world.weights) weights.set(weight, (weights.get(weight) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof Fork)) throw error;
        const { op, a, b } = error.condition;
        open.push([...assumptions, { op: opposite[op], a, b }], [...assumptions, error.condition]);
      }
    }
  }
  return { variants, weights };
}

/** A row for each path with each shape: path, axes, initialiser, and which variants have it. */
export function weightRows(program: Program, block: Block): string[][] {
  const { variants, weights } = weightsOf(program, block);
  const counts = new Map<string, { row: string[]; count: number }>();
  for (const [{ path, type, init }, count] of weights) {
    const row = [path, printType(program.context.sizes, type), initText(init)];
    const key = row.join("|");
    counts.set(key, { row, count: (counts.get(key)?.count ?? 0) + count });
  }
  return [...counts.values()].map(({ row, count }) => [...row, count === variants ? "all" : `${count} of ${variants}`]);
}

/** `kaiming`, `normal(0.02)`, `0` */
export function initText(init: Initializer): string {
  if (init.kind === "constant") return String(init.value);
  return "value" in init ? `${init.kind}(${init.value})` : init.kind;
}

/** What is required was found by the check. */
const inlining: CallStrategy = {
  call: (_, { frame, signature }) => {
    const values = runBody(frame)?.map(({ value }) => value);
    if (values === undefined) return unknown;
    const [first] = values;
    if (values.length === 1) return first === undefined ? unknown : { kind: "tensor", value: first };
    return { kind: "tensors", values, names: signature.results?.map(({ name }) => name) ?? [] };
  },
  open: () => undefined,
};

function choicesOf(program: Program, block: Block): ReadonlyMap<string, string>[] {
  const all = program.worlds(block).map(({ choices }) => [JSON.stringify([...choices]), choices] as const);
  return [...new Map(all).values()];
}
