/** @file Generated files match the records, and editors highlight programs as the compiler reads them. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { folders, reference } from "../../scripts/reference/main.ts";
import { lexer } from "../../src/parser/grammar/tokens.ts";

const files = reference();
const advice = "run: npm run reference";

test.each([...files.keys()])("%s is what the records say", (path) => {
  expect(existsSync(path) ? readFileSync(path, "utf8") : "missing", advice).toBe(files.get(path));
});

test.each(folders)("%s holds nothing else", (folder) => {
  const unknown = readdirSync(folder).filter((file) => !files.has(`${folder}/${file}`));
  expect(unknown, advice).toEqual([]);
});

const programs = ["examples", "library", "test/fixtures/samples"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".fuse"))
    .map((file) => `${folder}/${file}`),
);

/** The prefix of a token's scope. Names and punctuation are highlighted according to their use. */
const scopes: Readonly<Record<string, RegExp>> = {
  Return: /^keyword\.control/,
  If: /^keyword\.control/,
  Else: /^keyword\.control/,
  Match: /^keyword\.control/,
  And: /^keyword\.operator/,
  Or: /^keyword\.operator/,
  Not: /^keyword\.operator/,
  Inf: /^constant\.language/,
  True: /^constant\.language/,
  False: /^constant\.language/,
  Integer: /^constant\.numeric/,
  Float: /^constant\.numeric/,
  StringLiteral: /^string/,
  Label: /^entity\.name\.label/,
  Pipe: /^keyword\.operator/,
  Arrow: /^keyword\.operator/,
  FatArrow: /^keyword\.operator/,
  Plus: /^keyword\.operator/,
  Equal: /^keyword\.operator/,
};

describe("fuse.tmLanguage.json, in the engine of editors", () => {
  let grammar: textmate.IGrammar;

  beforeAll(async () => {
    const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
    await oniguruma.loadWASM(wasm);
    const registry = new textmate.Registry({
      onigLib: Promise.resolve({
        createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
        createOnigString: (text) => new oniguruma.OnigString(text),
      }),
      loadGrammar: () => {
        const path = "grammar/fuse.tmLanguage.json";
        return Promise.resolve(textmate.parseRawGrammar(readFileSync(path, "utf8"), path));
      },
    });
    grammar = (await registry.loadGrammar("source.fuse"))!;
  });

  /** Returns the innermost scope at each offset of a text. */
  function scopesOf(text: string): string[] {
    const found: string[] = [];
    let stack = textmate.INITIAL;
    for (const line of text.split("\n")) {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
      for (const { startIndex, endIndex, scopes } of tokens)
        for (let i = startIndex; i < Math.min(endIndex, line.length); i++) found.push(scopes.at(-1)!);
      found.push("line break");
      stack = ruleStack;
    }
    return found;
  }

  test.each(programs)("%s", (path) => {
    const text = readFileSync(path, "utf8");
    const found = scopesOf(text);
    const { tokens, groups } = lexer.tokenize(text);
    const wrong = tokens.flatMap(({ startOffset, image, tokenType }) => {
      const expected = scopes[tokenType.name] ?? /^(?!source\.fuse|comment|string)/;
      const scope = found[startOffset]!;
      return expected.test(scope) ? [] : [`${image} at ${startOffset}: ${scope}`];
    });
    const comments = (groups["comments"] ?? []).filter(({ startOffset }) => !found[startOffset]!.startsWith("comment"));
    expect([...wrong, ...comments.map(({ image }) => `${image} is no comment`)]).toEqual([]);
  });

  test("recognizes a word by its place", () => {
    const text =
      'import { SE } from "fuse/attention"\nblock Gate(x: [n, c], r: int = 2) {\n  return x |> relu |> SE @se # ok';
    const found = scopesOf(text);
    const at = (word: string) => found[text.indexOf(word)];
    expect(["import", "from", "SE", "Gate", "x:", "int", "2", "return", "relu", "@se", "# ok"].map(at)).toEqual([
      "keyword.control.import.fuse",
      "keyword.control.import.fuse",
      "entity.name.type.fuse",
      "entity.name.type.fuse",
      "variable.parameter.fuse",
      "storage.type.fuse",
      "constant.numeric.fuse",
      "keyword.control.fuse",
      "support.function.fuse",
      "entity.name.label.fuse",
      "comment.line.number-sign.fuse",
    ]);
  });
});
