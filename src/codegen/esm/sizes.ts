/** @file Sizes as JavaScript expressions over the guard's variables. */
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** An expression and its precedence: 1 for a sum, 2 for a product, 3 if it never needs parentheses. */
interface Expression {
  readonly text: string;
  readonly binds: 1 | 2 | 3;
}

const within = ({ text, binds }: Expression, least: number): string => (binds < least ? `(${text})` : text);
const call = (name: string, a: Expression, b: Expression): Expression => ({
  text: `Math.${name}(${within(a, 2)} / ${within(b, 3)})`,
  binds: 3,
});

/**
 * Returns `4`, `h`, `Math.ceil(h / 2)`. Exact for sizes below 2^50, where a quotient of integers rounds to the correct
 * side of an integer.
 */
export function sizeText(sizes: Sizes, size: Size, name: (variable: SizeVar) => string): string {
  return sizes.fold<Expression>(size, {
    int: (n) => ({ text: String(n), binds: n < 0n ? 1 : 3 }),
    variable: (variable) => ({ text: name(variable), binds: 3 }),
    add: (a, b) => ({ text: `${a.text} + ${within(b, 1)}`, binds: 1 }),
    sub: (a, b) => ({ text: `${a.text} - ${within(b, 2)}`, binds: 1 }),
    mul: (a, b) => ({ text: `${within(a, 2)} * ${within(b, 3)}`, binds: 2 }),
    divide: (a, b) => ({ text: `${within(a, 2)} / ${within(b, 3)}`, binds: 2 }),
    floor: (a, b) => call("floor", a, b),
    ceil: (a, b) => call("ceil", a, b),
  }).text;
}
