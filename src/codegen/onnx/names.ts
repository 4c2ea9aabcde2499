/** @file Unique names of values and nodes. Any text is allowed. */
export class Names {
  /** ONNX Runtime returns results in a plain object, which cannot hold this one. */
  readonly #taken = new Set(["__proto__"]);
  readonly #reserved = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** Reserves a name for `takeReserved`. */
  reserve(name: string): void {
    this.#reserved.add(name);
  }

  /**
   * Returns the requested name, or a similar one. Values and nodes share a namespace, though ONNX does not require it.
   */
  take(wish: string): string {
    return this.#first(wish, (name) => !this.#taken.has(name) && !this.#reserved.has(name));
  }

  /** Like `take`, for the caller that reserved the name. */
  takeReserved(wish: string): string {
    if (this.#taken.has(wish)) return this.take(wish);
    this.#taken.add(wish);
    return wish;
  }

  #first(wish: string, isFree: (name: string) => boolean): string {
    let name = wish;
    for (let count = this.#counts.get(wish) ?? 1; !isFree(name); count++) {
      name = `${wish}_${count}`;
      this.#counts.set(wish, count + 1);
    }
    this.#taken.add(name);
    return name;
  }
}
