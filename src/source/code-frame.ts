/** @file Renders numbered source lines with underlines and labels. */
import { placeOf, position, type SourceFile, type Span } from "./source.ts";
import { printable, type Style } from "./terminal.ts";

/** An underlined span and its label. */
export interface Mark {
  readonly span: Span;
  readonly text: string;
  /** Whether this is the subject of the diagnostic. */
  readonly primary: boolean;
}

/** The maximum length shown of a long line, in UTF-16 units. */
const maxWidth = 160;
/** How much of a cut line is shown before the first mark. */
const lead = 40;
const tabWidth = 4;

interface Frames {
  readonly lines: readonly string[];
  /** Aligns the lines that follow with the vertical rule. */
  readonly indent: string;
}

/** Renders the marked lines: first those in the primary mark's file, then those in other files. */
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

/** A mark in terminal columns, counted from 0. */
interface Underline {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly primary: boolean;
}

/** Returns a line as displayed: cut around its first mark if it is long. A mark that spans lines is cut to this one. */
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
    // A byte order mark has no width.
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
 * Returns the rows below a line. The first has the underlines, then the text of the label at their end. Other texts go below
 * their underlines, on as few rows as possible without overlap.
 */
function renderMarks(marks: readonly Underline[], style: Style, paint: (text: string) => string): string[] {
  const primary = marks.filter((mark) => mark.primary);
  const labels = marks.filter((mark) => !mark.primary).sort((a, b) => b.from - a.from || b.to - a.to);
  const cells = new Array<string>(Math.max(...marks.map(({ to }) => to))).fill(" ");
  for (const { from, to } of labels) cells.fill("─", from, to);
  for (const { from, to } of primary) {
    // A label inside the primary span stays visible.
    for (let i = from; i < to; i++) if (cells[i] === " " || labels.every((l) => !inside(l, from, to))) cells[i] = "^";
  }
  const said = labels.filter(({ text }) => text !== "");
  // Only the label that ends the row has its text on it: next to another mark, the text would seem to belong to that mark.
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

/** Whether a label covers a proper part of a range. */
function inside(label: Underline, from: number, to: number): boolean {
  return label.from >= from && label.to <= to && label.to - label.from < to - from;
}
