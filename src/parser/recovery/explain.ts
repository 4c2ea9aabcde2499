/** @file Explains why a piece of a program does not parse, in its author's terms: what a failure of the grammar most likely means. */
import type { IToken } from "chevrotain";
import type { Help } from "../../source/diagnostic.ts";
import { cover, textOf, type Span } from "../../source/source.ts";
import { tokenSpan } from "../grammar/cst.ts";
import type { Failure } from "../grammar/parse-tokens.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted, type Mistake } from "../mistake.ts";
import { floorDivision } from "./bad-tokens.ts";
import { endsOperand, isA, type Stream } from "./heads.ts";
import type { Piece } from "./outline.ts";

/** A failure in context. */
interface Place extends Stream {
  readonly piece: Piece;
  /** The index of the offending token; `piece.to` if the piece ends too early. */
  readonly at: number;
  readonly expected: string;
  /** The innermost rule; undefined if a whole piece was parsed and something follows it. */
  readonly rule: string | undefined;
}

/** Explanations, tried in order. The first that recognises the failure wins. */
const explanations: readonly ((place: Place) => Mistake | undefined)[] = [
  hiddenBrace,
  missingElse,
  indexing,
  methodCall,
  notAStage,
  keywordAsName,
  singleEquals,
  operatorAfterStage,
];

export function explain(stream: Stream, piece: Piece, failure: Failure): Mistake {
  const { token, expected, rules } = failure;
  const at = token === undefined ? piece.to : indexOf(stream, piece, token);
  const repeated = rules.at(-2) === "stage" && rules.at(-1) === "call" && expected === "a name";
  const place: Place = { ...stream, piece, at, rule: rules.at(-1), expected: repeated ? "a call" : expected };
  for (const explanation of explanations) {
    const found = explanation(place);
    if (found !== undefined) return found;
  }
  const { span, words } = offender(place);
  return mistake("syntax-error", span, { found: words, expected: place.expected }, { helps: hints(place) });
}

function indexOf({ tokens }: Stream, piece: Piece, token: IToken): number {
  let at = piece.from;
  while (at < piece.to && tokens[at]!.startOffset < token.startOffset) at++;
  return at;
}

/** What is found where a piece ends too early. */
const ends: Readonly<Record<Piece["kind"], string>> = {
  edition: "the end of the edition",
  import: "the end of the import",
  header: "the end of the header",
  statement: "the end of the statement",
  stray: "the end of this part",
};

/** Returns the span of the unexpected token or end, and words for it. */
function offender({ source, tokens, piece, at }: Place): { readonly span: Span; readonly words: string } {
  const token = tokens[at];
  if (token !== undefined && (at < piece.to || isA(token, t.LCurly, t.RCurly)))
    return { span: tokenSpan(source, token), words: quoted(token.image) };
  const end = tokenSpan(source, tokens[at - 1]!).end;
  return { span: { source, start: end, end }, words: token === undefined ? "the end of the file" : ends[piece.kind] };
}

function hints({ source, tokens, at, piece, expected, rule }: Place): Help[] {
  const token = at < piece.to ? tokens[at] : undefined;
  if (token === undefined) return [];
  const span = tokenSpan(source, token);
  if (isA(token, t.StringLiteral) && rule !== "import")
    return [{ text: "choices and names are not quoted", edits: [{ span, text: token.image.slice(1, -1) }] }];
  if (token.image === "*" && tokens[at - 1]?.image === "*")
    return [{ text: "write a power as a call", code: "pow(x, 2)" }];
  if (isA(token, t.Bar) && isA(tokens[at + 1], t.Bar)) {
    const both = cover(span, tokenSpan(source, tokens[at + 1]!));
    return [{ text: "write", code: "or", edits: [{ span: both, text: "or" }] }];
  }
  if (isA(token, t.If) && rule === undefined)
    return [{ text: "the condition comes first", code: "if a == b { x } else { y }" }];
  if (isA(token, t.LParen) && rule === undefined)
    return [{ text: "the expression before it cannot be called, and a statement cannot start with `(`" }];
  if (rule === "weightStatement" && isA(token, t.Assign) && expected === "`:`")
    return [{ text: "declare its axes", code: `${tokens[at - 2]?.image} ${tokens[at - 1]?.image}: [c] = …` }];
  return [];
}

