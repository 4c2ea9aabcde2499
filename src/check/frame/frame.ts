/** @file Frames: the state of a block being checked or inlined, with its names, its world, and how it reports. */
import type { GraphBuilder } from "../../ir/builder.ts";
import type { Origin, Value } from "../../ir/graph.ts";
import type { Operator } from "../../ir/operator.ts";
import { printType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Call, Expr, Name, Repeat } from "../../parser/ast.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Code, Holes } from "../../source/catalogue/catalogue.ts";
import type { Details } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import type { Labels } from "../text/labels.ts";
import type { Block } from "../text/modules.ts";
import type { Signature } from "../text/signature.ts";
import type { Val } from "./values.ts";
import type { Repetition, Requirement, World } from "./world.ts";

/** State shared by the whole compilation. */
export interface Context {
  readonly sizes: Sizes;
  readonly builder: GraphBuilder;
  readonly operators: Readonly<Record<string, Operator>>;
  /** Operators by symbol, such as `+`. Unary minus is `neg`. */
  readonly symbols: Readonly<Record<string, Operator>>;
  /** Names that axes may not have, because operators use them as keys next to axes. */
  readonly reservedAxes: ReadonlySet<string>;
  signature(block: Block): Signature;
  /** Whether any world of the block owns weights. */
  ownsWeights(block: Block): boolean;
  /** Whether a mistake in a block hides its calls. Then it is unknown whether it owns weights. */
  hidesCalls(block: Block): boolean;
  labels(frame: Frame): Labels;
  /** The index of any repetition of a `repeat`. */
  indexOf(repeat: Repeat): SizeVar;
  /** A size that is known only when the model is built, the same one for the same key. `text` is how messages show it. */
  unknownSize(key: string, text: string, lower: bigint, computed?: SizeVar["computed"]): Size;
  /** The library module that exports a block of this name; undefined if none or several do. */
  libraryModule(name: string): string | undefined;
}

/** The axes that each `...` matched, by the name after it; the name is empty if there is none. */
export type OpenAxes = ReadonlyMap<string, readonly (readonly [Axis, Size])[]>;

/** A block with a value for everything that its signature names. */
export interface Binding {
  readonly block: Block;
  readonly signature: Signature;
  /** The frame of its body. A check by summary uses only its names and sizes. */
  readonly frame: Frame;
  /** The choice for every enum and bool parameter. */
  readonly choices: ReadonlyMap<string, string>;
  /** The axes that each `...` matched. */
  readonly open: OpenAxes;
}

/** How calls are evaluated: by the callee's summary when checking, by inlining when building a model. */
export interface CallStrategy {
  call(frame: Frame, callee: Binding, call: Call, path: readonly string[]): Val;
  /** Handles an obligation that can be neither proved nor refuted here. It arose at `at`, perhaps from a callee's. */
  open(frame: Frame, requirement: Requirement, at: Span): void;
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
  /** The weight path so far. */
  readonly scope: readonly string[];
  /** The repetitions around the stage that is being evaluated, which only their numbers tell apart in its label. */
  readonly repetitions: readonly Repetition[];
  /** The call of the layer that is being evaluated. */
  readonly use?: Span;
  /** The call that was inlined to create this frame, and the frame of that call; undefined for the outermost block. */
  readonly caller: { readonly frame: Frame; readonly call: Call } | undefined;
  /** The places of the calls that were inlined, outermost first. */
  readonly calls: readonly Span[];
  /** Filled only when a model is built. */
  readonly origins: Map<Value, Origin[]> | undefined;
}

/** Creates the frame of a block that nobody calls, in a world, before anything in it has a name. */
export function emptyFrame(
  context: Context,
  block: Block,
  world: World,
  strategy: CallStrategy,
  origins?: Frame["origins"],
): Frame {
  const signature = context.signature(block);
  const [names, sizes] = [new Map<string, Val>(), new Map<string, Size>()];
  return {
    context,
    block,
    signature,
    world,
    strategy,
    names,
    sizes,
    scope: [],
    repetitions: [],
    caller: undefined,
    calls: [],
    origins,
  };
}

/** Gives a parameter its value in a frame. */
export function setParameter(frame: Frame, name: string, val: Val): void {
  frame.names.set(name, val);
  if (val.kind === "size") frame.sizes.set(name, val.size);
}

/**
 * Reports in a frame. In an inlined block, the diagnostic is placed at the outermost call, which the user can change;
 * a note gives the innermost place.
 */
export function report<C extends Code>(
  frame: Frame,
  code: C,
  span: Span,
  args: Readonly<Record<Holes<C>, string>>,
  details: Details = {},
): void {
  const outer = outermostCall(frame);
  if (outer === undefined) return frame.world.reporter.report(code, span, args, details);
  const cause = { text: `required by \`${oneLine(textOf(span))}\``, span };
  frame.world.reporter.report(code, outer.callee.span, args, {
    ...(details.severity && { severity: details.severity }),
    notes: [...(details.notes ?? []), cause],
    helps: (details.helps ?? []).filter((help) => typeof help === "string" || help.edits === undefined),
  });
}

function outermostCall(frame: Frame): Call | undefined {
  let call: Call | undefined;
  for (let at: Frame | undefined = frame; at?.caller !== undefined; at = at.caller.frame) call = at.caller.call;
  return call;
}

/** Puts text on one line, and shortens it for a message. */
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

/** Formats an assignment: `h = 1, r = 2`. */
export function assignmentText(values: ReadonlyMap<SizeVar, bigint>): string {
  return [...values].map(([variable, value]) => `${variable.name} = ${value}`).join(", ");
}

/** Returns the text and span of an expression, for notes about another file. */
export function originOf(span: Span): { readonly text: string; readonly span: Span } {
  return { text: oneLine(textOf(span)), span };
}

/** Attaches the author's name to a value. */
export function nameValue(frame: Frame, value: Value, name: Name): void {
  const origins = frame.origins?.get(value);
  const own = origins?.findIndex((origin) => origin.name === undefined) ?? -1;
  if (origins === undefined || own < 0) return;
  origins[own] = { ...origins[own]!, name: name.text };
}

/** Records where a value was created. */
export function addOrigin(frame: Frame, value: Value, span: Span): void {
  if (frame.origins === undefined) return;
  const origin = { span, name: undefined, scope: frame.scope, calls: frame.calls };
  const known = frame.origins.get(value);
  if (known === undefined) frame.origins.set(value, [origin]);
  else known.push(origin);
}

/** Returns the name if an expression is only a name: `x`. */
export function plainName(expr: Expr): Name | undefined {
  const plain = expr.kind === "call" && expr.args === undefined && expr.path.length === 0 && expr.label === undefined;
  return plain ? expr.callee : undefined;
}
