/** @file JavaScript names: the author's if possible, unique, and never a word with another meaning. */

/** Reserved in modules, or used by the generated code. `__proto__` as a key would set a prototype. */
const taken =
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for " +
  "function if implements import in instanceof interface let new null package private protected public return static super switch " +
  "this throw true try typeof var void while with yield tf model Array Math Infinity NaN undefined Object __proto__";

/** The names of one scope. */
export class Names {
  readonly #taken: Set<string>;
  /** The next number to try for each name. */
  readonly #next = new Map<string, number>();

  constructor(outer: Iterable<string> = []) {
    this.#taken = new Set([...taken.split(" "), ...outer]);
  }

  /** Returns `wish`, or a similar name that this scope does not have yet. */
  take(wish: string): string {
    const base = identifier(wish);
    const separator = /\d$/.test(base) ? "_" : "";
    let count = this.#next.get(base) ?? 1;
    let name = base;
    while (this.#taken.has(name)) name = `${base}${separator}${++count}`;
    this.#next.set(base, count);
    this.#taken.add(name);
    return name;
  }
}

/** Returns `blocks_0_conv` for `blocks.0.conv`. */
function identifier(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9_$]+/g, "_");
  return /^[A-Za-z_$]/.test(safe) ? safe : `_${safe}`;
}

/** Returns `convTranspose` for `conv_transpose`. */
export function camelCase(text: string): string {
  return text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns a key of an object literal, a destructuring pattern or a type. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) && name !== "__proto__" ? name : JSON.stringify(name);
}
