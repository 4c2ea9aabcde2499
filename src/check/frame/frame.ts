/** @file The block being checked or inlined: its names, its world, and how it reports. */
import type { GraphBuilder } from "../../ir/builder.ts";
import type { Origin, Value } from "../../ir/graph.ts";
import type { Operator } from "../../ir/operator.ts";
import { printType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Call, Expr, Name } from "../../parser/ast.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Code, Holes } from "../../source/catalogue/catalogue.ts";
import type { Details } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import type { Labels } from "../text/labels.ts";
import type { Block } from "../text/modules.ts";
import type { Signature } from "../text/signature.ts";
import type { Val } from "./values.ts";
import type { Requirement, World } from "./world.ts";

/** What the whole compilation shares. */
export interface Context {
  readonly sizes: Sizes;
  readonly builder: GraphBuilder;
  readonly operators: Readonly<Record<string, Operator>>;
  /** `+` and the like, and `neg` for the unary minus. */
  readonly symbols: Readonly<Record<string, Operator>>;
  /** Names that operators use as keys beside axes, so that no axis may have them. */
  readonly reservedAxes: ReadonlySet<string>;
  signature(block: Block): Signature;
  /** Whether any world of the block owns weights. */
  ownsWeights(block: Block): boolean;
  /** Whether a mistake in a block hides what it calls, so that nobody knows whether it owns weights. */
  hidesCalls(block: Block): boolean;
  labels(frame: Frame): Labels;
  /** The library module from which a block of a name can be imported; undefined if none, or several, have it. */
  libraryModule(name: string): string | undefined;
}

/** By the name after `...`, empty where there is none. */
export type OpenAxes = ReadonlyMap<string, readonly (readonly [Axis, Size])[]>;

/** A block with everything that its signature names. */
export interface Binding {
  readonly block: Block;
  readonly signature: Signature;
  /** The frame of its body; in a check by summary only its names and sizes are used. */
  readonly frame: Frame;
  /** The choice of every enum and bool parameter. */
  readonly choices: ReadonlyMap<string, string>;
  /** What `...` stands for. */
  readonly open: OpenAxes;
}

/** How a call of a block is carried out: by its summary while checking, by inlining when a model is built. */
export interface CallStrategy {
  call(frame: Frame, callee: Binding, call: Call, path: readonly string[]): Val;
  /** What to do with an obligation that can be neither proved nor refuted here. */
  open(frame: Frame, requirement: Requirement): void;
}

export interface Frame {
  readonly context: Context;
  readonly block: Block;
  readonly signature: Signature;
  readonly world: World;
  readonly strategy: CallStrategy;
  /** Tensors, parameters, layers and results by name. */
  readonly names: Map<string, Val>;
  /** Size variables of the signature. */
  readonly sizes: Map<string, Size>;
  /** Weight path so far. */
  readonly scope: readonly string[];
  /** The call of the layer that is being carried out. */
  readonly use?: Span;
  /** The call that was inlined here, in the frame around it; undefined for the outermost block. */
  readonly caller: { readonly frame: Frame; readonly call: Call } | undefined;
  /** Filled only when a model is built. */
  readonly origins: Map<Value, Origin[]> | undefined;
}

/**
 * Reports in a frame. In an inlined block the place is the outermost call, which is where the user can do something;
 * the innermost place follows in a note.
 */
export function report<C extends Code>(
  frame: Frame,
  code: C,
  span: Span,
  args: Readonly<Record<Holes<C>, string>>,
  details: Details = {},
): void {
  const outer = outermost(frame);
  if (outer === undefined) return frame.world.reporter.report(code, span, args, details);
  const cause = { text: `required by \`${oneLine(textOf(span))}\``, span };
  frame.world.reporter.report(code, outer.callee.span, args, {
    notes: [...(details.notes ?? []), cause],
    helps: (details.helps ?? []).filter((help) => typeof help === "string" || help.edits === undefined),
  });
}

function outermost(frame: Frame): Call | undefined {
  let call: Call | undefined;
  for (let at: Frame | undefined = frame; at?.caller !== undefined; at = at.caller.frame) call = at.caller.call;
  return call;
}

/** A span's text on one line, cut to a length that fits a message. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

export function typeText(frame: Frame, type: TensorType): string {
  const { sizes } = frame.context;
  const applied = new Map([...type.axes].map(([axis, size]) => [axis, frame.world.facts.apply(size)]));
  return printType(sizes, { dtype: type.dtype, axes: applied });
}

export function sizeText(frame: Frame, size: Size): string {
  return frame.context.sizes.print(frame.world.facts.apply(size));
}

/** `h = 1, r = 2` */
export function assignmentText(values: ReadonlyMap<SizeVar, bigint>): string {
  return [...values].map(([variable, value]) => `${variable.name} = ${value}`).join(", ");
}

/** Where an expression stands, for notes about another file. */
export function originOf(span: Span): { readonly text: string; readonly span: Span } {
  return { text: oneLine(textOf(span)), span };
}

/** Gives the values made from `from` on the name that the author gave them. */
export function nameValue(frame: Frame, value: Value, name: Name): void {
  const origins = frame.origins?.get(value);
  const own = origins?.findIndex((origin) => origin.name === undefined) ?? -1;
  if (origins === undefined || own < 0) return;
  origins[own] = { ...origins[own]!, name: name.text };
}

/** Remembers where a value was made. */
export function addOrigin(frame: Frame, value: Value, span: Span): void {
  if (frame.origins === undefined) return;
  const origin = { span, name: undefined, scope: frame.scope };
  const known = frame.origins.get(value);
  if (known === undefined) frame.origins.set(value, [origin]);
  else known.push(origin);
}

/** A call that is only a name: `x`. */
export function plainName(expr: Expr): Name | undefined {
  const plain = expr.kind === "call" && expr.args === undefined && expr.path.length === 0 && expr.label === undefined;
  return plain ? expr.callee : undefined;
}
