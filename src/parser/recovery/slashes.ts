/** @file Reports `//`, which is neither an operator nor a comment here: what it means depends on what is around it. */
import type { IToken } from "chevrotain";
import type { Edit, Help } from "../../source/diagnostic.ts";
import type { SourceFile } from "../../source/source.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, spanAt, type Mistake } from "../mistake.ts";
import { endsOperand, isA, type Stream } from "./heads.ts";

/** The code before a `//`. */
interface Before extends Stream {
  /** Whether the code before it mentions a name. */
  mentions(name: string): boolean;
}

/**
 * Returns the mistake if arithmetic follows a `//`, as in `c // 2`; undefined if it begins a comment. `text` is the rest of
 * the line. The fix rounds down, as in Python. A single word that the code does not mention may be a comment too, so then
 * there is no fix.
 */
export function floorDivision(before: Before, offset: number, text: string): Mistake | undefined {
  const { source, tokens } = before;
  const last = tokens.at(-1);
  if (last === undefined || !endsOperand(last) || isA(last, t.Label, t.RCurly)) return undefined;
  if (source.text.slice(last.startOffset + last.image.length, offset).includes("\n")) return undefined;
  const [operands = ""] = /^(?:(?!\/\/|\b(?:and|or)\b)[^,)\]{}<>=!|#])*/.exec(text) ?? [];
  if (!isArithmetic(operands)) return undefined;

  const names = operands.match(/(?<![\w.])[A-Za-z_]\w*/g) ?? [];
  const isKnown = names.every((name) => functions.has(name) || before.mentions(name));
  const [, divisor] = /^\s*(\w[\w.]*(?:\([^()]*\))?|\([^()]*\))/.exec(text) ?? [];
  const start = startOfTerm(tokens);
  const term = start === undefined ? undefined : source.text.slice(start, offset).trimEnd();
  // In `x |> relu // 2`, a stage is not a number.
  if (
    start !== undefined &&
    isA(
      tokens.findLast(({ startOffset }) => startOffset < start),
      t.Pipe,
    )
  )
    return mistake(
      "floor-division",
      spanAt(source, offset, "//".length),
      {},
      {
        helps: [
          { text: "if it is a comment, write", code: `# ${text.trim()}` },
          {
            text: "to divide the result of a pipeline, write",
            code: `y = … |> ${term ?? "…"}\nfloor(y / ${divisor ?? "…"})`,
          },
        ],
      },
    );
  // In `a // b // c`, the next round of fixes mends the second one.
  const isFixable = isKnown && term?.includes("//") === false;
  const dividend = term ?? "…";
  const round = `floor(${dividend} / ${divisor ?? "…"})`;
  const edits: Edit[] = [];
  if (isFixable && start !== undefined && divisor !== undefined) {
    const end = offset + "//".length + text.indexOf(divisor) + divisor.length;
    edits.push({ span: { source, start, end }, text: round });
  }
  const helps: Help[] = [
    { text: "to round down, as in Python, write", code: round, ...(edits.length > 0 && { edits }) },
    isKnown
      ? { text: "to divide exactly, write", code: `${dividend} / ${divisor ?? "…"}` }
      : { text: "if it is a comment, write", code: `# ${text.trim()}` },
  ];
  return mistake("floor-division", spanAt(source, offset, "//".length), {}, { helps });
}

/** Reports all comments of a file that begin with `//`, at the first one. */
export function slashComments(source: SourceFile, offsets: readonly number[]): Mistake[] {
  const [first] = offsets;
  if (first === undefined) return [];
  const edits = offsets.map((start) => {
    const mark = slashesOf(source.text, start);
    return { span: spanAt(source, start, mark.length), text: markFor(mark) };
  });
  const rest = offsets.length - 1;
  const notes = rest === 0 ? [] : [`so do ${rest} more comment${rest === 1 ? "" : "s"} in this file`];
  const help = { text: "write", code: edits[0]!.text, edits };
  return [mistake("slash-comment", edits[0]!.span, {}, { helps: [help], notes })];
}

/** Returns the slashes at a place. */
export function slashesOf(text: string, start = 0): string {
  let end = start;
  while (text[end] === "/") end++;
  return text.slice(start, end);
}

/** Returns the mark of a comment that begins with these slashes: `#` for `//`, `##` for `///`. */
export function markFor(slashes: string): string {
  return "#".repeat(slashes.length - 1);
}

const functions: ReadonlySet<string> = new Set(["floor", "ceil", "min", "max"]);

/** Whether operands and operators alternate as in `r`, `2 * k` or `max(a`. Brackets need not be closed. */
function isArithmetic(text: string): boolean {
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

/** The most tokens of a dividend. More would not fit into a message. */
const longest = 60;

/** Returns the offset of the term that Python's `//` would divide: in `a + 2 * c // r`, of `2 * c`. */
function startOfTerm(tokens: readonly IToken[]): number | undefined {
  let i = tokens.length;
  do {
    i = startOfOperand(tokens, i - 1);
    if (i < 0 || tokens.length - i > longest) return undefined;
    i--;
  } while (["*", "/", "//", "%"].includes(tokens[i]?.image ?? ""));
  const isNegative = isA(tokens[i], t.Minus) && !endsOperand(tokens[i - 1]);
  return tokens[isNegative ? i : i + 1]?.startOffset;
}

/** Returns the index of the first token of the operand that ends at `i`: `c`, `x.c`, `(c + 1)` or `max(a, b)`; or -1. */
function startOfOperand(tokens: readonly IToken[], i: number): number {
  let at = i;
  if (isA(tokens[at], t.RParen)) {
    for (let depth = 0; at >= 0 && i - at <= longest; at--) {
      if (isA(tokens[at], t.RParen)) depth++;
      else if (isA(tokens[at], t.LParen) && --depth === 0) break;
    }
    if (!isA(tokens[at], t.LParen)) return -1;
    return isA(tokens[at - 1], t.Identifier) ? at - 1 : at;
  }
  if (!isA(tokens[at], t.Identifier, t.NumberLiteral)) return -1;
  while (isA(tokens[at - 1], t.Dot) && isA(tokens[at - 2], t.Identifier)) at -= 2;
  return at;
}
