/** @file Finds the `repeat` around a place, and says how to name its index. */
import type { Decl, Repeat } from "../../parser/ast.ts";
import { expressions } from "../../parser/walk.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";

/** Returns the innermost `repeat` of a body that contains the place. */
export function repeatAround(decl: Decl, { source, start, end }: Span): Repeat | undefined {
  const contains = ({ span }: Repeat) => span.source === source && span.start <= start && end <= span.end;
  let found: Repeat | undefined;
  for (const expr of expressions(decl.body)) if (expr.kind === "repeat" && contains(expr)) found = expr;
  return found;
}

/** What loops call their index. */
const indices = ["i", "j", "k", "idx", "index", "step", "layer_idx", "block_idx"];

/** If a name is an index of repetitions, says how to introduce it. */
export function indexHelp(decl: Decl, name: string, span: Span): Help[] {
  const repeat = indices.includes(name) ? repeatAround(decl, span) : undefined;
  if (repeat === undefined) return [];
  const { index, count } = repeat;
  if (index !== undefined)
    return [{ text: "the index of these repetitions is", code: index.text, edits: [{ span, text: index.text }] }];
  const edits = [{ span: { ...count.span, end: count.span.start }, text: `${name}: ` }];
  return [
    {
      text: "name the index of the repetitions, which counts from 0",
      code: `repeat(${name}: ${textOf(count.span)})`,
      edits,
    },
  ];
}
