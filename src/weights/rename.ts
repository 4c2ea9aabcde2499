/** @file Renames the tensors of a weight file: exact names, and rules with `*` for any text and `{i}` for a number. */
import { DataError, quote } from "./data-error.ts";

/** A part of the left side of a rule: text, or the name of an index. Stars are between segments. */
type Part = { readonly text: string } | { readonly index: string };
type Segment = readonly Part[];

/** A part of the right side: text, what the next `*` matched, or a sum of products of numbers and indices. */
type Piece = { readonly text: string } | "star" | { readonly sum: readonly Term[] };
interface Term {
  readonly sign: 1 | -1;
  readonly factors: readonly (number | string)[];
}

/** A new name, and the left side of the rule that gives it. */
export interface Renamed {
  readonly to: string;
  readonly from: string;
}

/** The most digits of a number that `{i}` matches: all of them are exact. */
const maxDigits = 15;

/**
 * Returns what renames a tensor, or leaves it alone. An exact name precedes all rules; then those apply first that have the most
 * text, then those with more indices, then the earlier ones.
 * @throws DataError for a rule that makes no sense
 */
export function renamer(rename: Readonly<Record<string, string>>): (name: string) => Renamed | undefined {
  const compiled = Object.entries(rename).map(([from, to]) => compileRule(from, to));
  const exact = new Set(compiled.filter(({ isExact }) => isExact).map(({ from }) => from));
  const rules = compiled
    .filter(({ isExact }) => !isExact)
    .toSorted((a, b) => b.length - a.length || b.indices - a.indices);
  return (name) => {
    if (exact.has(name)) return { to: rename[name]!, from: name };
    for (const { from, apply } of rules) {
      const to = apply(name);
      if (to !== undefined) return { to, from };
    }
    return undefined;
  };
}

/** Compiles one rule. @throws DataError */
export function compileRule(from: string, to: string) {
  const complain = (reason: string): never => {
    throw new DataError(`the renaming ${quote(from)} to ${quote(to)} ${reason}`);
  };
  // `features.{i}.` to `stages.{i}.` renames everything below.
  const isPrefix = from.endsWith(".") && to.endsWith(".");
  if (!isPrefix && (from.endsWith(".") || to.endsWith("."))) complain("ends with a dot on one side only");
  const [left, right] = isPrefix ? [`${from}*`, `${to}*`] : [from, to];
  const segments = left.split("*").map((text) => readSegment(text, complain));
  const parts = segments.flat();
  const indices = parts.flatMap((part) => ("index" in part ? [part.index] : []));
  const twice = indices.find((name, i) => indices.indexOf(name) < i);
  if (twice !== undefined) complain(`has {${twice}} twice on the left`);
  const pieces = readTemplate(right, indices, complain);
  const [given, used] = [segments.length - 1, pieces.filter((piece) => piece === "star").length];
  if (given !== used) complain(`has ${given} * on the left and ${used} on the right`);
  const apply = (name: string): string | undefined => {
    const found = match(segments, name);
    return found && write(pieces, found);
  };
  return {
    from,
    apply,
    isExact: segments.length === 1 && indices.length === 0,
    length: parts.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0),
    indices: indices.length,
  };
}

/** Reads text with indices in braces. */
function readSegment(text: string, complain: (reason: string) => never): Segment {
  const parts = text.split(/(\{[^{}]*\})/).flatMap((part): Part[] => {
    if (part === "") return [];
    const [, index] = /^\{\s*([A-Za-z_]\w*)\s*\}$/.exec(part) ?? [];
    if (index !== undefined) return [{ index }];
    if (/[{}]/.test(part)) complain(`has ${quote(part)} on the left, where only an index such as {i} can be in braces`);
    return [{ text: part }];
  });
  if (parts.some((part, i) => "index" in part && i > 0 && "index" in parts[i - 1]!))
    complain("has two indices side by side, which match in several ways");
  return parts;
}