/** `if c // 2 > 8 {`, where the brace is in a comment */
function hiddenBrace({ source, tokens, at, expected }: Place): Mistake | undefined {
  const before = tokens[at - 1];
  if (expected !== "`{`" || before === undefined) return undefined;
  const start = tokenSpan(source, before).end;
  const [, blanks] = /^([ \t]*)\/\/[\w .+\-*/%()<>=!]*\{[ \t\r]*\n/.exec(source.text.slice(start)) ?? [];
  return blanks === undefined ? undefined : floorDivision(source, start + blanks.length);
}

/** `if a { x }` */
function missingElse({ source, tokens, piece, at, rule, expected }: Place): Mistake | undefined {
  if (rule !== "if" || expected !== "`else`") return undefined;
  const word = lastOutside(tokens, at, piece.from, (token) => isA(token, t.If));
  if (word === undefined) return undefined;
  const helps = [{ text: "an `if` always has a value: add the other branch", code: "if … { … } else { … }" }];
  return mistake("missing-else", tokenSpan(source, tokens[word]!), {}, { helps });
}

/** `x[0]` */
function indexing({ source, tokens, piece, at, rule, expected }: Place): Mistake | undefined {
  if (at >= piece.to || !isA(tokens[at], t.LSquare) || !endsOperand(tokens[at - 1])) return undefined;
  if (piece.kind !== "statement" && (rule === undefined || !["call", "list", "operand"].includes(rule)))
    return undefined;
  if (expected === "`:`") return undefined;
  const span = tokenSpan(source, tokens[at]!);
  const tensor = isA(tokens[at - 1], t.Identifier) ? tokens[at - 1]!.image : "x";
  const helps =
    tensor === "shape" && isA(tokens[at - 2], t.Dot)
      ? [{ text: "for the size of axis `c` of `x`, write", code: "x.c" }]
      : [
          { text: "for a part along an axis `t`, write", code: `slice(${tensor}, t: [0, 1])` },
          { text: "or split it into its elements", code: `a, b = unstack(${tensor}, axis: t)` },
        ];
  return mistake("no-indexing", span, {}, { helps });
}

/** Module names, and `self`, that Python code calls functions on. */
const modules = ["self", "nn", "F", "torch", "tf", "np"];

/** `x.mean(…)` */
function methodCall({ source, tokens, piece, at }: Place): Mistake | undefined {
  if (at >= piece.to || !isA(tokens[at], t.LParen)) return undefined;
  const [receiver, dot, method] = [tokens[at - 3], tokens[at - 2], tokens[at - 1]];
  if (method === undefined || !isA(dot, t.Dot) || !isA(method, t.Identifier)) return undefined;
  return mistake("method-call", tokenSpan(source, method), { name: method.image }, { helps: [help()] });

  function help(): Help {
    const simple = receiver !== undefined && isA(receiver, t.Identifier) && !isA(tokens[at - 4], t.Dot);
    if (!simple) return { text: "pipe it", code: `… |> ${method!.image}(…)` };
    const before = cover(tokenSpan(source, receiver), tokenSpan(source, tokens[at]!));
    if (modules.includes(receiver.image))
      return {
        text: "operators have no prefix",
        code: `${method!.image}(…)`,
        edits: [{ span: before, text: `${method!.image}(` }],
      };
    const empty = isA(tokens[at + 1], t.RParen);
    const text = `${method!.image}(${receiver.image}${empty ? "" : ", "}`;
    return {
      text: "the tensor is the first argument",
      code: empty ? `${text})` : `${text}…)`,
      edits: [{ span: before, text }],
    };
  }
}

/** `match: int`, `if = 3` */
function keywordAsName({ source, tokens, piece, at, expected, rule }: Place): Mistake | undefined {
  const token = at < piece.to ? tokens[at] : undefined;
  const wanted = /^(?:a name|an axis|a parameter|a named result|a statement)\b/.test(expected);
  const before = isA(token, t.Colon, t.Assign) && rule !== "match" && rule !== "branch" ? tokens[at - 1] : undefined;
  const word = wanted && isA(token, t.Reserved) ? token : isA(before, t.Reserved) ? before : undefined;
  if (word === undefined) return undefined;
  const span = tokenSpan(source, word);
  const helps = [
    { text: "choose another name, for example", code: `${word.image}_`, edits: [{ span, text: `${word.image}_` }] },
  ];
  return mistake("keyword-as-name", span, { word: word.image }, { helps });
}

/** `conv(c = 64)`, `k = 3` as a parameter, `if c = 64 {` */
function singleEquals({ source, tokens, piece, at, rule }: Place): Mistake | undefined {
  if (at >= piece.to || !isA(tokens[at], t.Assign)) return undefined;
  const [name, value] = [tokens[at - 1], tokens[at + 1]];
  const span = tokenSpan(source, tokens[at]!);
  const report = (meant: string, help: Help) => mistake("single-equals", span, { meant }, { helps: [help] });

  if (rule === "param" && name !== undefined && isA(name, t.Identifier))
    return report(":", { text: "a parameter has a type and may have a default", code: `${name.image}: int = …` });
  if (rule === "call" && name !== undefined && isA(name, t.Identifier) && isA(tokens[at - 2], t.LParen, t.Comma)) {
    const edits = [{ span: { ...span, start: tokenSpan(source, name).end }, text: ":" }];
    return report(":", { text: "write", code: `${name.image}: ${value?.image ?? "…"}`, edits });
  }
  const compared = ["branch", "match", "call", "operand", "list"].includes(rule ?? "") || piece.kind === "header";
  return compared ? report("==", { text: "write", code: "==", edits: [{ span, text: "==" }] }) : undefined;
}

/** `x |> 3` */
function notAStage({ source, tokens, piece, at, expected }: Place): Mistake | undefined {
  const token = at < piece.to ? tokens[at] : undefined;
  if (token === undefined || expected !== "a call") return undefined;
  const span = cover(tokenSpan(source, token), tokenSpan(source, tokens[endOfGroup(tokens, at, piece.to)]!));
  const repeated = isA(tokens[at - 1], t.RParen);
  const notes = [repeated ? "`repeat` applies to a single call" : "a stage is a call that omits the piped tensor"];
  return mistake("not-a-stage", span, { found: quoted(textOf(span)) }, { notes });
}

/** Returns the index of the bracket that closes the one at `at`; `at` itself if it is not an opening bracket. */
function endOfGroup(tokens: readonly IToken[], at: number, to: number): number {
  let depth = 0;
  for (let i = at; i < to; i++) {
    if (isA(tokens[i], t.LParen, t.LSquare, t.LCurly)) depth++;
    else if (isA(tokens[i], t.RParen, t.RSquare, t.RCurly)) depth--;
    if (depth <= 0) return i;
  }
  return at;
}

/** `x |> relu + y` */
function operatorAfterStage({ source, tokens, piece, at }: Place): Mistake | undefined {
  const operator = at < piece.to ? tokens[at] : undefined;
  if (operator === undefined || !isA(operator, t.BinaryOperator) || !endsOperand(tokens[at - 1])) return undefined;
  const stop = [t.Comma, t.Assign, t.Colon, t.FatArrow, t.Arrow, t.Return, t.LParen, t.LSquare, t.LCurly];
  const edge = lastOutside(tokens, at, piece.from, (token) => isA(token, ...stop)) ?? piece.from - 1;
  const pipe = lastOutside(tokens, at, edge + 1, (token) => isA(token, t.Pipe));
  if (pipe === undefined) return undefined;
  const pipeline = cover(tokenSpan(source, tokens[edge + 1]!), tokenSpan(source, tokens[at - 1]!));
  const { start, end } = pipeline;
  const edits = [
    { span: { source, start, end: start }, text: "(" },
    { span: { source, start: end, end }, text: ")" },
  ];
  const short = textOf(pipeline).replace(/\s+/g, " ");
  const code = `(${short.length > 60 ? "…" : short}) ${operator.image} …`;
  const helps = [{ text: "put the pipeline in parentheses", code, edits }];
  return mistake("operator-after-stage", tokenSpan(source, operator), { operator: operator.image }, { helps });
}

/** Returns the last wanted token before `before`, skipping closed brackets. The enclosing opening bracket can be wanted too. */
function lastOutside(
  tokens: readonly IToken[],
  before: number,
  from: number,
  wanted: (token: IToken) => boolean,
): number | undefined {
  let depth = 0;
  for (let i = before - 1; i >= from; i--) {
    const token = tokens[i]!;
    if (isA(token, t.RParen, t.RSquare, t.RCurly)) depth++;
    else if (isA(token, t.LParen, t.LSquare, t.LCurly)) {
      if (depth === 0) return wanted(token) ? i : undefined;
      depth--;
    } else if (depth === 0 && wanted(token)) return i;
  }
  return undefined;
}
