/** @file Names of values and nodes: any text, each once. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #reserved = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** Keeps a name for `takeReserved`. */
  reserve(name: string): void {
    this.#reserved.add(name);
  }

  /** The name that is wished for, or one like it. Values and nodes share their names, which ONNX does not ask for. */
  take(wish: string): string {
    return this.#first(wish, (name) => !this.#taken.has(name) && !this.#reserved.has(name));
  }

  /** The same, for who reserved the name. */
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
