/** @file Types of diagnostics and of catalogue entries, which describe kinds of diagnostics. */
import type { Span } from "./source.ts";
import type { Template } from "./template.ts";

export type Severity = "error" | "warning";

/** One kind of diagnostic. Messages start in lower case, have no final full stop, and put code in backticks. */
export interface Entry<K extends string = string> {
  readonly severity: Severity;
  /** Reported only if the author asks for hints. */
  readonly hint?: true;
  readonly message: Template<K>;
  /** Markdown that says when it is reported, why the rule exists, and how to fix it. */
  readonly explain: string;
  /** A program that is reported exactly once, with this code only. If it has several files, each starts with `# file: NAME`. */
  readonly bad?: string;
  /** The same program, fixed: it has no diagnostics. */
  readonly good?: string;
}

/** An entry about programs. It must show a wrong program and a fixed one; a test runs both. */
export interface ProgramEntry<K extends string = string> extends Entry<K> {
  readonly bad: string;
  readonly good: string;
}

/** A text under the span that it describes. */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** A line after `=`. If it has a span, its position is printed after the text. */
export interface Note {
  readonly text: string;
  readonly span?: Span;
}

export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** A suggested fix. `code` is shown next to the text; `edits`, if present, apply the fix. */
export interface Help {
  readonly text: string;
  readonly code?: string;
  readonly edits?: readonly Edit[];
}

/** What a report may add to the message. */
export interface Details {
  /** Overrides the severity of the entry. */
  readonly severity?: Severity;
  readonly labels?: readonly Label[];
  readonly notes?: readonly (Note | string)[];
  readonly helps?: readonly (Help | string)[];
}

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** Undefined if the diagnostic is not about source text, such as a missing file or a wrong setting. */
  readonly span: Span | undefined;
  readonly message: string;
  readonly labels: readonly Label[];
  readonly notes: readonly Note[];
  /** At most two are shown. */
  readonly helps: readonly Help[];
}
