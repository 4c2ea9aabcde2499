/** @file Generates grammar/fuse.tmLanguage.json, which colours code in editors, from the lexer's words and the operator records. */
import { operators } from "../../src/ops/table.ts";
import { vocabulary } from "../../src/parser/grammar/tokens.ts";

const words = (category: (names: readonly string[], pattern: string) => boolean): string =>
  vocabulary
    .flatMap(({ CATEGORIES, PATTERN }) =>
      typeof PATTERN === "string" &&
      /^\w+$/.test(PATTERN) &&
      category(
        CATEGORIES!.map(({ name }) => name),
        PATTERN,
      )
        ? [PATTERN]
        : [],
    )
    .join("|");

export function textMate(): string {
  const isNamed = (of: string, not: readonly string[]) => (names: readonly string[], pattern: string) =>
    names.includes(of) && !not.includes(pattern);
  const logical = ["and", "or", "not"];
  const constants = ["true", "false", "inf"];
  const control = words(isNamed("Reserved", [...logical, ...constants]));
  // Contextual keywords are names elsewhere, so their patterns look at what follows.
  const grammar = {
    $schema: "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
    name: "Fuse",
    scopeName: "source.fuse",
    fileTypes: ["fuse"],
    patterns: [
      { name: "comment.line.documentation.fuse", match: "##(?!#).*$" },
      { name: "comment.line.number-sign.fuse", match: "#.*$" },
      { name: "string.quoted.double.fuse", match: '"[^"\\r\\n]*"' },
      { name: "entity.name.label.fuse", match: "@(?:[A-Za-z0-9_.]|\\{[^{}]*\\})+" },
      {
        match: "^\\s*(fuse)\\s+(\\d+)",
        captures: { 1: { name: "keyword.control.fuse" }, 2: { name: "constant.numeric.fuse" } },
      },
      { name: "keyword.control.import.fuse", match: '\\b(?:import|from|as)\\b(?=\\s*[{"A-Za-z_])' },
      {
        match: "\\b(block|model)\\s+([A-Za-z_][A-Za-z0-9_]*)",
        captures: { 1: { name: "storage.type.fuse" }, 2: { name: "entity.name.type.fuse" } },
      },
      {
        match: "\\b(layer|weight|const)\\s+([A-Za-z_][A-Za-z0-9_]*)(?=\\s*[:=])",
        captures: { 1: { name: "storage.type.fuse" }, 2: { name: "variable.other.definition.fuse" } },
      },
      { name: "keyword.control.fuse", match: `\\b(?:${control})\\b` },
      { name: "keyword.control.fuse", match: "\\bwhere\\b(?!\\s*\\()" },
      { name: "keyword.control.fuse", match: "\\brepeat\\b(?=\\s*\\()" },
      { name: "keyword.operator.logical.fuse", match: `\\b(?:${logical.join("|")})\\b` },
      { name: "constant.language.fuse", match: `\\b(?:${constants.join("|")})\\b` },
      { name: "constant.numeric.fuse", match: "\\b\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?\\b" },
      { name: "storage.type.fuse", match: "\\b(?:f32|i32|bool|int|float)\\b" },
      { name: "variable.parameter.fuse", match: "\\b[A-Za-z_][A-Za-z0-9_]*(?=\\s*:)" },
      {
        name: "support.function.fuse",
        match: `\\b(?:${Object.keys(operators).join("|")})\\b(?=\\s*(?:\\(|\\||@|$|\\n|\\)|,|\\}))`,
      },
      { name: "entity.name.type.fuse", match: "\\b_*[A-Z][A-Za-z0-9_]*\\b" },
      { name: "keyword.operator.fuse", match: "\\|>|->|=>|==|!=|<=|>=|\\.\\.\\.|[-+*/%<>=|]" },
      { name: "variable.other.fuse", match: "\\b[A-Za-z_][A-Za-z0-9_]*\\b" },
      { name: "punctuation.fuse", match: "[()\\[\\]{},:.]" },
    ],
  };
  return `${JSON.stringify(grammar, null, 2)}\n`;
}
