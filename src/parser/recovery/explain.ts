/** @file Explains why a piece of a program does not parse, in its author's terms: what a failure of the grammar most likely means. */
import type { IToken } from "chevrotain";
import type { Help } from "../../source/diagnostic.ts";
import { cover, textOf, type Span } from "../../source/source.ts";
import { foreignFunctions } from "../../source/words/functions.ts";
import { foreignStatements, foreignTypeNames } from "../../source/words/python.ts";
import { argumentsOf, helpOf, helpOfCall } from "../../source/words/word.ts";
import { tokenSpan } from "../grammar/cst.ts";
import type { Failure } from "../grammar/parse-tokens.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted, type Mistake } from "../mistake.ts";
import { endsOperand, headOfAssignment, isA, type Stream } from "./heads.ts";
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
  missingElse,
  indexing,
  methodCall,
  notAStage,
  statementInBranch,
  severalValues,
  keywordAsName,
  singleEquals,
  operatorAfterStage,
];

export function explain(stream: Stream, piece: Piece, failure: Failure): Mistake {
  const { token, expected, rules } = failure;
  const at = token === undefined ? piece.to : indexOf(stream, piece, token);
  const place: Place = { ...stream, piece, at, rule: rules.at(-1), expected };
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

function hints(place: Place): Help[] {
  const { source, tokens, at, piece, expected, rule } = place;
  const token = at < piece.to ? tokens[at] : undefined;
  if (token === undefined) return [];
  const span = tokenSpan(source, token);
  const word = foreignStatements.get(token.image) ?? foreignStatements.get(tokens[at - 1]?.image ?? "");
  if (word !== undefined) return [helpOf(word)];
  if (isA(token, t.StringLiteral) && rule !== "import") return quotedHelps(place, span);
  if (token.image === "*" && tokens[at - 1]?.image === "*") return [powerHelp(tokens, at)];
  if (rule === "param" && expected === "`:`") return untypedHelps(place);
  if (rule === "tensor" && isA(token, t.NumberLiteral)) return [helpOf(foreignTypeNames.get("list")!)];
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

/** `pad: "same"`, `einsum("nd,nd->n", u, v)` */
function quotedHelps(place: Place, span: Span): Help[] {
  const text = textOf(span).slice(1, -1);
  if (/^\w+$/.test(text)) return [{ text: "choices and names are not quoted", code: text, edits: [{ span, text }] }];
  const help = helpOfCallee(place, place.at);
  return help === undefined ? [{ text: "choices and names are not quoted" }] : [help];
}

/** Returns the help of the function of another language whose arguments contain the offending token. */
function helpOfCallee({ source, tokens, piece }: Place, at: number): Help | undefined {
  const open = lastOutside(tokens, at, piece.from, (token) => isA(token, t.LParen));
  const callee = open === undefined ? undefined : tokens[open - 1];
  const word = isA(callee, t.Repeat) ? undefined : foreignFunctions.get(callee?.image ?? "");
  if (open === undefined || word === undefined || !isA(tokens[open], t.LParen)) return undefined;
  const args = argumentsOf(source.text, tokens[open]!.startOffset);
  return helpOfCall(word, { args, piped: isA(tokens[open - 2], t.Pipe) });
}

/** `x ** 2` */
function powerHelp(tokens: readonly IToken[], at: number): Help {
  const operand = (token: IToken | undefined, otherwise: string) =>
    token !== undefined && isA(token, t.Identifier, t.NumberLiteral) ? token.image : otherwise;
  const code = `pow(${operand(tokens[at - 2], "x")}, ${operand(tokens[at + 1], "2")})`;
  return { text: "write a power as a call", code };
}

/** `block A(self, x)` */
function untypedHelps({ source, tokens, at }: Place): Help[] {
  const name = tokens[at - 1];
  if (name === undefined || !isA(name, t.Identifier)) return [];
  if (name.image !== "self") return [{ text: "declare a tensor by its axes", code: `${name.image}: [n, c]` }];
  const end = isA(tokens[at], t.Comma) ? (tokens[at + 1] ?? name).startOffset : tokens[at]!.startOffset;
  const edits = [{ span: { source, start: name.startOffset, end }, text: "" }];
  return [{ text: "a block has no `self`: remove it", edits }];
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
  const whose = isA(tokens[at - 3], t.Identifier) ? tokens[at - 3]!.image : "x";
  const helps =
    tensor === "shape" && isA(tokens[at - 2], t.Dot)
      ? [{ text: `for the size of axis \`c\` of \`${whose}\`, write`, code: `${whose}.c` }]
      : [
          { text: "for a part along an axis `t`, write", code: `slice(${tensor}, t: [0, 1])` },
          { text: "or split it into its elements", code: `a, b = unstack(${tensor}, axis: t)` },
        ];
  return mistake("no-indexing", span, {}, { helps });
}

/** Module names that Python code calls functions of. */
const modules = ["nn", "F", "torch", "tf", "np", "math", "numpy", "jnp", "keras"];

/** `x.mean(…)` */
function methodCall({ source, tokens, piece, at }: Place): Mistake | undefined {
  if (at >= piece.to || !isA(tokens[at], t.LParen)) return undefined;
  const [receiver, dot, method] = [tokens[at - 3], tokens[at - 2], tokens[at - 1]];
  if (method === undefined || !isA(dot, t.Dot) || !isA(method, t.Identifier)) return undefined;
  const name = method.image;
  const report = (...helps: Help[]) => mistake("method-call", tokenSpan(source, method), { name }, { helps });

  let first = at - 1;
  while (isA(tokens[first - 1], t.Dot) && isA(tokens[first - 2], t.Identifier)) first -= 2;
  const root = tokens[first]!;
  const before = cover(tokenSpan(source, root), tokenSpan(source, tokens[at]!));
  const args = argumentsOf(source.text, tokens[at]!.startOffset);
  if (root.image === "self") {
    const layer = ownLayer(name, args[0]);
    if (layer !== undefined) return report(layer);
  }
  const isFunction = first < at - 1 && (root.image === "self" || modules.includes(root.image));
  const isMethod = first === at - 3 && !isFunction;
  const word = foreignFunctions.get(name);
  if (word !== undefined)
    return report(
      helpOfCall(word, {
        args: isFunction ? args : [isMethod ? receiver!.image : "", ...args],
        piped: isFunction && isA(tokens[first - 1], t.Pipe),
      }),
    );
  if (isFunction)
    return report({
      text: "operators have no prefix",
      code: `${name}(…)`,
      edits: [{ span: before, text: `${name}(` }],
    });
  if (!isMethod) return report({ text: "pipe it", code: `… |> ${name}(…)` });
  const empty = isA(tokens[at + 1], t.RParen);
  const text = `${name}(${receiver!.image}${empty ? "" : ", "}`;
  return report({
    text: "the tensor is the first argument",
    code: empty ? `${text})` : `${text}…)`,
    edits: [{ span: before, text }],
  });
}

/** Suggests the layer that the name of a module suggests, as in `self.conv1(x)`; undefined if the name suggests none. */
function ownLayer(name: string, tensor = "x"): Help | undefined {
  const x = /^\w+$/.test(tensor) ? tensor : "x";
  const call = [
    { words: /conv|stem|down/, code: `conv(${x}, c: 64, kernel: 3)` },
    { words: /^fc|linear|proj|head|dense/, code: `linear(${x}, c: 64)` },
    { words: /^bn|norm/, code: `batchnorm(${x})` },
  ].find(({ words }) => words.test(name));
  if (call === undefined) return undefined;
  return { text: "a layer is written where it is used, and its label is its name", code: `${call.code} @${name}` };
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
function singleEquals(place: Place): Mistake | undefined {
  const { source, tokens, piece, at, rule, expected } = place;
  if (at >= piece.to || !isA(tokens[at], t.Assign)) return undefined;
  const [name, value] = [tokens[at - 1], tokens[at + 1]];
  const span = tokenSpan(source, tokens[at]!);
  const report = (meant: string, ...helps: Help[]) => mistake("single-equals", span, { meant }, { helps });

  if (rule === "param" && name !== undefined && isA(name, t.Identifier))
    return report(":", { text: "a parameter has a type and may have a default", code: `${name.image}: int = …` });
  const isNamed = name !== undefined && isA(name, t.Identifier) && isA(tokens[at - 2], t.LParen, t.Comma);
  if (isNamed && (rule === "call" || rule === "repeat")) {
    const edits = [{ span: { ...span, start: tokenSpan(source, name).end }, text: ":" }];
    const help = helpOfCallee(place, place.at);
    const named = { text: "write", code: `${name.image}: ${value?.image ?? "…"}`, edits };
    return help === undefined ? report(":", named) : report(":", help, named);
  }
  if (rule === "header" && expected.endsWith("`)`") && isA(tokens[at - 1], t.RSquare)) return tensorDefault(place);
  const compared = ["branch", "match", "call", "operand", "list"].includes(rule ?? "") || piece.kind === "header";
  return compared ? report("==", { text: "write", code: "==", edits: [{ span, text: "==" }] }) : undefined;
}

/** `mask: [n, t] = none` */
function tensorDefault(place: Place): Mistake {
  const { span, words } = offender(place);
  const helps = [{ text: "a tensor has no default: write one block with it, and one without it" }];
  return mistake("syntax-error", span, { found: words, expected: place.expected }, { helps });
}

/** `x |> 3`, `x |> repeat(2) match a { … }` */
function notAStage({ source, tokens, piece, at, expected }: Place): Mistake | undefined {
  const token = at < piece.to ? tokens[at] : undefined;
  if (token === undefined || expected !== "a call") return undefined;
  const close = endOfGroup(tokens, at, piece.to);
  const span = cover(tokenSpan(source, token), tokenSpan(source, tokens[close]!));
  const isRepeated = isAfterRepeat(tokens, at, piece.from);
  const notes = [isRepeated ? "`repeat` applies to a single call" : "a stage is a call that omits the piped tensor"];
  const isPipeline = isA(token, t.LParen) && tokens.slice(at, close).some((one) => isA(one, t.Pipe));
  const helps: Help[] =
    isRepeated && isA(token, t.Match, t.If)
      ? [{ text: "put it in parentheses", code: `repeat(…) (${token.image} … { … })` }]
      : isPipeline
        ? [{ text: "remove the parentheses: a pipeline of stages is one pipeline" }]
        : [];
  return mistake("not-a-stage", span, { found: quoted(textOf(span)) }, { notes, helps });
}

/** Whether a token follows `repeat(n)`. */
function isAfterRepeat(tokens: readonly IToken[], at: number, from: number): boolean {
  if (!isA(tokens[at - 1], t.RParen)) return false;
  const open = lastOutside(tokens, at - 1, from, (token) => isA(token, t.LParen));
  return open !== undefined && isA(tokens[open - 1], t.Repeat);
}

/** Returns the index of the `if` or `match` whose braces enclose a token. */
function branching(tokens: readonly IToken[], at: number, from: number): number | undefined {
  const open = lastOutside(tokens, at, from, (token) => isA(token, t.LCurly));
  if (open === undefined || !isA(tokens[open], t.LCurly)) return undefined;
  const word = lastOutside(tokens, open, from, (token) => isA(token, t.If, t.Match, t.Else));
  if (word === undefined || !isA(tokens[word], t.Else)) return word;
  return lastOutside(tokens, word, from, (token) => isA(token, t.If));
}

/** `if a { y = relu(x) … }`, `a => { … }`, `{ return x }` */
function statementInBranch({ source, tokens, piece, at, rule, expected }: Place): Mistake | undefined {
  const token = at < piece.to ? tokens[at] : undefined;
  if (token === undefined || piece.kind !== "statement") return undefined;
  const word = branching(tokens, at, piece.from);
  if (word === undefined) return undefined;
  const kind = tokens[word]!.image;
  const where = kind === "if" ? "a branch of an `if`" : "an arm of a `match`";
  const report = (span: Span, help: Help, ...others: Help[]) => {
    const notes = ["only what a result needs is computed, so nothing is lost if it is written before"];
    return mistake(
      "statement-in-branch",
      span,
      { where },
      { helps: [help, ...others], notes: help.edits === undefined ? notes : [] },
    );
  };
  const span = tokenSpan(source, token);

  if (isA(token, t.Return) && expected === "an expression") {
    const edits = [{ span: { ...span, end: tokens[at + 1]?.startOffset ?? span.end }, text: "" }];
    return report(span, { text: "it is a value: return the whole expression", code: `return ${kind} …`, edits });
  }
  if (isA(token, t.LCurly) && isA(tokens[at - 1], t.FatArrow)) {
    const close = endOfGroup(tokens, at, piece.to);
    const inside = tokens.slice(at + 1, close);
    const single = inside.length > 0 && !inside.some((one) => isA(one, t.Assign, t.Return));
    const edits = [span, tokenSpan(source, tokens[close]!)].map((brace) => ({ span: brace, text: "" }));
    if (single) return report(span, { text: "an arm has no braces: remove them", edits });
    return report(span, { text: `compute it before the \`${kind}\``, code: "y = …" }, ownBlock);
  }
  let assigned = at - 1;
  while (isA(tokens[assigned - 1], t.Comma) && isA(tokens[assigned - 2], t.Identifier)) assigned -= 2;
  const name = [assigned, at].find((i) => headOfAssignment(tokens, i) !== undefined);
  const begins = name !== undefined && isA(tokens[name - 1], t.LCurly, t.FatArrow);
  const declares = isA(tokens[at - 1], t.Layer, t.Weight, t.Const) && isA(tokens[at - 2], t.LCurly, t.FatArrow);
  const follows = name === at && (rule === "branch" || rule === "if") && expected === "`}`";
  if (!begins && !declares && !follows) return undefined;
  const first = declares ? at - 1 : name!;
  const start = tokenSpan(source, tokens[first]!);
  const code = `${declares ? `${tokens[first]!.image} ${token.image}` : tokens[first]!.image} = …`;
  return report(start, { text: `write it before the \`${kind}\``, code }, ownBlock);
}

/** Suggests a block for a branch of many steps. Its label keeps the paths of its weights short. */
const ownBlock: Help = {
  text: "or make it a block, labelled `@.` to keep the paths of its weights",
  code: "Branch @.",
};

/** `a, b = x, y`, `(x, y)` */
function severalValues(place: Place): Mistake | undefined {
  const { source, tokens, piece, at, rule, expected } = place;
  if (piece.kind !== "statement" || at > piece.to) return undefined;
  if (at >= piece.to || !isA(tokens[at], t.Comma)) return undefined;
  const span = tokenSpan(source, tokens[at]!);
  const report = (where: string, ...helps: Help[]) => mistake("several-values", span, { where }, { helps });
  const names = tokens.slice(piece.from, headOfAssignment(tokens, piece.from) ?? piece.from);
  const left = names.filter((token) => isA(token, t.Identifier)).map(({ image }) => image);
  const each = (value: string) => (left.length > 1 ? left : ["a", "b"]).map((name) => `${name} = ${value}`).join("\n");

  if (rule === undefined && left.length > 0)
    return report("an assignment", { text: "write one statement for each value", code: each("…") });
  const open = lastOutside(tokens, at, piece.from, (token) => isA(token, t.LParen));
  if (rule !== "operand" || expected !== "`)`" || open === undefined) return undefined;
  const close = endOfGroup(tokens, open, piece.to);
  const callee = helpOfCallee(place, open);
  return report("an expression in parentheses", ...(callee === undefined ? [] : [callee]), tupleHelp());

  function tupleHelp(): Help {
    const edits = (texts: readonly [string, string]) =>
      [open!, close].map((bracket, i) => ({ span: tokenSpan(source, tokens[bracket]!), text: texts[i]! }));
    const before = tokens[open! - 1];
    const inside = textOf(cover(tokenSpan(source, tokens[open! + 1]!), tokenSpan(source, tokens[close - 1]!)));
    const items = inside.length > 60 ? "…" : inside.replace(/\s+/g, " ");
    if (isA(before, t.Return) && close === piece.to - 1)
      return { text: "return several values without parentheses", code: `return ${items}`, edits: edits(["", ""]) };
    if (isA(before, t.Colon))
      return { text: "a list is written in brackets", code: `[${items}]`, edits: edits(["[", "]"]) };
    if (isA(before, t.LParen, t.Comma))
      return { text: "pass several tensors one by one", code: items, edits: edits(["", ""]) };
    return { text: "there are no tuples: give each value a name", code: each("…") };
  }
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
