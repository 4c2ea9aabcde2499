/** @file The requirements of an operator on the world it is used in: three kinds of obligations, and complaints. */
import type { Size } from "../sizes/size.ts";
import type { Code, Holes } from "../source/catalogue/catalogue.ts";
import type { Details } from "../source/diagnostic.ts";
import type { Axis } from "./type.ts";

/** The subject of an obligation or a complaint. The caller that made the operator knows where it is in the text. */
export interface About {
  /** Index of a tensor input, or two whose sizes must agree. */
  readonly inputs?: readonly number[];
  readonly attribute?: string;
  readonly axis?: Axis;
  /** The sizes are numbers of elements. If two must be equal, they are those before and after. */
  readonly elements?: true;
  /** The reason for the requirement, if its numbers do not explain themselves. */
  readonly why?: string;
  /** For an attribute that divides a size: the other sizes that it must divide as well. */
  readonly dividesToo?: readonly Size[];
  /** The size is a divisor. */
  readonly divisor?: true;
}

/** Decides obligations. Proved ones pass, refuted ones are reported, and open ones go into a signature or an entry guard. */
export interface Obligations {
  /** The author's name for the operator (`+`); the operator's own name by default. */
  readonly callee?: string;
  equal(a: Size, b: Size, about: About): void;
  /** `divisor` divides `dividend`. */
  divides(divisor: Size, dividend: Size, about: About): void;
  /** `size >= least`. */
  atLeast(size: Size, least: Size, about: About): void;
  report<C extends Code>(code: C, args: Readonly<Record<Holes<C>, string>>, about: About, details?: Details): void;
}

/** Thrown by `complain` and caught where the operator's type is computed. The result of the operator is then unknown. */
export class Complaint extends Error {}
