/** @file The place where an operator is applied, for use in messages. */
import type { Value } from "../../ir/graph.ts";
import type { Span } from "../../source/source.ts";
import type { Frame } from "./frame.ts";

/** An application of an operator in the source. */
export interface Site {
  readonly frame: Frame;
  /** The primary span: the operator's symbol or name. */
  readonly span: Span;
  /** The whole expression. */
  readonly whole: Span;
  /** As the author writes it: `+`, `conv`. */
  readonly callee: string;
  readonly inputs: readonly { readonly span: Span; readonly value: Value }[];
  readonly attributes: ReadonlyMap<string, Span>;
}
