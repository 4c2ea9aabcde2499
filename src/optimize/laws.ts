/** @file What the search takes for true. One object, which tests replace to see that every wrong law is noticed. */
import { after, before, compose, isOfMade, isOfView, joinOf, linearPart, partOf } from "./compose.ts";
import { ofConstant } from "./constants.ts";
import { contracted } from "./contract.ts";
import { exchange } from "./exchange.ts";

export interface Laws {
  /** When two operators may be exchanged. */
  readonly exchange: typeof exchange;
  /** Two maps by tensors as one. */
  readonly compose: typeof compose;
  /** When an operator after a map, or a view before it, can be part of that map. */
  readonly isOfMade: typeof isOfMade;
  readonly isOfView: typeof isOfView;
  /** The map with an operator after it. */
  readonly after: typeof after;
  /** The map with a view before it. */
  readonly before: typeof before;
  /** A sum of a product as one `dot`. */
  readonly contracted: typeof contracted;
  /** What a linear map makes of a constant. */
  readonly ofConstant: typeof ofConstant;
  /** The map of a part of an axis. */
  readonly partOf: typeof partOf;
  /** The map of several tensors joined along an axis. */
  readonly joinOf: typeof joinOf;
  /** A map without its constant. */
  readonly linearPart: typeof linearPart;
}

export const laws: Laws = {
  exchange,
  compose,
  isOfMade,
  isOfView,
  after,
  before,
  contracted,
  ofConstant,
  partOf,
  joinOf,
  linearPart,
};
