/** @file Checks a block for itself: every world, with its results and what it needs of its caller; and calls by such summaries. */
import type { Input, Value } from "../ir/graph.ts";
import type { Size, SizeVar } from "../ir/size.ts";
import { tensorType, type Axis, type TensorType } from "../ir/type.ts";
import type { Call } from "../parser/ast.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { textOf } from "../source/source.ts";
import { declaredResults, type Binding } from "./bind.ts";
import { runBody, type Returned } from "./body.ts";
import { claimPath } from "./apply.ts";
import { report, sizeText, typeText, type CallStrategy, type Context, type Frame } from "./frame.ts";
import type { Block } from "./modules.ts";
import { requireAtLeast, requireBuildTime, requireDivides, exampleNotes } from "./obligations.ts";
import { checkSolvable, openFrame, signatureVariables, symbolic } from "./open.ts";
import { unknown, type Val } from "./values.ts";
import { assume, decide, Fork, opposite, type Assumption, type Requirement } from "./world.ts";

/** Variants of one block that are visited. */
export const worldLimit = 256;

/** One world of a block, checked. */
export interface CheckedWorld {
  readonly choices: ReadonlyMap<string, string>;
  readonly assumptions: readonly Assumption[];
  /** Over the block's variables; undefined where a result's type is unknown. */
  readonly results: readonly (TensorType | undefined)[] | undefined;
  readonly requirements: readonly Requirement[];
  readonly diagnostics: readonly Diagnostic[];
}

export class Summaries {
  readonly #context: () => Context;
  readonly #worlds = new Map<string, CheckedWorld[]>();
  readonly #variables = new Map<Block, Map<string, SizeVar>>();
  readonly #keys = new Map<Block, number>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  variables(block: Block): Map<string, SizeVar> {
    let variables = this.#variables.get(block);
    if (variables === undefined)
      this.#variables.set(block, (variables = signatureVariables(this.#context(), this.#context().signature(block))));
    return variables;
  }

  /** The worlds of a block under a choice for every enum: one, or more where conditions on sizes stay open. */
  worlds(block: Block, choices: ReadonlyMap<string, string>): readonly CheckedWorld[] {
    if (!this.#keys.has(block)) this.#keys.set(block, this.#keys.size);
    const key = `${this.#keys.get(block)}|${[...choices].map((pair) => pair.join("=")).join()}`;
    let worlds = this.#worlds.get(key);
    if (worlds === undefined) this.#worlds.set(key, (worlds = this.#explore(block, choices)));
    return worlds;
  }

  #explore(block: Block, choices: ReadonlyMap<string, string>): CheckedWorld[] {
    const context = this.#context();
    const variables = this.variables(block);
    const found: CheckedWorld[] = [];
    const open: (readonly Assumption[])[] = [[]];
    while (open.length > 0) {
      const assumptions = open.pop()!;
      const opened = openFrame(context, {
        block,
        choices,
        assumptions,
        strategy: bySummary(this),
        variables,
        parameter: symbolic(context, variables, choices),
      });
      if (opened === undefined) continue;
      const { frame } = opened;
      try {
        checkSolvable(frame, variables);
        const results = runBody(frame);
        const declared = declaredResults(frame, opened.open);
        const types = results?.map(({ value }) => value?.type);
        if (results !== undefined && declared !== undefined) checkResults(frame, declared, results);
        found.push({
          choices,
          assumptions,
          results: declared ?? types,
          requirements: frame.world.requirements,
          diagnostics: frame.world.diagnostics,
        });
      } catch (error) {
        if (!(error instanceof Fork)) throw error;
        const { op, a, b } = error.condition;
        open.push([...assumptions, { op: opposite[op], a, b }], [...assumptions, error.condition]);
      }
      if (found.length + open.length > worldLimit) break;
    }
    return found;
  }
}

/** Body against declaration: number of results, dtype, axes, sizes. */
function checkResults(frame: Frame, declared: readonly (TensorType | undefined)[], found: readonly Returned[]): void {
  const block = frame.signature.decl.name.text;
  if (declared.length !== found.length) {
    report(frame, "wrong-result-count", found.at(-1)!.expr.span, {
      what: `\`${block}\``,
      found: `${found.length} ${found.length === 1 ? "result" : "results"}`,
      expected: `${declared.length} ${declared.length === 1 ? "is" : "are"}`,
    });
    return;
  }
  for (const [i, type] of declared.entries()) {
    const { value, expr } = found[i]!;
    if (value === undefined || type === undefined) continue;
    const problem = difference(frame, type, value.type);
    if (problem === undefined) continue;
    const { notes } = problem;
    const [got, wanted] = [value.type, type];
    if (problem.dtype)
      report(frame, "dtype-mismatch", expr.span, {
        what: `the result of \`${block}\``,
        expected: wanted.dtype,
        found: got.dtype,
      });
    else
      report(
        frame,
        "result-mismatch",
        expr.span,
        { block, found: typeText(frame, got), expected: typeText(frame, wanted) },
        { notes },
      );
  }
}

