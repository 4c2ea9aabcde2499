/** @file Random programs that nobody would write, and the properties of every text. The compiler never crashes. */
import { readdirSync, readFileSync } from "node:fs";
import { build, buildPlans } from "../../src/compile.ts";
import { operators } from "../../src/ops/table.ts";
import { renderDiagnostics } from "../../src/source/render.ts";
import { seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";

const folders = ["examples", "library", "test/fixtures"];
const examples = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".fuse"))
    .toSorted()
    .map((name) => readFileSync(`${folder}/${name}`, "utf8")),
);
const token = /\/\/[^\n]*|"[^"\n]*"|@(?:[\w.]|\{[^{}\n]*\})+|\w+|\|>|->|=>|==|!=|<=|>=|\.\.\.|\s+|./gu;
const tokenised = examples.map((text) => text.match(token) ?? []);

const words = [
  ..."fuse import from as block model layer weight const where repeat return if else match and or not true false inf".split(
    " ",
  ),
  ..."( ) [ ] { } |> | -> => == != <= < >= > + - * / % = : , . ... f32 i32 bool int float axis".split(" "),
  ..."n c h w x y A B 0 1 2 0.5 1e-5 2147483647 9007199254740993 -1 1e999 @a @a.0 @1x1 @l{i} @l.{2*i+1} @{} @. same auto".split(
    " ",
  ),
  ..."constructor __proto__ toString await eval hasOwnProperty x.c ceil(h/2) c%0 n*n*n repeat(2) repeat(i:k) (x,y)|> # ## // /// \n".split(
    " ",
  ),
  ...["\u0000", "\ufeff", "\u202e", "а", "Ａ", "é", "\u2028", "\ud800", "'", '"', ";", "#", "`", "${", "\\", "*/"],
  ...Object.keys(operators),
];

export interface FuzzCase {
  readonly kind: "bytes" | "soup" | "soup in a block" | "edited" | "crossed";
  readonly text: string;
}

export function makeFuzzCase(seed: number): FuzzCase {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const soup = (n: number) => Array.from({ length: below(n) }, () => pick(words)).join(random() < 0.9 ? " " : "");
  switch (below(8)) {
    case 0: {
      const high = pick([128, 256]);
      const bytes = Uint8Array.from({ length: below(300) }, () => below(high));
      return { kind: "bytes", text: new TextDecoder().decode(bytes) };
    }
    case 1:
      return { kind: "soup", text: `${pick(["", "fuse 1\n"])}${soup(120)}` };
    case 2: {
      const head = `fuse 1\nmodel A(x: [n, c: 4, h, w]${pick(["", ", k: int = 2", ", b: bool = true"])}) -> (y: [${soup(4)}])`;
      return {
        kind: "soup in a block",
        text: `${head} {\n  y = x |> ${soup(20)}\n  ${soup(20)}\n  return ${soup(8)}\n}\n`,
      };
    }
    case 3: {
      const [a, b] = [pick(tokenised), pick(tokenised)];
      return { kind: "crossed", text: [...a.slice(0, below(a.length)), ...b.slice(below(b.length))].join("") };
    }
    default: {
      const text = [...pick(tokenised)];
      for (let edits = 1 + below(4); edits > 0; edits--) edit(text, random);
      const probe = text.includes("model") ? "" : "\nmodel Probe(x: [n, c: 64]) -> [n, c: 64] {\n  return relu(x)\n}\n";
      return { kind: "edited", text: text.join("") + probe };
    }
  }
}

/** Makes one change. Half of the changes replace a word with one of its kind, to reach code after the parser too. */
function edit(text: string[], random: () => number): void {
  const below = (n: number) => Math.floor(random() * n);
  const pick = (items: readonly string[]): string => items[below(items.length)] ?? "";
  const at = below(text.length);
  const kind = random();
  if (kind < 0.5) {
    const like = [/^\d/, /^[A-Z]/, /^[a-z_]/, /^@/, /^[-+*/%]$/, /^[=!<>]=?$/].find((form) =>
      form.test(text[at] ?? ""),
    );
    if (like !== undefined) text[at] = pick((random() < 0.8 ? text : words).filter((word) => like.test(word)));
    return;
  }
  const word = random() < 0.6 ? pick(text) : pick(words);
  if (kind < 0.6) text.splice(at, 1 + below(3));
  else if (kind < 0.8) text[at] = word;
  else if (kind < 0.9) text.splice(at, 0, " ", word, " ");
  else text.splice(at, 0, ...text.slice(at, at + below(40)));
}

export interface FuzzReport {
  readonly built: boolean;
  readonly codes: readonly string[];
}

/**
 * Takes a text through the whole compiler.
 * @throws whatever the compiler throws, and Error if its diagnostics are impossible
 */
export function fuzz(text: string): FuzzReport {
  const program = programOf(text, { "parts.fuse": "fuse 1\nblock Part(x: [n, c]) -> [n, c] {\n  return relu(x)\n}\n" });
  const { value, diagnostics } = buildPlans(program);
  const failed = diagnostics.some(({ severity }) => severity === "error");
  if (failed !== (value === undefined)) throw new Error("there is a module and an error, or neither");
  for (const { code, span, message } of diagnostics) {
    if (span !== undefined && !(span.start >= 0 && span.start <= span.end && span.end <= span.source.text.length))
      throw new Error(`the place of ${code} is not in the text`);
    if (/\b(?:undefined|NaN|\[object)/.test(message.replace(/`[^`]*`|"[^"]*"/g, "")))
      throw new Error(`a message with a hole: ${message}`);
  }
  renderDiagnostics(diagnostics, { color: false });
  if (value !== undefined) build(program, "esm", value);
  return { built: value !== undefined, codes: diagnostics.map(({ code }) => code) };
}
