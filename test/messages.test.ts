/** @file The messages about wrong programs. To add a case, add a folder with `input.fuse` to `test/fixtures/<room>`. */
import { buildGraphs } from "../src/graphs.ts";
import { parse } from "../src/parser/parse.ts";
import { Reporter } from "../src/source/reporter.ts";
import { sourceFile } from "../src/source/source.ts";
import { programOf } from "./support/check.ts";
import { describeMessages } from "./support/messages.ts";

// Syntax errors, as far as the parser knows them.
describeMessages("parser", ({ path, text }) => {
  const reporter = new Reporter();
  parse(sourceFile(path, text), reporter);
  return reporter.diagnostics;
});

describeMessages("check", ({ path, text }) => programOf(text, {}, path).check());

// Errors that appear only when a model is built with its settings.
describeMessages(
  "build",
  ({ path, text, settings }) => buildGraphs(programOf(text, {}, path), { settings }).diagnostics,
);
