/** @file The formatter as a Prettier plugin: `prettier --plugin fuse-lang/prettier net.fuse`. */
import type { Parser, Printer, SupportLanguage } from "prettier";
import type { Ast } from "../parser/ast.ts";
import { parse } from "../parser/parse.ts";
import { Reporter } from "../source/reporter.ts";
import { position, sourceFile } from "../source/source.ts";
import { printWidth } from "./format.ts";
import { printFile } from "./print.ts";

/** The tree that Prettier prints: a single node, because the formatter handles comments itself. */
interface Root {
  readonly ast: Ast;
}

export const languages: SupportLanguage[] = [
  { name: "Fuse", parsers: ["fuse"], extensions: [".fuse"], vscodeLanguageIds: ["fuse"] },
];

export const parsers: Record<"fuse", Parser<Root>> = {
  fuse: {
    astFormat: "fuse",
    parse(text, { filepath }) {
      const source = sourceFile(filepath ?? "stdin", text);
      const reporter = new Reporter();
      const ast = parse(source, reporter);
      const [first] = reporter.diagnostics;
      if (first === undefined) return { ast };
      const place = (offset: number) => position(source, offset);
      const { start, end } = first.span ?? ast.span;
      // Prettier shows the position of an error that has a `loc`.
      throw Object.assign(new SyntaxError(first.message), { loc: { start: place(start), end: place(end) } });
    },
    locStart: ({ ast }) => ast.span.start,
    locEnd: ({ ast }) => ast.span.end,
  },
};

export const printers: Record<"fuse", Printer<Root>> = {
  fuse: { print: ({ node }) => printFile(node.ast) },
};

export const defaultOptions = { printWidth, tabWidth: 2 };
