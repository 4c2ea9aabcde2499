/** @file The place where an operator is applied, for messages about it. */
import type { Value } from "../../ir/graph.ts";
import type { Span } from "../../source/source.ts";
import type { Frame } from "./frame.ts";

/** Where an operator stands in the text. */
export interface Site {
  readonly frame: Frame;
  /** The primary place: the operator's sign or name. */
  readonly span: Span;
  /** The whole expression. */
  readonly whole: Span;
  /** As the author writes it: `+`, `conv`. */
  readonly callee: string;
  readonly inputs: readonly { readonly span: Span; readonly value: Value }[];
  readonly attributes: ReadonlyMap<string, Span>;
}
