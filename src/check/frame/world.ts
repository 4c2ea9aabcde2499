/** @file One world of a block: a choice for every enum, and for every condition that the signature leaves open. */
import type { Weight } from "../../ir/graph.ts";
import type { Call, WeightStmt } from "../../parser/ast.ts";
import type { Facts } from "../../sizes/facts.ts";
import { isSame, negate, type Comparable, type Relation } from "../../sizes/relation.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { Reporter } from "../../source/reporter.ts";
import type { Span } from "../../source/source.ts";
import type { Labelled } from "../text/labels.ts";

/** What a block requires of its caller, found by checking its body. Sizes are those of its signature. */
export interface Requirement {
  readonly relation: AskedRelation | KnownSize;
  /** The thing whose size must be large enough: "axis `h` of the result". */
  readonly what?: string;
  /** The reason for it, if its numbers do not explain themselves. */
  readonly note?: string;
  /** Where the requirement comes from: `linear(c: c / r)` and its place. */
  readonly origin: { readonly text: string; readonly span: Span };
  /** The requirement applies only if all of these hold. They are the assumptions of one world. */
  readonly when: readonly Relation[];
}

/** A relation that a caller may have to satisfy without a declaration. Equalities must be declared. */
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

/** A weight of a world. Not `always` if only some worlds of a called block have it. */
export interface OwnedWeight {
  readonly weight: Weight;
  readonly always: boolean;
}

/** The first place that claimed a path. */
export interface Owner {
  readonly site: Call | WeightStmt;
  readonly shape: string;
  /** The call of the layer that claimed it. */
  readonly use?: Span | undefined;
}

/** One repetition of a `repeat`, or any of them if their number is not known. */
export interface Repetition {
  /** The name of the index. */
  readonly index: string | undefined;
  /** The index of any repetition, from 0. */
  readonly variable: SizeVar;
  /** The number of repetitions. */
  readonly count: Size;
  /** The index of this one: a number, or the variable. */
  readonly copy: Size;
}

/** The numbers in the label of a call or chain, in the indices of the repetitions around it. */
export interface Numbered {
  readonly node: Labelled;
  /** The path, with `{}` in place of each number. */
  readonly text: string;
  readonly numbers: readonly Size[];
  readonly repetitions: readonly Repetition[];
}

/** The numbers that a label has taken. */
export interface Claim {
  readonly whole: Numbered;
  /** With the indices that are known, and only the repetitions whose number is not. */
  readonly own: Numbered;
}

/** The labels with one text: by their path if all numbers are known, and the others. */
interface Claims {
  readonly known: Map<string, Claim>;
  readonly open: Claim[];
}

export class World {
  /** The choice of every enum and bool parameter. */
  readonly choices: ReadonlyMap<string, string>;
  /** The open conditions met so far, each as the side that this world took. */
  assumptions: readonly Relation[];
  /** For every open condition met so far, the assumptions of the world that takes the other side. */
  readonly others: (readonly Relation[])[] = [];
  /** Grows with every obligation passed on to the caller. */
  facts: Facts;
  readonly requirements: Requirement[] = [];
  readonly reporter = new Reporter();
  /** The owner of each weight path, with the weight's shape. */
  readonly owners = new Map<string, Owner>();
  /** The labels with numbers so far, by the path with `{}` in place of each number. */
  readonly numbered = new Map<string, Claims>();
  /** The sums in the weights' paths whose value the caller knows, by their texts: `{first + 1}`. */
  readonly sums = new Map<string, Size>();
  /** In order of evaluation. */
  readonly weights: OwnedWeight[] = [];
  /** The number of operators and blocks called so far, which is limited. */
  calls = 0;

  /** The requirements so far, as text. */
  readonly #required = new Set<string>();

  constructor(choices: ReadonlyMap<string, string>, assumptions: readonly Relation[], facts: Facts) {
    this.choices = choices;
    this.assumptions = assumptions;
    this.facts = facts;
  }

  /** Takes one side of an open condition from here on: the side where it holds, if that is possible. */
  fork(sizes: Sizes, condition: Comparable): boolean {
    const other = negate(sizes, condition);
    const before = this.assumptions;
    // A condition that the facts cannot express comes up again.
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

  /** Passes a requirement on to the caller, once: blocks that call each other twice would double it at every level. */
  require(requirement: Requirement): void {
    const { relation, when } = requirement;
    const key = [relation, ...when].map((one) => (one.op === "known" ? keyOfKnown(one) : keyOf(one))).join();
    if (this.#required.has(key)) return;
    this.#required.add(key);
    this.requirements.push(requirement);
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.reporter.diagnostics;
  }
}

const keyOf = ({ op, a, b }: Relation): string => `${a.id} ${op} ${b.id}`;

/** All weights need the same of a size. */
function keyOfKnown({ size, use }: KnownSize): string {
  return `${size.id} ${use.kind} ${use.kind === "attribute" ? use.name : ""}`;
}