function difference(
  frame: Frame,
  declared: TensorType,
  found: TensorType,
): { readonly dtype: boolean; readonly notes: readonly string[] } | undefined {
  if (declared.dtype !== found.dtype) return { dtype: true, notes: [] };
  const missing = [...declared.axes.keys()].filter((axis) => !found.axes.has(axis));
  const extra = [...found.axes.keys()].filter((axis) => !declared.axes.has(axis));
  const notes = [
    ...missing.map((axis) => `the returned tensor has no axis \`${axis}\``),
    ...extra.map((axis) => `axis \`${axis}\` is not declared`),
  ];
  for (const [axis, size] of declared.axes) {
    const other = found.axes.get(axis);
    if (other === undefined) continue;
    const verdict = frame.world.facts.compare(other, size);
    if (verdict.kind === "equal") continue;
    const texts = `axis \`${axis}\` is ${sizeText(frame, other)}, but ${sizeText(frame, size)} is declared`;
    notes.push(texts, ...exampleNotes(verdict.example?.values.size === 0 ? undefined : verdict.example));
  }
  return notes.length === 0 ? undefined : { dtype: false, notes };
}

/** Calls by summary: the callee is not looked into; open obligations go into the signature of the block being checked. */
function bySummary(summaries: Summaries): CallStrategy {
  return {
    call: (frame, callee, call, path) => callBySummary(summaries, frame, callee, call, path),
    open(frame, requirement) {
      const { world, context } = frame;
      if (requirement.kind === "build-time" && outermost(frame).signature.decl.kind === "model") {
        const variables = context.sizes.variables(world.facts.apply(requirement.size));
        if ([...variables].every((variable) => variable.time === "build")) return;
        reportRunTime(frame, requirement);
        return;
      }
      world.requirements.push(requirement);
    },
  };
}

function outermost(frame: Frame): Frame {
  let at = frame;
  while (at.caller !== undefined) at = at.caller.frame;
  return at;
}

/** A size that should be known when a model is built, and is not. */
export function reportRunTime(frame: Frame, requirement: Requirement & { kind: "build-time" }): void {
  const { use, origin } = requirement;
  const size = sizeText(frame, requirement.size);
  const helps = [`make it known: a number in the model's signature, or a parameter \`${size}: int\``];
  switch (use.kind) {
    case "weight":
      report(frame, "dynamic-weight-size", origin.span, { path: use.path, size }, { helps });
      return;
    case "repeat":
      report(
        frame,
        "repeat-count",
        origin.span,
        { count: `${size}, which is known only when the model runs,` },
        { helps },
      );
      return;
    case "condition":
      report(frame, "runtime-condition", origin.span, { what: `the condition \`${origin.text}\``, size }, { helps });
      return;
    case "attribute":
      report(
        frame,
        "bad-attribute",
        origin.span,
        { name: use.name, expected: "known when the model is built", found: `${size}, a size of the input` },
        { helps },
      );
  }
}

function callBySummary(summaries: Summaries, frame: Frame, callee: Binding, call: Call, path: readonly string[]): Val {
  const { context } = frame;
  const { block, frame: inner } = callee;
  const worlds = summaries.worlds(block, callee.choices);
  if (context.ownsWeights(block) && !claimPath(frame, path.join("."), call)) return unknown;
  const variables = summaries.variables(block);
  const substitution = new Map<SizeVar, Size>();
  for (const [name, variable] of variables) {
    const size = inner.sizes.get(name);
    if (size !== undefined) substitution.set(variable, size);
  }
  const put = (size: Size): Size => context.sizes.substitute(size, substitution);
  for (const world of worlds)
    for (const requirement of world.requirements) requireOf(frame, call, substituted(requirement, put));
  const declared = declaredResults(inner, callee.open);
  const types = declared ?? commonResults(frame, callee, call, worlds, put);
  if (types === undefined) return unknown;
  const values = types.map((type) => type && opaque(context, call, type));
  if (values.length === 1) return values[0] === undefined ? unknown : { kind: "tensor", value: values[0] };
  const names = callee.signature.results?.map(({ name }) => name) ?? [];
  return { kind: "tensors", values, names };
}

/** A result whose making is not looked into. */
function opaque(context: Context, call: Call, type: TensorType): Value {
  const input: Input = context.builder.input(call.callee.text, type);
  return input;
}

