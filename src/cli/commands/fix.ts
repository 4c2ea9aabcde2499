/** @file `fuse check --fix`: applies suggested fixes, as long as they do not make the program worse. */
import { phases } from "../../source/catalogue/catalogue.ts";
import type { Diagnostic, Edit } from "../../source/diagnostic.ts";
import { applyEdits } from "../../source/edits.ts";
import { placeOf } from "../../source/source.ts";
import { helpText } from "../terminal/diagnostic-json.ts";

/** A text with its diagnostics. */
export interface Checked {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What was done, and where in the text at that moment: `net.fuse:4:15`. */
export interface Fix {
  readonly place: string;
  readonly code: string;
  /** The help that was applied. */
  readonly help: string;
}

export interface Fixed extends Checked {
  readonly fixes: readonly Fix[];
}

/** A fix may enable another. Fixes that still change something after this many rounds would never end. */
const maxRounds = 10;

interface Candidate {
  readonly fix: Fix;
  readonly edits: readonly Edit[];
}

/**
 * Applies the first applicable help of every diagnostic that changes only the file `path`, and repeats until there is
 * none. `check` returns the diagnostics of a text.
 */
export function fixText(path: string, before: Checked, check: (text: string) => readonly Diagnostic[]): Fixed {
  let now: Fixed = { ...before, fixes: [] };
  const seen = new Set([before.text]);
  /** Applies some of the candidates, unless the resulting text was seen before or is worse. */
  const attempt = (candidates: readonly Candidate[]): boolean => {
    const text = applyEdits(
      now.text,
      candidates.flatMap(({ edits }) => edits),
    );
    if (seen.has(text)) return false;
    seen.add(text);
    const diagnostics = check(text);
    if (isWorse(diagnostics, now.diagnostics)) return false;
    now = { text, diagnostics, fixes: [...now.fixes, ...candidates.map(({ fix }) => fix)] };
    return true;
  };
  for (let round = 0; round < maxRounds; round++) {
    const candidates = compatible(path, now.diagnostics);
    if (candidates.length === 0) break;
    // If they cannot be applied together, apply the first one that can be.
    if (!attempt(candidates) && !candidates.some((candidate) => attempt([candidate]))) break;
  }
  return now;
}

/** Returns the first fix of each diagnostic, without those that conflict with an earlier one. */
function compatible(path: string, diagnostics: readonly Diagnostic[]): Candidate[] {
  const chosen: Candidate[] = [];
  for (const { code, span, helps } of diagnostics) {
    const help = helps.find(({ edits }) => edits !== undefined && edits.length > 0);
    if (help?.edits === undefined || span === undefined) continue;
    const { edits } = help;
    if (edits.some((edit) => edit.span.source.path !== path)) continue;
    if (chosen.some((other) => other.edits.some((a) => edits.some((b) => meet(a, b))))) continue;
    chosen.push({ fix: { place: placeOf(span), code, help: helpText(help) }, edits });
  }
  return chosen;
}

/** Whether two edits overlap, or insert at the same place. */
function meet({ span: a }: Edit, { span: b }: Edit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

/** Mistakes of one of these kinds hide mistakes of the kinds after it, which appear when they are mended. */
const kinds = [{ ...phases.lexical, ...phases.syntax }, phases.imports, phases.names, phases.calls, phases.types];

/**
 * Whether there are more errors of the first kind of which the number differs. After a mistake in the syntax is mended, the
 * block around it is checked, so more errors of later kinds are no reason to keep the mistake.
 */
function isWorse(after: readonly Diagnostic[], before: readonly Diagnostic[]): boolean {
  const [now, then] = [errors(after), errors(before)];
  const changed = now.findIndex((count, kind) => count !== then[kind]);
  return changed >= 0 && now[changed]! > then[changed]!;
}

/** Counts the errors of each kind, and last those of no kind. */
function errors(diagnostics: readonly Diagnostic[]): readonly number[] {
  const kindOf = (code: string) => kinds.findIndex((kind) => Object.hasOwn(kind, code));
  const found = diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => kindOf(code));
  return [...kinds.keys(), -1].map((kind) => found.filter((one) => one === kind).length);
}
