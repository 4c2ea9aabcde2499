/** @file Source lines with their numbers, and marks and texts under parts of them. */
import { placeOf, position, type SourceFile, type Span } from "./source.ts";
import { printable, type Style } from "./terminal.ts";

/** A part of a line that is underlined, and what is said about it. */
export interface Mark {
  readonly span: Span;
  readonly text: string;
  /** What the diagnostic is about. */
  readonly primary: boolean;
}

/** No more of a long line than this is shown, in UTF-16 units. */
const maxWidth = 160;
/** How much of a cut line stands before the first mark. */
const lead = 40;
const tabWidth = 4;

interface Frames {
  readonly lines: readonly string[];
  /** Aligns what follows with the rule beside the source. */
  readonly indent: string;
}

/** The lines that bear marks: those of the primary mark's file first, then those of other files. */
export function renderFrames(
  primary: Mark,
  labels: readonly Mark[],
  style: Style,
  paint: (text: string) => string,
): Frames {
  const marks = [primary, ...labels];
  const files = [...new Set(marks.map(({ span }) => span.source))];
  const digits = Math.max(...marks.map((mark) => String(lineOf(mark)).length));
  const lines = files.flatMap((source) => {
    const inFile = marks.filter(({ span }) => span.source === source);
    const place = style.frame(`${" ".repeat(digits + 1)}┌─`);
    return [`${place} ${printable(placeOf(inFile[0]!.span))}`, ...renderFile(source, inFile, digits, style, paint)];
  });
  return { lines, indent: " ".repeat(digits + 1) };
}

function lineOf({ span }: Mark): number {
  return position(span.source, span.start).line;
}

function renderFile(
  source: SourceFile,
  marks: readonly Mark[],
  digits: number,
  style: Style,
  paint: (text: string) => string,
): string[] {
  const numbers = [...new Set(marks.map(lineOf))].sort((a, b) => a - b);
  return numbers.flatMap((number, i) => {
    const line = showLine(
      source,
      number,
      marks.filter((mark) => lineOf(mark) === number),
    );
    const empty = style.frame(`${" ".repeat(digits)} │`);
    const gap = i > 0 && numbers[i - 1]! < number - 1 ? [style.frame(`${" ".repeat(digits)} ┆`)] : [];
    return [
      ...gap,
      `${style.frame(`${String(number).padStart(digits)} │`)} ${line.text}`,
      ...renderMarks(line.marks, style, paint).map((row) => `${empty} ${row}`),
    ];
  });
}

/** A mark in columns of the terminal, from 0. */
interface Underline {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly primary: boolean;
}

/** A line as it is shown, cut around its first mark if it is long; of a mark that goes on in other lines, the part in this one. */
function showLine(source: SourceFile, number: number, marks: readonly Mark[]): { text: string; marks: Underline[] } {
  const start = source.lines[number - 1]!;
  const end = source.lines[number] ?? source.text.length;
  const whole = source.text.slice(start, end).replace(/\r?\n$/, "");
  const first = Math.min(...marks.map(({ span }) => span.start - start));
  const cut = Math.max(0, Math.min(first - lead, whole.length - maxWidth));
  const shown = whole.slice(cut, cut + maxWidth);
  const columns: number[] = [];
  let text = "";
  for (let i = 0; i < shown.length; i++) {
    columns.push(text.length);
    const hidden = (i === 0 && cut > 0) || (i === maxWidth - 1 && cut + maxWidth < whole.length);
    if (hidden) text += "…";
    else if (shown[i] === "\t") text += " ".repeat(tabWidth - (text.length % tabWidth));
    // A byte order mark takes no room.
    else if (shown[i] !== "\uFEFF") text += printable(shown[i]!);
  }
  const column = (offset: number): number => columns[Math.max(0, offset - start - cut)] ?? text.length;
  return {
    text,
    marks: marks.map(({ span, text, primary }) => {
      const from = column(span.start);
      return { from, to: Math.max(from + 1, column(span.end)), text, primary };
    }),
  };
}

/**
 * The rows below a line: underlines, the text of the label that ends them beside, and those of the others below their labels, on as
 * few rows as they do not collide on.
 */
function renderMarks(marks: readonly Underline[], style: Style, paint: (text: string) => string): string[] {
  const primary = marks.filter((mark) => mark.primary);
  const labels = marks.filter((mark) => !mark.primary).sort((a, b) => b.from - a.from || b.to - a.to);
  const cells = new Array<string>(Math.max(...marks.map(({ to }) => to))).fill(" ");
  for (const { from, to } of labels) cells.fill("─", from, to);
  for (const { from, to } of primary) {
    // What is said about a part of the primary place stays to be seen.
    for (let i = from; i < to; i++) if (cells[i] === " " || labels.every((l) => !inside(l, from, to))) cells[i] = "^";
  }
  const said = labels.filter(({ text }) => text !== "");
  // Beside the row stands the text of what ends it; beside another mark it would be read as that one's.
  const beside = said.find(({ to }) => to === cells.length);
  const below = said.filter((label) => label !== beside);
  const rows: { text: string; from: number }[] = [];
  for (const { from, text } of below) {
    const free = rows.find((row) => from + text.length + 2 <= row.from);
    if (free === undefined) rows.push({ from, text: " ".repeat(from) + style.label(text) });
    else {
      const rest = free.text.slice(free.from);
      free.text = `${" ".repeat(from)}${style.label(text)}${" ".repeat(free.from - from - text.length)}${rest}`;
      free.from = from;
    }
  }
  const underlines = cells.join("").replace(/\^+/g, paint).replace(/─+/g, style.label);
  const first = underlines + (beside === undefined ? "" : `  ${style.label(beside.text)}`);
  return [first, ...rows.map((row) => row.text)];
}

/** Whether a label is a smaller part of a range. */
function inside(label: Underline, from: number, to: number): boolean {
  return label.from >= from && label.to <= to && label.to - label.from < to - from;
}
