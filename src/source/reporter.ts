/** @file Collects diagnostics of one compilation; reporting an unknown code or leaving out a hole does not compile. */
import { catalogue, type Code, type Holes } from "./catalogue/catalogue.ts";
import type { Details, Diagnostic, Entry } from "./diagnostic.ts";
import { shortened } from "./shorten.ts";
import type { SourceFile, Span } from "./source.ts";

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
    if (found.span !== undefined) {
      const { source, start, end } = found.span;
      const places = this.#reported.get(source) ?? new Set();
      const place = `${found.code} ${start} ${end}`;
      if (places.has(place)) return;
      this.#reported.set(source, places.add(place));
    }
    this.diagnostics.push(found);
  }

  /** What was reported where: codes with offsets. */
  readonly #reported = new Map<SourceFile, Set<string>>();

  /** How many errors were reported, repeated ones included. */
  errors = 0;

  get failed(): boolean {
    return this.errors > 0;
  }
}
