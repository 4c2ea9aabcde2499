/** @file What a diagnostic is, and what an entry of the catalogue says about a kind of diagnostic. */
import type { Span } from "./source.ts";
import type { Template } from "./template.ts";

export type Severity = "error" | "warning";

/** One kind of diagnostic. Messages start in lower case and end without a full stop; code stands in backticks. */
export interface Entry<K extends string = string> {
  readonly severity: Severity;
  readonly message: Template<K>;
  /** Markdown: when it is reported, why the rule exists, how to fix it. */
  readonly explain: string;
  /** A program that is reported exactly once with this code and nothing else; several files start with `// file: NAME`. */
  readonly bad?: string;
  /** The same program repaired: no diagnostics. */
  readonly good?: string;
}

/** Entries about programs must show a program that is wrong and the one that is right; a test runs both. */
export interface ProgramEntry<K extends string = string> extends Entry<K> {
  readonly bad: string;
  readonly good: string;
}

/** Something said under the operand or the place it is about. */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** A line after `=`; if it has a span, its place is printed behind it. */
export interface Note {
  readonly text: string;
  readonly span?: Span;
}

export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** One thing to do. `code` is shown beside the text; `edits`, if present, do it. */
export interface Help {
  readonly text: string;
  readonly code?: string;
  readonly edits?: readonly Edit[];
}

/** What a report may add to its message. */
export interface Details {
  /** Where one use of a kind is graver than the others. */
  readonly severity?: Severity;
  readonly labels?: readonly Label[];
  readonly notes?: readonly (Note | string)[];
  readonly helps?: readonly (Help | string)[];
}

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** Absent for what is not about a source text (a missing file, a wrong setting). */
  readonly span: Span | undefined;
  readonly message: string;
  readonly labels: readonly Label[];
  readonly notes: readonly Note[];
  /** At most two are shown. */
  readonly helps: readonly Help[];
}
