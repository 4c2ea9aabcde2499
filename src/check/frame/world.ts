/** @file One world of a block: a choice for every enum, and for every condition that the signature leaves open. */
import type { Weight } from "../../ir/graph.ts";
import type { Call, WeightStmt } from "../../parser/ast.ts";
import type { Facts } from "../../sizes/facts.ts";
import { isSame, negate, type Comparable, type Relation } from "../../sizes/relation.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { Reporter } from "../../source/reporter.ts";
import type { Span } from "../../source/source.ts";

/** What a block needs of its caller, found by checking its body: sizes are over its signature. */
export interface Requirement {
  readonly relation: AskedRelation | KnownSize;
  /** What has the size that is to be large enough, in words: "axis `h` of the result". */
  readonly what?: string;
  /** Where it comes from: `linear(c: c / r)` at a place. */
  readonly origin: { readonly text: string; readonly span: Span };
  /** Only under these; all of them, for they are the assumptions of one world. */
  readonly when: readonly Relation[];
}

/** What can be asked of a caller who was not told of it: equalities must be declared. */
export type AskedRelation = Relation & { readonly op: ">=" | "divides" };

/** A size that must be known when a model is built. */
export interface KnownSize {
  readonly op: "known";
  readonly size: Size;
  readonly use: BuildTimeUse;
}

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
  /** The undecided conditions that were met, each as the side that this world took. */
  assumptions: readonly Relation[];
  /** For every open condition that was met: the assumptions of the world that takes its other side. */
  readonly others: (readonly Relation[])[] = [];
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

  constructor(choices: ReadonlyMap<string, string>, assumptions: readonly Relation[], facts: Facts) {
    this.choices = choices;
    this.assumptions = assumptions;
    this.facts = facts;
  }

  /** Takes one side of an open condition for all that follows, the side where it holds if that can be. */
  fork(sizes: Sizes, condition: Comparable): boolean {
    const other = negate(sizes, condition);
    const before = this.assumptions;
    // What the facts cannot express is asked again.
    if (before.some((earlier) => isSame(earlier, condition))) return true;
    if (before.some((earlier) => isSame(earlier, other))) return false;
    const facts = this.facts.add(condition);
    const isPossible = facts !== "impossible";
    if (isPossible) this.others.push([...before, other]);
    const taken = isPossible ? facts : this.facts.add(other);
    if (taken !== "impossible") this.facts = taken;
    this.assumptions = [...before, isPossible ? condition : other];
    return isPossible;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.reporter.diagnostics;
  }
}
