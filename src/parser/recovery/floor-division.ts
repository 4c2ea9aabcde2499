/** @file Comments that were meant as floor divisions: what they look like, and the error where one hides code. */
import type { SourceFile } from "../../source/source.ts";
import { mistake, spanAt, type Mistake } from "../mistake.ts";

/** Whether operands and operators alternate as in `r`, `2 * k` or `max(a`. Brackets need not be closed. */
export function isArithmetic(text: string): boolean {
  let complete = false;
  for (const part of text.match(/\w+(?:\.\w+)*|\S/g) ?? []) {
    if (complete) {
      if (!/^[-+*/%(]$/.test(part)) return false;
      complete = false;
    } else if (/^(?:[A-Za-z_][\w.]*|\d+(?:\.\d+)?)$/.test(part)) complete = true;
    else if (part !== "-" && part !== "(") return false;
  }
  return complete;
}

/** Reports the `//` of a comment that was meant as a floor division. */
export function floorDivision(source: SourceFile, offset: number, notes: readonly string[] = []): Mistake {
  const span = spanAt(source, offset, 2);
  const helps = [
    { text: "to divide exactly", code: "a / b", edits: [{ span, text: "/" }] },
    { text: "or to round down", code: "floor(a / b)" },
  ];
  return mistake("floor-division-comment", span, {}, { helps, notes });
}
