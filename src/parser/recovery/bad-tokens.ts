/** @file Reports characters and tokens that are not part of the language, and suggests what was probably meant. */
import type { IToken } from "chevrotain";
import type { Help } from "../../source/diagnostic.ts";
import type { SourceFile } from "../../source/source.ts";
import { foreignFunctions } from "../../source/words/functions.ts";
import { argumentsOf, helpOfCall } from "../../source/words/word.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted, spanAt, type Mistake } from "../mistake.ts";

const largestInteger = 2 ** 31 - 1;

/** Replacements for characters that other languages use. */
const replacements: Readonly<Record<string, string>> = {
  "&&": "and",
  "&": "and",
  "!": "not ",
  "~": "not ",
  "×": "*",
  "·": "*",
  "÷": "/",
  "−": "-",
  "–": "-",
  "≤": "<=",
  "≥": ">=",
  "≠": "!=",
  "→": "->",
  "…": "...",
  "“": '"',
  "”": '"',
};
/** Help for characters that have no direct replacement. */
const advice: Readonly<Record<string, Help>> = {
  "^": { text: "write a power as a call", code: "pow(x, 2)" },
  "?": { text: "choose with `if`", code: "if a == b { x } else { y }" },
  $: { text: "names have no `$`" },
  "\\": { text: "a statement can continue on the next line without a `\\`" },
  "`": { text: "strings use double quotes; choices are not quoted" },
  "'": { text: "strings use double quotes; choices are not quoted" },
};

/** Reports a character that cannot begin a token. */
export function badCharacter(source: SourceFile, offset: number): Mistake {
  const character = String.fromCodePoint(source.text.codePointAt(offset) ?? 0);
  const pair = source.text.slice(offset, offset + 2);
  const meant = pair in replacements ? pair : character;
  const span = spanAt(source, offset, meant.length);
  return mistake("unexpected-character", span, { character: characterName(meant) }, { helps: helps() });

  function helps(): Help[] {
    if (character === ";") return [{ text: "no semicolon needed: remove it", edits: [{ span, text: "" }] }];
    const text = replacements[meant];
    if (text !== undefined) return [{ text: "write", code: text.trim(), edits: [{ span, text }] }];
    if (character === "@") return [matrixProduct(source.text, offset)];
    const other = advice[character];
    if (other !== undefined) return [other];
    return /\p{L}/u.test(character) ? [{ text: "names may contain only letters, digits and `_`" }] : [];
  }
}

/** `q @ k` */
function matrixProduct(text: string, offset: number): Help {
  const [, left = "q"] = /([A-Za-z_]\w*)\s*$/.exec(text.slice(Math.max(0, offset - 40), offset)) ?? [];
  const [, right = "k"] = /^\s*([A-Za-z_]\w*)/.exec(text.slice(offset + 1, offset + 41)) ?? [];
  return { text: "a matrix product names the axis to sum over", code: `dot(${left}, ${right}, contract: e)` };
}

/** Quotes a visible character; names any other by its code point. */
function characterName(character: string): string {
  if (/^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(character) && character !== "`") return quoted(character);
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Returns the mistake in a token, if there is one. `before` is the token before it. */
export function badToken(source: SourceFile, token: IToken, before?: IToken): Mistake | undefined {
  const { image, startOffset, tokenType } = token;
  const span = spanAt(source, startOffset, image.length);
  if (tokenType === t.UnterminatedString) {
    const text = `${image.trimEnd()}"`;
    return mistake(
      "unterminated-string",
      span,
      {},
      { helps: [{ text: "close it", code: text, edits: [{ span, text }] }] },
    );
  }
  if (tokenType === t.SingleQuotedString) {
    const helps = [singleQuoted(source, token, before)];
    return mistake("unexpected-character", spanAt(source, startOffset, 1), { character: "`'`" }, { helps });
  }
  const problem = problemOfNumber(token);
  if (problem === undefined) return undefined;
  const { reason, write } = problem;
  const helps = write === undefined ? [] : [{ text: "write", code: write, edits: [{ span, text: write }] }];
  return mistake("bad-number", span, { number: quoted(image), reason }, { helps });
}

/** `from 'fuse/attention'`, `pad: 'same'`, `einsum('nd,nd->n', u, v)` */
function singleQuoted(source: SourceFile, { image, startOffset }: IToken, before: IToken | undefined): Help {
  const span = spanAt(source, startOffset, image.length);
  const content = image.slice(1, -1);
  const change = (text: string, code: string): Help => ({ text, code, edits: [{ span, text: code }] });
  if (before?.image === "from") return change("strings use double quotes", `"${content}"`);
  if (/^\w+$/.test(content)) return change("choices and names are not quoted", content);
  const [call, callee] = /(\w+)\($/.exec(source.text.slice(Math.max(0, startOffset - 40), startOffset)) ?? [];
  const word = call === undefined ? undefined : foreignFunctions.get(callee!);
  if (word !== undefined) return helpOfCall(word, { args: argumentsOf(source.text, startOffset - 1) });
  return change("strings use double quotes", `"${content}"`);
}

interface Problem {
  readonly reason: string;
  readonly write?: string;
}

function problemOfNumber({ image, tokenType }: IToken): Problem | undefined {
  if (tokenType === t.Integer && Number(image) > largestInteger)
    return { reason: `the largest integer is ${largestInteger}` };
  if (tokenType === t.Float && !Number.isFinite(Math.fround(Number(image))))
    return { reason: "it is too large for f32" };
  if (tokenType !== t.BadNumber) return undefined;
  if (/^\.\d+$/.test(image)) return { reason: "a digit is required before the decimal point", write: `0${image}` };
  if (/^\d+\.$/.test(image)) return { reason: "a digit is required after the decimal point", write: `${image}0` };
  if (/^0\d+$/.test(image)) return { reason: "it starts with 0", write: image.replace(/^0+(?=\d)/, "") };
  if (/^[1-9]\d*(?:_\d+)+$/.test(image))
    return { reason: "digits are written without `_`", write: image.replaceAll("_", "") };
  if (/^0[xX][0-9a-fA-F]{1,7}$/.test(image)) return { reason: "numbers are decimal", write: String(Number(image)) };
  const product = /^([1-9]\d*)([A-Za-z_]\w*)$/.exec(image);
  if (product !== null) return { reason: "multiplication needs a `*`", write: `${product[1]} * ${product[2]}` };
  return { reason: "numbers are written like `2`, `0.5` or `1e-5`" };
}
