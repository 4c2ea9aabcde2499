/** @file Sizes and facts written as text, for tests: `ceil((h + 2)/s)`, `h = 32*i`, `r | c`, `h != w`, `h >= 3`. */
import { Facts } from "../../src/sizes/facts.ts";
import type { Size, SizeVar } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";

/** Variables are introduced in the order of first use. Capitals are known at build time; `z0` may be 0. */
export class SizeText {
  readonly sizes = new Sizes();
  readonly variables = new Map<string, SizeVar>();

  variable(name: string): SizeVar {
    let v = this.variables.get(name);
    if (v === undefined) {
      const time = name === name.toUpperCase() ? "build" : "run";
      v = this.sizes.variable(name, { lower: name === "z0" ? 0n : 1n, time });
      this.variables.set(name, v);
    }
    return v;
  }

  size(text: string): Size {
    const tokens = text.match(/\d+|\w+|[-+*/%()]/g) ?? [];
    let at = 0;
    const take = (token: string): boolean => tokens[at] === token && ++at > 0;
    const { sizes } = this;
    const sum = (): Size => {
      let a = product();
      for (;;) {
        if (take("+")) a = sizes.add(a, product());
        else if (take("-")) a = sizes.sub(a, product());
        else return a;
      }
    };
    const product = (): Size => {
      let a = unary();
      for (;;) {
        if (take("*")) a = sizes.mul(a, unary());
        else if (take("/")) a = sizes.divide(a, unary());
        else if (take("%")) a = sizes.mod(a, unary());
        else return a;
      }
    };
    const unary = (): Size => (take("-") ? sizes.neg(unary()) : primary());
    const primary = (): Size => {
      const token = tokens[at++] ?? "";
      if (token === "(") return closed(sum());
      if (token === "floor" || token === "ceil") {
        at++;
        const a = unary();
        if (!take("/")) throw new Error(`${token} without division in ${text}`);
        return closed(sizes[token](a, unary()));
      }
      return /^\d/.test(token) ? sizes.int(BigInt(token)) : sizes.of(this.variable(token));
    };
    const closed = (s: Size): Size => {
      if (!take(")")) throw new Error(`unclosed bracket in ${text}`);
      return s;
    };
    const result = sum();
    if (at !== tokens.length) throw new Error(`${tokens[at]} is not expected in ${text}`);
    return result;
  }

  print(text: string): string {
    return this.sizes.print(this.size(text));
  }

  /** Returns the facts, or "impossible" as soon as they contradict each other. */
  tryFacts(...texts: readonly string[]): Facts | "impossible" {
    let facts: Facts | "impossible" = new Facts(this.sizes);
    for (const text of texts) {
      const [left = "", operator, right = ""] = text.split(/(!=|>=|=|\|)/);
      const [a, b] = [this.size(left), this.size(right)];
      const op = operator === "=" ? "==" : operator === "!=" || operator === ">=" ? operator : "divides";
      facts = facts.add({ op, a, b });
      if (facts === "impossible") break;
    }
    return facts;
  }

  facts(...texts: readonly string[]): Facts {
    const facts = this.tryFacts(...texts);
    if (facts === "impossible") throw new Error(`${texts.join(", ")} is impossible`);
    return facts;
  }
}

/** Returns what is known about the order of two sizes. */
export function compare(facts: Facts, a: Size, b: Size): "equal" | "less" | "greater" | "different" | "unknown" {
  const { verdict } = facts.decide({ op: "==", a, b });
  if (verdict !== "no") return verdict === "yes" ? "equal" : verdict;
  if (facts.decide({ op: ">=", a, b }).verdict === "yes") return "greater";
  return facts.decide({ op: ">=", a: b, b: a }).verdict === "yes" ? "less" : "different";
}