function readTemplate(text: string, indices: readonly string[], complain: (reason: string) => never): Piece[] {
  return text.split(/(\*(?![^{}]*\})|\{[^{}]*\})/).flatMap((part): Piece[] => {
    if (part === "") return [];
    if (part === "*") return ["star"];
    if (!/[{}]/.test(part)) return [{ text: part }];
    return [{ sum: readSum(part, indices, complain) }];
  });
}

/** Reads `{i}`, `{i + 1}` or `{2 * i - j}`. */
function readSum(text: string, indices: readonly string[], complain: (reason: string) => never): Term[] {
  const product = String.raw`\w+(?:\s*\*\s*\w+)*`;
  const isSum = new RegExp(String.raw`^\{\s*${product}(?:\s*[-+]\s*${product})*\s*\}$`).test(text);
  if (!isSum) complain(`has ${quote(text)} on the right, where sums such as {i + 1} or {2 * i} can be in braces`);
  const items = text.slice(1, -1).match(/[-+]|[^-+]+/g) ?? [];
  const terms: Term[] = [];
  let sign: Term["sign"] = 1;
  for (const item of items) {
    if (item === "+" || item === "-") {
      sign = item === "+" ? 1 : -1;
      continue;
    }
    const factors = item.split("*").map((factor) => {
      const name = factor.trim();
      if (/^\d{1,15}$/.test(name)) return Number(name);
      if (!indices.includes(name)) complain(`uses ${quote(name)} on the right, which is no index on the left`);
      return name;
    });
    terms.push({ sign, factors });
  }
  return terms;
}

interface Found {
  readonly stars: readonly string[];
  readonly indices: ReadonlyMap<string, number>;
}

/** Matches a whole name. Each `*` is as short as possible. */
function match(segments: readonly Segment[], name: string): Found | undefined {
  const indices = new Map<string, number>();
  const stars: string[] = [];
  let at = matchAt(segments[0]!, name, 0, indices);
  if (segments.length === 1) return at === name.length ? { stars, indices } : undefined;
  for (const [i, segment] of segments.slice(1).entries()) {
    if (at === undefined) return undefined;
    const isLast = i === segments.length - 2;
    let start = at;
    let end: number | undefined;
    for (; start <= name.length; start++) {
      end = matchAt(segment, name, start, indices);
      if (end !== undefined && (!isLast || end === name.length || segment.length === 0)) break;
    }
    if (start > name.length || end === undefined) return undefined;
    // What follows the last `*` is at the end of the name.
    const stop: number = isLast && segment.length === 0 ? name.length : start;
    stars.push(name.slice(at, stop));
    at = end;
  }
  return { stars, indices };
}

/** Matches a segment at a place, notes its indices, and returns where it ends. */
function matchAt(segment: Segment, name: string, start: number, indices: Map<string, number>): number | undefined {
  let at = start;
  for (const [i, part] of segment.entries()) {
    if ("text" in part) {
      if (!name.startsWith(part.text, at)) return undefined;
      at += part.text.length;
      continue;
    }
    // A `*` does not take the first digits of a number.
    if (i === 0 && isDigit(name[at - 1])) return undefined;
    let end = at;
    while (isDigit(name[end]) && end - at <= maxDigits) end++;
    const digits = name.slice(at, end);
    if (digits === "" || digits.length > maxDigits || (digits.length > 1 && digits.startsWith("0"))) return undefined;
    indices.set(part.index, Number(digits));
    at = end;
  }
  return at;
}

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= "0" && character <= "9";

/** Writes the new name; undefined if a number would be negative or too large. */
function write(pieces: readonly Piece[], { stars, indices }: Found): string | undefined {
  let next = 0;
  let text = "";
  for (const piece of pieces) {
    if (piece === "star") text += stars[next++]!;
    else if ("text" in piece) text += piece.text;
    else {
      const number = piece.sum.reduce((sum, { sign, factors }) => sum + sign * product(factors, indices), 0);
      if (number < 0 || !Number.isSafeInteger(number)) return undefined;
      text += String(number);
    }
  }
  return text;
}

function product(factors: readonly (number | string)[], indices: ReadonlyMap<string, number>): number {
  return factors.reduce<number>((all, factor) => all * (typeof factor === "string" ? indices.get(factor)! : factor), 1);
}
