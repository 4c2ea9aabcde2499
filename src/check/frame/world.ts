/** @file One world of a block: a choice for every enum, and for every condition that the signature leaves open. */
import type { Weight } from "../../ir/graph.ts";
import type { Call, WeightStmt } from "../../parser/ast.ts";
import type { Facts } from "../../sizes/facts.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { Reporter } from "../../source/reporter.ts";
import type { Span } from "../../source/source.ts";

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** An undecided condition of which this world took one side. */
export interface Assumption {
  readonly op: Comparison;
  readonly a: Size;
  readonly b: Size;
}

/** What a block needs of its caller, found by checking its body: sizes are over its signature. */
export type Requirement = {
  /** Where it comes from: `linear(c: c / r)` at a place. */
  readonly origin: { readonly text: string; readonly span: Span };
  /** Only under these; all of them, for they are the assumptions of one world. */
  readonly when: readonly Assumption[];
} & (
  | { readonly kind: "divides"; readonly divisor: Size; readonly dividend: Size }
  | { readonly kind: "at-least"; readonly size: Size; readonly least: Size; readonly what: string }
  /** Must be known when a model is built. */
  | { readonly kind: "build-time"; readonly size: Size; readonly use: BuildTimeUse }
);

export type BuildTimeUse =
  | { readonly kind: "weight"; readonly path: string }
  | { readonly kind: "repeat" }
  | { readonly kind: "condition" }
  | { readonly kind: "attribute"; readonly name: string };

/** A weight of a world; not `always` where only some worlds of a called block have it. */
export interface OwnedWeight {
  readonly weight: Weight;
  readonly always: boolean;
}

/** What claimed a path first. */
export interface Owner {
  readonly site: Call | WeightStmt;
  readonly shape: string;
  /** The call of the layer for which it was claimed. */
  readonly use?: Span | undefined;
}

export class World {
  /** The choice of every enum and bool parameter. */
  readonly choices: ReadonlyMap<string, string>;
  assumptions: readonly Assumption[];
  /** For every open condition that was met: the assumptions of the world that takes its other side. */
  readonly others: (readonly Assumption[])[] = [];
  /** Grows with every requirement that was put to the caller. */
  facts: Facts;
  readonly requirements: Requirement[] = [];
  readonly reporter = new Reporter();
  /** Who owns a weight path, and with which shape. */
  readonly owners = new Map<string, Owner>();
  /** In order of evaluation. */
  readonly weights: OwnedWeight[] = [];
  /** Operators applied so far; bounded. */
  operators = 0;

  constructor(choices: ReadonlyMap<string, string>, assumptions: readonly Assumption[], facts: Facts) {
    this.choices = choices;
    this.assumptions = assumptions;
    this.facts = facts;
  }

  /** Takes one side of an open condition for all that follows, the side where it holds if that can be. */
  fork(sizes: Sizes, condition: Assumption): boolean {
    const { op, a, b } = condition;
    const other = { op: opposite[op], a, b };
    const before = this.assumptions;
    // What the facts cannot express is asked again.
    const asked = before.find((earlier) => earlier.a === a && earlier.b === b && [op, other.op].includes(earlier.op));
    if (asked !== undefined) return asked.op === op;
    const facts = assume(sizes, this.facts, condition);
    if (facts !== "impossible") this.others.push([...before, other]);
    const taken = facts === "impossible" ? assume(sizes, this.facts, other) : facts;
    if (taken !== "impossible") this.facts = taken;
    this.assumptions = [...before, facts === "impossible" ? other : condition];
    return facts !== "impossible";
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.reporter.diagnostics;
  }
}

export const opposite: Readonly<Record<Comparison, Comparison>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};

/** The facts with a comparison added; "impossible" if it cannot hold. */
export function assume(sizes: Sizes, facts: Facts, { op, a, b }: Assumption): Facts | "impossible" {
  const one = sizes.int(1);
  switch (op) {
    case "==":
      return facts.equal(a, b);
    case "!=":
      return facts.different(a, b);
    case ">=":
      return facts.atLeast(a, b);
    case "<=":
      return facts.atLeast(b, a);
    case ">":
      return facts.atLeast(a, sizes.add(b, one));
    case "<":
      return facts.atLeast(b, sizes.add(a, one));
  }
}

/** Whether a comparison holds; undefined where it depends. */
export function decide(sizes: Sizes, facts: Facts, { op, a, b }: Assumption): boolean | undefined {
  const one = sizes.int(1);
  const atLeast = (x: Size, y: Size): boolean | undefined => {
    const { kind } = facts.isAtLeast(x, y);
    return kind === "yes" ? true : kind === "no" ? false : undefined;
  };
  switch (op) {
    case "==":
    case "!=": {
      const { kind } = facts.compare(a, b);
      if (kind === "unknown") return undefined;
      return (kind === "equal") === (op === "==");
    }
    case ">=":
      return atLeast(a, b);
    case "<=":
      return atLeast(b, a);
    case ">":
      return atLeast(a, sizes.add(b, one));
    case "<":
      return atLeast(b, sizes.add(a, one));
  }
}
