/** @file A check that takes too many steps, and where in the text it does. */
import { TooManySteps } from "../../sizes/pool.ts";
import type { Span } from "../../source/source.ts";
import type { Frame } from "./frame.ts";

/** The most steps that checking one block may take: half a second. Hand-written blocks take a few thousand. */
export const checkLimit = 100_000;

/** The most steps that building one model may take, which checks every block that it inlines. */
export const buildLimit = 300_000;

/** Ends the check of a block, and of those that call it. */
export class TooLong extends Error {
  override readonly name = "TooLong";
  readonly span: Span;

  constructor(span: Span) {
    super("this takes too many steps to check");
    this.span = span;
  }
}

/** Does the work for one part of a block's text. If it is too much, names that part; in an inlined block, its call. */
export function within<T>(frame: Frame, span: Span, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TooManySteps && frame.caller === undefined ? new TooLong(span) : error;
  }
}
