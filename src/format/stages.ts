/** @file Prints pipelines, and `match` and `if`, which may be stages. */
import type { Doc } from "prettier";
import { builders, utils } from "prettier/doc";
import type { Expr, If, Match, Pipeline, Repeat, Stage } from "../parser/ast.ts";
import { expressionItem, printCall, printChoices, printExpression, printLabel, printName } from "./expressions.ts";
import { braced, bracketed, branch, curly, inBrackets, item, parentheses } from "./lists.ts";
import * as places from "./parentheses.ts";
import type { Trivia } from "./trivia.ts";

const { conditionalGroup, group, ifBreak, indent, line } = builders;

/** A stage with its `|>` and the comments before it, both at the end of the line above and on lines of their own. */
interface Piped {
  /** Whether it was written on a new line. */
  readonly beginsLine: boolean;
  readonly above: Doc;
  readonly comments: Doc;
  readonly doc: Doc;
}

/**
 * Prints a pipeline on one line if it fits. Otherwise the author's line breaks are kept, because stages on one line may belong
 * together. Stages that were all written on one line, or whose line is too long, get a line each.
 */
export function printPipeline(trivia: Trivia, { head, stages }: Pipeline, tall: boolean): Doc {
  const first = printExpression(trivia, head, { ...places.operand(places.level.or), tall });
  const piped: Piped[] = [];
  let { end } = head.span;
  for (const stage of stages) {
    const pipe = trivia.tokenAt(end);
    const beginsLine = trivia.breaksBetween(end, pipe);
    const [above, comments] = [trivia.trailing(pipe), trivia.before(pipe)];
    piped.push({ beginsLine, above, comments, doc: ["|> ", printStage(trivia, stage, tall)] });
    end = stage.span.end;
  }
  const broken = [first, indent(rowsOf(piped).map(printRow))];
  const last = piped.at(-1)!;
  if (!tall || stages.at(-1)!.kind !== "match") return group(broken);

  // `x |> f |> match by {` goes on one line, with the arms below, if everything before the brace fits.
  const before = [first, ...piped.slice(0, -1).map(inRow), last.above, " ", last.comments];
  return utils.willBreak(before) ? group(broken) : conditionalGroup([[...before, last.doc], broken]);
}

function rowsOf(piped: readonly Piped[]): Piped[][] {
  const isOneLine = !piped.some(({ beginsLine }) => beginsLine);
  const rows: Piped[][] = [];
  for (const stage of piped) {
    if (isOneLine || stage.beginsLine || rows.length === 0) rows.push([stage]);
    else rows.at(-1)!.push(stage);
  }
  return rows;
}

function printRow([first, ...others]: Piped[]): Doc {
  const { above, comments, doc } = first!;
  return [above, line, comments, group([doc, ...others.map(inRow)])];
}

function inRow({ above, comments, doc }: Piped): Doc {
  return [above, line, comments, doc];
}

function printStage(trivia: Trivia, stage: Stage, tall: boolean): Doc {
  const comments = trivia.within(stage.span.start);
  if (stage.kind === "match") return [comments, printMatch(trivia, stage, tall)];
  if (stage.kind === "if") return [comments, printIf(trivia, stage, tall)];
  return [comments, stage.kind === "call" ? printCall(trivia, stage) : printRepeat(trivia, stage)];
}

/** Prints `repeat(i: n) B`, or `repeat(n) (A |> B) @label`. */
export function printRepeat(trivia: Trivia, { index, count, step, label }: Repeat): Doc {
  const start = index === undefined ? trivia.firstIn(count.span) : index.span.start;
  const times = item({ start, end: count.span.end }, () => [
    index === undefined ? "" : [printName(trivia, index), ": "],
    printExpression(trivia, count, places.size),
  ]);
  return [
    "repeat",
    bracketed(trivia, parentheses, [times], trivia.tokenAt(count.span.end)),
    " ",
    printExpression(trivia, step, step.kind === "call" && label === undefined ? places.anything : places.group),
    label === undefined ? "" : printLabel(trivia, label),
  ];
}

/** Prints one arm per line, with aligned arrows. In brackets and as an operand, the `match` is on one line if it fits. */
export function printMatch(trivia: Trivia, { subject, arms }: Match, tall: boolean): Doc {
  const head = ["match ", printExpression(trivia, subject, places.condition), " "];
  const widths = arms.map(({ choices }) => choices.map(({ text }) => text).join(" | ").length);
  const widest = Math.max(...widths);
  const items = arms.map(({ choices, value, span }, i) =>
    item(span, () => [
      printChoices(trivia, choices),
      ifBreak(" ".repeat(widest - widths[i]!)),
      " => ",
      printExpression(trivia, value, tall ? places.statement : places.anything),
    ]),
  );
  const last = arms.at(-1);
  const end =
    last === undefined ? trivia.tokenAt(trivia.tokenAt(subject.span.end) + 1) : trivia.closingAfter(last.span.end);
  const body = tall ? group(braced(trivia, items, end), { shouldBreak: true }) : bracketed(trivia, curly, items, end);
  return [...head, body];
}

/** Prints an `if` on one line if it fits, else with each branch on lines of its own. */
export function printIf(trivia: Trivia, expr: If, tall: boolean): Doc {
  return group(printBranches(trivia, expr, tall));
}

function printBranches(trivia: Trivia, { condition, then, else: otherwise }: If, tall: boolean): Doc {
  const place = tall ? places.statement : places.anything;
  const print = (value: Expr): Doc => {
    const end = trivia.tokenAt(value.span.end);
    return inBrackets(trivia, branch, [expressionItem(trivia, value, place)], end);
  };
  const first = ["if ", printExpression(trivia, condition, places.condition), " ", print(then), " else "];
  const word = trivia.tokenAt(trivia.tokenAt(then.span.end) + "}".length);
  if (otherwise.kind !== "if" || trivia.isBrace(word + "else".length)) return [...first, print(otherwise)];
  return [...first, trivia.within(otherwise.span.start), printBranches(trivia, otherwise, tall)];
}
