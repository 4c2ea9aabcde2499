/** @file Names of values and nodes: any text, each once. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** The name that is wished for, or one like it. Values and nodes share their names, which ONNX does not ask for. */
  take(wish: string): string {
    if (!this.#taken.has(wish)) {
      this.#taken.add(wish);
      return wish;
    }
    for (let count = this.#counts.get(wish) ?? 1; ; count++) {
      const name = `${wish}_${count}`;
      if (this.#taken.has(name)) continue;
      this.#counts.set(wish, count + 1);
      this.#taken.add(name);
      return name;
    }
  }
}
