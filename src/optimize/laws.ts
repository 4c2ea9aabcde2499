/** @file What the search takes for true. One object, which tests replace to see that every wrong law is noticed. */
import { compose, joinOf, linearPart, partOf } from "./compose.ts";
import { exchange } from "./exchange.ts";

export interface Laws {
  /** When two operators may be exchanged. */
  readonly exchange: typeof exchange;
  /** Two maps by tensors as one. */
  readonly compose: typeof compose;
  /** The map of a part of an axis. */
  readonly partOf: typeof partOf;
  /** The map of several tensors joined along an axis. */
  readonly joinOf: typeof joinOf;
  /** A map without its constant. */
  readonly linearPart: typeof linearPart;
}

export const laws: Laws = { exchange, compose, partOf, joinOf, linearPart };
