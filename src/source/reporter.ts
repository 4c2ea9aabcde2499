/** @file Collects the diagnostics of one compilation. Reporting an unknown code or omitting a hole is a type error. */
import { catalogue, type Code, type Holes } from "./catalogue/catalogue.ts";
import type { Details, Diagnostic, Entry } from "./diagnostic.ts";
import { shortened } from "./shorten.ts";
import type { SourceFile, Span } from "./source.ts";

/** Creates a diagnostic from a catalogue entry. */
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
    message: shortened(entry.message.render(args)),
    labels: (details.labels ?? []).map((label) => ({ ...label, text: shortened(label.text) })),
    notes: (details.notes ?? [])
      .map((note) => (typeof note === "string" ? { text: note } : note))
      .map((note) => ({ ...note, text: shortened(note.text) })),
    helps: (details.helps ?? [])
      .map((help) => (typeof help === "string" ? { text: help } : help))
      .map((help) => ({
        ...help,
        text: shortened(help.text),
        ...(help.code === undefined ? {} : { code: shortened(help.code) }),
      })),
  };
}

/** Collects the diagnostics that the stages of a compilation report. */
export class Reporter {
  readonly diagnostics: Diagnostic[] = [];

  /** Reports a diagnostic once: the same code at the same span is one mistake, however many worlds or uses it occurs in. */
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
    if (found.span !== undefined) {
      const { source, start, end } = found.span;
      const places = this.#reported.get(source) ?? new Set();
      const place = `${found.severity} ${found.code} ${start} ${end}`;
      if (places.has(place)) return;
      this.#reported.set(source, places.add(place));
    }
    this.diagnostics.push(found);
  }

  /** The codes and offsets reported so far. */
  readonly #reported = new Map<SourceFile, Set<string>>();

  /** The number of errors reported, including duplicates. */
  errors = 0;

  get failed(): boolean {
    return this.errors > 0;
  }
}
