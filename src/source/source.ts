/** @file Source files, and spans and positions in them. Imports nothing. */

export interface SourceFile {
  /** The name a user would use: a path relative to the working directory, or a library module such as `fuse/attention`. */
  readonly path: string;
  readonly text: string;
  /** The offset of the first character of each line. */
  readonly lines: readonly number[];
}

/** A half-open range of UTF-16 offsets in one file. */
export interface Span {
  readonly source: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** A line and column, both counted from 1. Columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function sourceFile(path: string, text: string): SourceFile {
  const lines = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines.push(i + 1);
  return { path, text, lines };
}

export function position(source: SourceFile, offset: number): Position {
  let low = 0;
  let high = source.lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lines[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - source.lines[low]! + 1 };
}

/** Returns the smallest span that contains both. */
export function cover(a: Span, b: Span): Span {
  return { source: a.source, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

export function textOf(span: Span): string {
  return span.source.text.slice(span.start, span.end);
}

/** Formats the start of a span: `net.fuse:3:9`. */
export function placeOf(span: Span): string {
  const { line, column } = position(span.source, span.start);
  return `${span.source.path}:${line}:${column}`;
}

/** `net.fuse:3` */
export function lineOf(span: Span): string {
  return `${span.source.path}:${position(span.source, span.start).line}`;
}
