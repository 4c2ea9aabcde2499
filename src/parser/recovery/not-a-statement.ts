/** @file Explains tokens that appear in place of a statement or declaration but do not begin like one. */
import type { Help } from "../../source/diagnostic.ts";
import { cover, type Span } from "../../source/source.ts";
import { foreignFunctions } from "../../source/words/functions.ts";
import { foreignStatements } from "../../source/words/python.ts";
import { helpOf } from "../../source/words/word.ts";
import { tokenSpan } from "../grammar/cst.ts";
import { parseTokens } from "../grammar/parse-tokens.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted, tooDeep, type Mistake } from "../mistake.ts";
import { explain } from "./explain.ts";
import { headOfAssignment, isA, type Stream } from "./heads.ts";
import type { Piece } from "./outline.ts";

const notAStatement = (span: Span, found: string, helps: readonly Help[]): Mistake =>
  mistake("not-a-statement", span, { found }, { helps });

/** @param isLast whether the piece is the last of its block and so probably meant as the result. */
export function explainStatement(stream: Stream, piece: Piece, isLast: boolean): Mistake {
  const { source, tokens } = stream;
  const [first, second] = [tokens[piece.from]!, tokens[piece.from + 1]];
  const start = tokenSpan(source, first);

  if (isA(first, t.If, t.Match)) {
    const value = `${first.image} … { … }${isA(first, t.If) ? " else { … }" : ""}`;
    const help = tokens.slice(piece.from, piece.to).some((token) => isA(token, t.Return))
      ? { text: "it is a value: return it", code: `return ${value}` }
      : { text: "it is a value: give it a name", code: `y = ${value}` };
    return notAStatement(start, `\`${first.image}\` on its own`, [help]);
  }
  if (piece.to > piece.from + 1 && second !== undefined && isA(first, t.Identifier) && isA(second, t.Identifier)) {
    const dot = tokens[piece.from + 2];
    if ((first.image === "weight" || first.image === "const") && dot !== undefined && isA(dot, t.Dot))
      return notAStatement(start, `a \`${first.image}\` whose name has a dot`, [
        { text: "declare it in a block of its own, and label the call", code: `Block(…) @${second.image}` },
      ]);
    const word = foreignStatements.get(first.image);
    if (headOfAssignment(tokens, piece.from + 1) === undefined)
      return notAStatement(start, quoted(first.image), word === undefined ? [] : [helpOf(word)]);
    const edits = [{ span: { ...start, end: second.startOffset }, text: "" }];
    return notAStatement(start, quoted(first.image), [
      { text: "assignments have no keyword", code: `${second.image} = …`, edits },
    ]);
  }
  const statement =
    foreignStatements.get(first.image) ?? (first.image === "print" ? foreignFunctions.get("print") : undefined);
  if (statement !== undefined) return notAStatement(start, quoted(first.image), [helpOf(statement)]);
  const assign = topLevelAssign(stream, piece);
  if (assign !== undefined) return explainAssignment(stream, piece, assign);

  const parsed = parseTokens("expression", tokens.slice(piece.from, piece.to));
  if (parsed === "too-deep") return tooDeep(start);
  if (!("cst" in parsed)) return explain(stream, piece, parsed);
  const edits = [{ span: { ...start, end: start.start }, text: "return " }];
  const whole = cover(start, tokenSpan(source, tokens[piece.to - 1]!));
  return notAStatement(whole, "an expression on its own", [
    isLast ? { text: "return it", code: "return …", edits } : { text: "give it a name", code: "y = …" },
  ]);
}

/** Returns the index of the first `=` that is not inside brackets. */
function topLevelAssign({ tokens }: Stream, { from, to }: Piece): number | undefined {
  let depth = 0;
  for (let i = from; i < to; i++) {
    if (isA(tokens[i], t.LParen, t.LSquare, t.LCurly)) depth++;
    else if (isA(tokens[i], t.RParen, t.RSquare, t.RCurly)) depth--;
    else if (depth === 0 && isA(tokens[i], t.Assign)) return i;
  }
  return undefined;
}

/** Explains an assignment to something other than a name. */
function explainAssignment({ source, tokens }: Stream, { from }: Piece, assign: number): Mistake {
  const [first, last] = [tokens[from]!, tokens[assign - 1]];
  const start = tokenSpan(source, first);
  if (last === undefined || assign === from) return notAStatement(start, "`=` without a name", []);
  if (isA(first, t.LParen, t.LSquare) && isA(last, t.RParen, t.RSquare)) {
    const edits = [first, last].map((bracket) => ({ span: tokenSpan(source, bracket), text: "" }));
    const help = { text: "assign several names without brackets", code: "a, b = …", edits };
    return notAStatement(start, "an assignment to a list in brackets", [help]);
  }
  if (first.image === "self" && isA(last, t.Identifier)) {
    const code = `y = x |> conv(c: 64, kernel: 3) @${last.image}`;
    return notAStatement(start, "an assignment to `self`", [
      { text: "a layer is written where it is used, and its label is its name", code },
    ]);
  }
  if (isA(last, t.BinaryOperator)) {
    const help = { text: "names cannot be reassigned: use a new one", code: `y = ${first.image} ${last.image} …` };
    return notAStatement(tokenSpan(source, last), quoted(`${last.image}=`), [help]);
  }
  if (isA(first, t.Identifier) && isA(tokens[from + 1], t.Colon)) {
    const help = { text: "only `weight` and `const` declare a type", code: `${first.image} = …` };
    return notAStatement(start, "a name with a type", [help]);
  }
  return notAStatement(start, "an assignment to something other than a name", [
    { text: "tensors are immutable: assign the result to a new name", code: "y = …" },
  ]);
}

/** Explains tokens between declarations, or an import after one. */
export function explainStray({ source, tokens }: Stream, { kind, from }: Piece): Mistake {
  const first = tokens[from]!;
  const expected = kind === "import" ? "`block` or `model`" : "`import`, `block` or `model`";
  const details = { helps: helps() };
  return mistake("syntax-error", tokenSpan(source, first), { found: quoted(first.image), expected }, details);

  function helps(): readonly Help[] {
    if (kind === "import") return [{ text: "imports come before declarations" }];
    if (isA(first, t.Return) || headOfAssignment(tokens, from) !== undefined)
      return [{ text: "statements must be inside a block or model" }];
    const word = foreignStatements.get(first.image);
    return word === undefined ? [] : [helpOf(word)];
  }
}
