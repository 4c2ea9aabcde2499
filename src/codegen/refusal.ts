/** @file Thrown by a primitive's emitter if a format cannot express a step. Emission turns it into a diagnostic. */
export class Refusal extends Error {
  /** Why, in words for the user. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
