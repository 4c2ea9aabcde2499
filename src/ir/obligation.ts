/** @file What an operator asks of the world it is used in: the three obligations, and complaints. */
import type { Size } from "../sizes/size.ts";
import type { Code, Holes } from "../source/catalogue/catalogue.ts";
import type { Details } from "../source/diagnostic.ts";
import type { Axis } from "./type.ts";

/** What an obligation or a complaint is about; who made the operator knows where that stands in a text. */
export interface About {
  /** Index of a tensor input, or two whose sizes must agree. */
  readonly inputs?: readonly number[];
  readonly attribute?: string;
  readonly axis?: Axis;
  /** The sizes are numbers of elements; if two must be equal, before and after. */
  readonly elements?: true;
}

/** Decides obligations: proved ones pass, refuted ones are reported, open ones become part of a signature or of an entry guard. */
export interface Obligations {
  /** What the author calls the operator (`+`); its name unless told. */
  readonly callee?: string;
  equal(a: Size, b: Size, about: About): void;
  /** `divisor` divides `dividend`. */
  divides(divisor: Size, dividend: Size, about: About): void;
  /** `size >= least`. */
  atLeast(size: Size, least: Size, about: About): void;
  report<C extends Code>(code: C, args: Readonly<Record<Holes<C>, string>>, about: About, details?: Details): void;
}

/** Thrown by `complain` and caught where the operator's type is computed: the operator's result is then unknown. */
export class Complaint extends Error {}
