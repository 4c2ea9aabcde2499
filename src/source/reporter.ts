/** @file Collects diagnostics of one compilation; reporting an unknown code or leaving out a hole does not compile. */
import { catalogue, type Code, type Holes } from "./catalogue/catalogue.ts";
import type { Details, Diagnostic, Entry } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** Makes a diagnostic of a catalogue entry. */
export function diagnostic<C extends Code>(
  code: C,
  span: Span | undefined,
  args: Readonly<Record<Holes<C>, string>>,
  details: Details = {},
): Diagnostic {
  const entry: Entry = catalogue[code];
  return {
    code,
    severity: details.severity ?? entry.severity,
    span,
    message: entry.message.render(args),
    labels: details.labels ?? [],
    notes: (details.notes ?? []).map((note) => (typeof note === "string" ? { text: note } : note)),
    helps: (details.helps ?? []).map((help) => (typeof help === "string" ? { text: help } : help)),
  };
}

/** Where a stage puts its diagnostics. */
export class Reporter {
  readonly diagnostics: Diagnostic[] = [];

  /** Reports once: the same code at the same place is one mistake, however many worlds or uses meet it. */
  report<C extends Code>(
    code: C,
    span: Span | undefined,
    args: Readonly<Record<Holes<C>, string>>,
    details: Details = {},
  ): void {
    this.add(diagnostic(code, span, args, details));
  }

  add(found: Diagnostic): void {
    if (found.severity === "error") this.errors++;
    const same = (other: Diagnostic) =>
      other.code === found.code &&
      other.span !== undefined &&
      other.span.source === found.span?.source &&
      other.span.start === found.span.start &&
      other.span.end === found.span.end;
    if (!this.diagnostics.some(same)) this.diagnostics.push(found);
  }

  /** How many errors were reported, repeated ones included. */
  errors = 0;

  get failed(): boolean {
    return this.errors > 0;
  }
}
