/** @file The formatter: source text → the same program in standard layout. */
import { printer } from "prettier/doc";
import { parse } from "../parser/parse.ts";
import { invariant } from "../source/internal-error.ts";
import { Reporter } from "../source/reporter.ts";
import { sourceFile, type SourceFile } from "../source/source.ts";
import { printFile } from "./print.ts";
import { isSameProgram } from "./same.ts";

/** The maximum line width. Comments at the end of a line may exceed it. */
export const printWidth = 100;

/**
 * Returns the text in the layout of `fuse fmt`, or undefined if it has syntax errors, which are reported. A byte order mark and
 * CRLF line endings are kept.
 */
export function format(source: SourceFile, reporter: Reporter): string | undefined {
  const ast = parse(source, reporter);
  if (reporter.failed) return undefined;
  const { formatted } = printer.printDocToString(printFile(ast), { printWidth, tabWidth: 2 });
  const { text } = source;
  const again = new Reporter();
  const printed = parse(sourceFile(source.path, formatted), again);
  invariant(!again.failed && isSameProgram(ast, printed), `formatting would change ${source.path}`);
  const lines = /^[^\n]*\r\n/.test(text) ? formatted.replaceAll("\n", "\r\n") : formatted;
  return text.startsWith("\uFEFF") ? `\uFEFF${lines}` : lines;
}
