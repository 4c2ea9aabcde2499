/** @file Finds the `repeat` around a place, and says what it cannot do. */
import type { CallStage, Decl } from "../../parser/ast.ts";
import { expressions } from "../../parser/walk.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Span } from "../../source/source.ts";

/** A stage with a `repeat`. */
type Repeated = CallStage & { readonly repeat: NonNullable<CallStage["repeat"]> };

/** Returns the innermost repeated stage of a body that contains the place. */
export function repeatAround(decl: Decl, { source, start, end }: Span): Repeated | undefined {
  const contains = ({ span }: CallStage) => span.source === source && span.start <= start && end <= span.end;
  let found: Repeated | undefined;
  for (const expr of expressions(decl.body))
    if (expr.kind === "pipeline")
      for (const stage of expr.stages)
        if (stage.kind === "stage" && isRepeated(stage) && contains(stage)) found = stage;
  return found;
}

function isRepeated(stage: CallStage): stage is Repeated {
  return stage.repeat !== undefined;
}

/** What loops call their index. */
const indices = ["i", "j", "k", "idx", "index", "step", "layer_idx", "block_idx"];

/** If a name is an index of repetitions, says how to write the repetition that differs. */
export function indexHelp(decl: Decl, name: string, span: Span): Help[] {
  const stage = indices.includes(name) ? repeatAround(decl, span) : undefined;
  if (stage === undefined) return [];
  const { callee, label } = stage.call;
  const { count } = stage.repeat;
  const equal = (count.kind === "number" && count.value > 1 ? count.value : 3) - 1;
  const one = (number: string) => `${callee.text}(…)${label === undefined ? "" : ` @${label.text}${number}`}`;
  const code = `repeat(${equal}) ${one("")} |> ${one(`.${equal}`)}`;
  return [{ text: "all repetitions are equal: write the one that differs by itself", code }];
}