function substituted(requirement: Requirement, put: (size: Size) => Size): Requirement {
  const when = requirement.when.map(({ op, a, b }) => ({ op, a: put(a), b: put(b) }));
  switch (requirement.kind) {
    case "divides":
      return { ...requirement, when, divisor: put(requirement.divisor), dividend: put(requirement.dividend) };
    case "at-least":
      return { ...requirement, when, size: put(requirement.size), least: put(requirement.least) };
    case "build-time":
      return { ...requirement, when, size: put(requirement.size) };
  }
}

/** Puts a callee's requirement to the caller; conditions that hold are dropped, and one that cannot hold drops it. */
function requireOf(frame: Frame, call: Call, requirement: Requirement): void {
  const { sizes } = frame.context;
  const when: Assumption[] = [];
  for (const condition of requirement.when) {
    const decided = decide(sizes, frame.world.facts, condition);
    if (decided === false) return;
    if (decided === undefined) when.push(condition);
  }
  if (when.length > 0) {
    underCondition(frame, requirement, when);
    return;
  }
  const { origin } = requirement;
  const { span } = call.callee;
  switch (requirement.kind) {
    case "divides": {
      const text = divisionText(frame, requirement);
      requireDivides(frame, requirement.divisor, requirement.dividend, {
        span,
        what: `\`${call.callee.text}\``,
        ...text,
        origin,
      });
      return;
    }
    case "at-least":
      requireAtLeast(frame, requirement.size, requirement.least, { span, what: requirement.what, origin });
      return;
    case "build-time":
      requireBuildTime(frame, requirement.size, requirement.use, span);
  }
}

/** Both sides as the division that put the obligation has them, if it is one. */
function divisionText(
  frame: Frame,
  requirement: Requirement & { kind: "divides" },
): { divisor: string; dividend: string } {
  const { sizes } = frame.context;
  const parts = textOf(requirement.origin.span).split("/");
  if (parts.length === 2 && /^\s*\w+\s*$/.test(parts[0]!) && /^\s*\w+\s*$/.test(parts[1]!))
    return { dividend: parts[0]!.trim(), divisor: parts[1]!.trim() };
  return { divisor: sizes.print(requirement.divisor), dividend: sizes.print(requirement.dividend) };
}

/** Whether it matters depends on the caller's own sizes: it is passed on with its conditions, unless it holds under them. */
function underCondition(frame: Frame, requirement: Requirement, when: readonly Assumption[]): void {
  const { sizes } = frame.context;
  let facts = frame.world.facts;
  for (const condition of when) {
    const next = assume(sizes, facts, condition);
    if (next === "impossible") return;
    facts = next;
  }
  const holds =
    requirement.kind === "divides"
      ? facts.isDivisible(requirement.dividend, requirement.divisor).kind === "yes"
      : requirement.kind === "at-least"
        ? facts.isAtLeast(requirement.size, requirement.least).kind === "yes"
        : sizes.variables(facts.apply(requirement.size)).size === 0;
  if (!holds) frame.strategy.open(frame, { ...requirement, when: [...frame.world.assumptions, ...when] });
}

/** The result of a block without a declaration, if all its worlds that are possible here agree. */
function commonResults(
  frame: Frame,
  callee: Binding,
  call: Call,
  worlds: readonly CheckedWorld[],
  put: (size: Size) => Size,
): (TensorType | undefined)[] | undefined {
  const { sizes } = frame.context;
  const possible = worlds.filter(({ assumptions }) =>
    assumptions.every(({ op, a, b }) => decide(sizes, frame.world.facts, { op, a: put(a), b: put(b) }) !== false),
  );
  const shapes = possible.map((world) => world.results?.map((type) => type && renamed(type, callee, put)));
  const [first] = shapes;
  if (first === undefined || shapes.some((shape) => shape === undefined)) return undefined;
  const same = (a: TensorType | undefined, b: TensorType | undefined): boolean =>
    a !== undefined && b !== undefined && difference(frame, a, b) === undefined;
  if (shapes.every((shape) => shape!.length === first.length && shape!.every((type, i) => same(type, first[i]))))
    return first;
  const block = callee.signature.decl.name.text;
  const text = [
    ...new Set(shapes.flatMap((shape) => shape!.flatMap((type) => (type ? [typeText(frame, type)] : [])))),
  ].join(" or ");
  const helps = [`declare it: \`block ${block}(…) -> […]\``];
  report(frame, "needs-result-type", call.callee.span, { block, shapes: text }, { helps });
  return undefined;
}

/** A result of the callee over the caller's sizes, with what `...` stands for. */
function renamed(type: TensorType, callee: Binding, put: (size: Size) => Size): TensorType {
  const axes = [...type.axes].flatMap(([axis, size]): readonly (readonly [Axis, Size])[] => {
    const open = axis.startsWith("...") ? callee.open.get(axis.slice(3)) : undefined;
    return open ?? [[axis, put(size)]];
  });
  return tensorType(type.dtype, axes);
}
