/** @file What a primitive's emitter throws where a format cannot express what is asked for; emission turns it into a diagnostic. */
export class Refusal extends Error {
  /** Why, as a person should read it. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
