/** @file Compares what a body returns with what its header declares. */
import type { TensorType } from "../../ir/type.ts";
import type { Returned } from "../evaluate/body.ts";
import { report, sizeText, typeText, type Frame } from "../frame/frame.ts";
import { exampleNotes } from "../prove/obligations.ts";

/** Compares a body with its declaration: number of results, dtype, axes, sizes. */
export function checkResults(
  frame: Frame,
  declared: readonly (TensorType | undefined)[],
  found: readonly Returned[],
): void {
  const block = frame.signature.decl.name.text;
  if (declared.length !== found.length) {
    report(frame, "wrong-result-count", found.at(-1)!.expr.span, {
      what: `\`${block}\``,
      found: `${found.length} ${found.length === 1 ? "result" : "results"}`,
      expected: `${declared.length} ${declared.length === 1 ? "is" : "are"}`,
    });
    return;
  }
  for (const [i, type] of declared.entries()) {
    const { value, expr } = found[i]!;
    const place = frame.signature.results?.[i]?.type.span;
    // The label at the declaration.
    const labels = place === undefined ? [] : [{ span: place, text: "declared here" }];
    if (value === undefined || type === undefined) continue;
    const problem = difference(frame, type, value.type);
    if (problem === undefined) continue;
    const { notes } = problem;
    const [got, wanted] = [value.type, type];
    if (problem.dtype)
      report(frame, "dtype-mismatch", expr.span, {
        what: `the result of \`${block}\``,
        expected: wanted.dtype,
        found: got.dtype,
      });
    else
      report(
        frame,
        "result-mismatch",
        expr.span,
        { block, found: typeText(frame, got), expected: typeText(frame, wanted) },
        { labels, notes },
      );
  }
}

/** Describes how two types differ; undefined if they are equal under the facts. */
export function difference(
  frame: Frame,
  declared: TensorType,
  found: TensorType,
): { readonly dtype: boolean; readonly notes: readonly string[] } | undefined {
  if (declared.dtype !== found.dtype) return { dtype: true, notes: [] };
  const missing = [...declared.axes.keys()].filter((axis) => !found.axes.has(axis));
  const extra = [...found.axes.keys()].filter((axis) => !declared.axes.has(axis));
  const notes = [
    ...missing.map((axis) => `the returned tensor has no axis \`${axis}\``),
    ...extra.map((axis) => `axis \`${axis}\` is not declared`),
  ];
  for (const [axis, size] of declared.axes) {
    const other = found.axes.get(axis);
    if (other === undefined) continue;
    const { verdict, example } = frame.world.facts.decide({ op: "==", a: other, b: size });
    if (verdict === "yes") continue;
    const texts = `axis \`${axis}\` is ${sizeText(frame, other)}, but ${sizeText(frame, size)} is declared`;
    notes.push(texts, ...exampleNotes(example?.values.size === 0 ? undefined : example));
  }
  return notes.length === 0 ? undefined : { dtype: false, notes };
}
