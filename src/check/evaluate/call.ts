/** @file Calls of operators, blocks, layers, and parameters whose choices are operators. */
import type { Value } from "../../ir/graph.ts";
import type { Operator } from "../../ir/operator.ts";
import type { Arg, Call, Expr } from "../../parser/ast.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { foreignFunctions, unrelatedFunctions } from "../../source/words/functions.ts";
import { argumentsOf, helpOfCall } from "../../source/words/word.ts";
import { asCorrelation } from "../advice/correlation.ts";
import { report, type Frame } from "../frame/frame.ts";
import { kindOf, unknown, type Val } from "../frame/values.ts";
import type { Repetition } from "../frame/world.ts";
import { foreignOperator, withTensorAsWeight } from "../text/foreign-names.ts";
import { applyOperator, countCall } from "./apply.ts";
import { wrongCount } from "./arguments.ts";
import { readAttributes } from "./attributes.ts";
import { bindCall } from "./bind.ts";
import { pickResult, toTensor, value } from "./expression.ts";
import { isFloat, isOperation, roundings } from "./floats.ts";
import { pathOf } from "./numbered.ts";
import { applyChain } from "./pipeline.ts";
import { nameOf, sizeOf } from "./sizes.ts";

/** A positional argument that has been evaluated. */
interface Operand {
  readonly span: Span;
  readonly expr: Expr;
  readonly val: Val;
}

/** Evaluates a call. `piped` are the tensors of a pipeline, or what a layer is called with. */
export function evaluateCall(
  frame: Frame,
  call: Call,
  piped: readonly Val[],
  results: number,
  repetition?: Repetition,
): Val {
  if (piped.some(({ kind }) => kind === "unknown")) return unknown;
  const name = call.callee.text;
  const named = frame.names.get(name);
  const choice = named?.kind === "choice" ? named.text : undefined;
  const target = choice ?? name;
  const block = frame.block.module.visible.get(target);
  const op = Object.hasOwn(frame.context.operators, target) ? frame.context.operators[target] : undefined;
  const label = frame.context.labels(frame).get(call);
  if (call.label !== undefined && label === undefined && (op ?? block ?? named) !== undefined) {
    if (block !== undefined && frame.context.hidesCalls(block)) return unknown;
    const gap = { ...call.label.span, start: endOfCallee(call) };
    const helps: Help[] =
      named?.kind === "layer"
        ? [
            {
              text: "label the layer where it is declared",
              code: `layer ${name} = ${textOf(named.chain.span)} @${call.label.text}`,
            },
          ]
        : named !== undefined
          ? [{ text: "write a matrix product as", code: `dot(${name}, ${call.label.text}, contract: …)` }]
          : [{ text: "remove the label", edits: [{ span: gap, text: "" }] }];
    report(frame, "label-without-weights", call.label.span, { callee: name }, { helps });
    return unknown;
  }
  const path = pathOf(frame, call, repetition);
  if (path === undefined) return unknown;
  if (named?.kind === "layer") return pickResult(frame, callLayer(frame, named, call, piped, results), call);
  if (op !== undefined) return pickResult(frame, callOperator(frame, op, call, piped, path.join("."), results), call);
  if (block !== undefined) {
    if (!countCall(frame, call.callee.span)) return unknown;
    const binding = bindCall(frame, block, call, piped, path);
    return binding === undefined ? unknown : pickResult(frame, frame.strategy.call(frame, binding, call, path), call);
  }
  notCallable(frame, call, named, piped.length > 0);
  return unknown;
}

/** Returns where a call's callee ends, without the label. */
function endOfCallee({ callee, label }: Call): number {
  const before = callee.span.source.text.slice(callee.span.start, label!.span.start);
  return callee.span.start + before.trimEnd().length;
}

function notCallable(frame: Frame, call: Call, named: Val | undefined, piped: boolean): void {
  const { text, span } = call.callee;
  if (named?.kind === "unknown" || frame.block.module.lost.has(text)) return;
  if (named !== undefined) {
    const notes = [`\`${text}\` is ${kindOf(named)}, which cannot be called`];
    // `x |> s`, or a line that begins with `(` and continues the one before.
    const helps =
      call.args === undefined
        ? [{ text: "to combine it with the tensor before it, write", code: `(…) * ${text}` }]
        : ["a statement cannot start with `(`"];
    report(frame, "unknown-operator", span, { name: text }, { notes, helps });
    return;
  }
  const missing = missingImport(frame, text);
  if (missing !== undefined) return report(frame, "unknown-operator", span, { name: text }, { helps: [missing] });
  const known = [...Object.keys(frame.context.operators), ...frame.block.module.visible.keys()];
  const word = foreignFunctions.get(text);
  // The arguments of a constructor mean something else to the operator.
  const near =
    word?.parameters !== undefined && call.args?.some(({ kind }) => kind === "positional")
      ? undefined
      : (foreignOperator(text) ??
        (word === undefined && !unrelatedFunctions.has(text) ? nearest(text, known) : undefined));
  const helps = [
    ...didYouMean(span, near),
    ...(word === undefined ? [] : [helpOfCall(word, { args: argumentsOfCall(call), piped })]),
  ];
  report(frame, "unknown-operator", span, { name: text }, { helps });
}

/** Returns the texts of the arguments. */
function argumentsOfCall({ callee: { span }, args }: Call): readonly string[] {
  const open = args === undefined ? -1 : span.source.text.indexOf("(", span.end);
  return open < 0 ? [] : argumentsOf(span.source.text, open);
}

/** Suggests the import of a library block, extending an existing import if there is one. */
function missingImport({ context, block: { module } }: Frame, name: string): Help | undefined {
  const from = context.libraryModule(name);
  if (from === undefined) return undefined;
  const { imports, edition, span } = module.ast;
  const code = `import { ${name} } from "${from}"`;
  const text = "import it from the library";
  const same = imports.find((item) => item.from.text === from)?.names.at(-1);
  const after = same === undefined ? (imports.at(-1) ?? edition)?.span : (same.as ?? same.name).span;
  const at = { source: span.source, start: after?.end ?? 0, end: after?.end ?? 0 };
  const added = same !== undefined ? `, ${name}` : after === undefined ? `${code}\n` : `\n${code}`;
  return { text, code, edits: [{ span: at, text: added }] };
}

/** Calls a layer: the first stage of its chain takes all tensors. */
function callLayer(
  frame: Frame,
  layer: Val & { kind: "layer" },
  call: Call,
  piped: readonly Val[],
  results: number,
): Val {
  const args = call.args ?? [];
  const [extra] = args.filter((arg) => arg.kind !== "positional");
  if (extra !== undefined || call.label !== undefined) {
    const what = `layer \`${layer.name.text}\` takes tensors and nothing else`;
    report(frame, "layer-misuse", (extra ?? call.label)!.span, { what });
    return unknown;
  }
  const own = args.flatMap((arg) => (arg.kind === "positional" ? [value(frame, arg.value)] : []));
  const inputs = [...piped, ...own];
  if (inputs.length === 0) {
    const expected = "at least one tensor";
    report(frame, "wrong-tensor-count", call.callee.span, { callee: layer.name.text, expected, found: "none is" });
    return unknown;
  }
  const inner = { ...frame, scope: [...frame.scope, layer.name.text], repetitions: [], use: call.callee.span };
  return applyChain(inner, layer.chain, { vals: inputs, several: inputs.length > 1 }, results);
}

function callOperator(
  frame: Frame,
  op: Operator,
  call: Call,
  piped: readonly Val[],
  path: string,
  results: number,
): Val {
  const rounding = roundedSize(frame, call, piped);
  if (rounding !== undefined) return rounding;
  const { names, variadic } = op.inputs;
  const operands: Operand[] = piped.map((val) => ({ span: call.span, expr: call, val }));
  const others: Arg[] = [];
  for (const arg of call.args ?? []) {
    if (arg.kind === "map") others.push(arg);
    if (arg.kind !== "positional") continue;
    if (operands.length >= names.length && !variadic) others.push(arg);
    else operands.push({ span: arg.value.span, expr: arg.value, val: value(frame, arg.value) });
  }
  const named = namedTensor(frame, op, call) || surplusTensor(frame, op, call, others, operands);
  const attributes = named ? undefined : readAttributes(frame, op, call, others, results);
  if (attributes === undefined || operands.some(({ val }) => val.kind === "unknown")) return unknown;
  if (operands.length < names.length || (operands.length > names.length && !variadic)) {
    const expected = counted(names.length, variadic);
    wrongCount(frame, call, { callee: op.name, expected, given: operands.length });
    return unknown;
  }
  const vals = operands.map(({ val }) => val);
  const inputs = operands.map(({ span, expr, val }) => ({ span, value: toTensor(frame, val, expr, vals) }));
  if (inputs.some((input) => input.value === undefined)) return unknown;
  const site = {
    frame,
    span: call.callee.span,
    whole: call.span,
    callee: op.name,
    inputs: inputs as { span: Span; value: Value }[],
    attributes: attributes.spans,
  };
  const applied = applyOperator(site, op, attributes.values, path, op.weights === undefined ? undefined : call);
  return applied;
}

/** Reports a tensor that an operator does not take, such as the kernel of a `conv`. */
function surplusTensor(
  frame: Frame,
  op: Operator,
  call: Call,
  others: readonly Arg[],
  [first]: readonly Operand[],
): boolean {
  const attributes = Object.entries(op.attributes);
  const isUnnamed = !attributes.some(([, { positional }]) => positional);
  const isKeyed = attributes.some(([, { kind }]) => kind === "keyed");
  const named = (call.args ?? []).filter((arg) => arg.kind === "named" && !Object.hasOwn(op.attributes, arg.name.text));
  const candidates = [...(isUnnamed ? others : []), ...(isKeyed || op.weights === undefined ? [] : named)];
  for (const arg of candidates) {
    if (arg.kind === "map" || (arg.kind === "named" && frame.names.get(nameOf(arg.value) ?? "") === undefined))
      continue;
    const val = value(frame, arg.value);
    if (val.kind === "unknown") return true;
    if (val.kind !== "tensor") continue;
    const expected = op.inputs.names.length === 1 ? "one tensor" : `${op.inputs.names.length} tensors`;
    const note = `\`${op.name}\` has weights of its own, which a weight file fills by their names`;
    const notes = op.weights === undefined ? [] : [note];
    const text = first?.expr === call ? undefined : first && textOf(first.span);
    const better =
      op.name === "conv" && first?.val.kind === "tensor"
        ? asCorrelation(
            call,
            { type: first.val.value.type, text },
            { type: val.value.type, text: textOf(arg.value.span) },
          )
        : undefined;
    const helps = better === undefined ? (withTensorAsWeight.get(op.name) ?? []) : [better];
    report(
      frame,
      "wrong-tensor-count",
      arg.span,
      { callee: op.name, expected, found: "one more is" },
      { notes, helps },
    );
    return true;
  }
  return false;
}

function counted(least: number, variadic: boolean): string {
  const tensors = least === 1 ? "one tensor" : least === 0 ? "no tensor" : `${least} tensors`;
  return variadic ? `at least ${tensors}` : tensors;
}

/** Reports a named tensor such as `conv(x: photo)`, with a fix. */
function namedTensor(frame: Frame, op: Operator, call: Call): boolean {
  const arg = (call.args ?? []).find(
    (arg) =>
      arg.kind === "named" && !Object.hasOwn(op.attributes, arg.name.text) && op.inputs.names.includes(arg.name.text),
  );
  if (arg?.kind !== "named" || value(frame, arg.value).kind !== "tensor") return false;
  const code = textOf(arg.value.span);
  report(
    frame,
    "named-tensor",
    arg.name.span,
    { name: arg.name.text },
    {
      helps: [{ text: "tensors are passed by position", code, edits: [{ span: arg.span, text: code }] }],
    },
  );
  return true;
}

/** Evaluates `floor`, `ceil`, `min` or `max` of sizes, or a rounded float, which is a size. */
function roundedSize(frame: Frame, call: Call, piped: readonly Val[]): Val | undefined {
  const { text } = call.callee;
  if (!["floor", "ceil", "round", "min", "max"].includes(text) || piped.length > 0) return undefined;
  const args = (call.args ?? []).map((arg) => (arg.kind === "positional" ? arg.value : undefined));
  const ofFloat = Object.hasOwn(roundings, text) && args[0] !== undefined && isFloat(frame, args[0]);
  if (text === "round" && !ofFloat) return undefined;
  if (args.length === 0 || !args.every((arg) => arg !== undefined && isSize(frame, arg, ofFloat))) return undefined;
  const size = sizeOf(frame, call);
  return size === undefined ? unknown : { kind: "size", size };
}

/** Whether an expression consists of sizes only, or also of floats, judging by its text. */
function isSize(frame: Frame, expr: Expr, floats = false): boolean {
  switch (expr.kind) {
    case "number":
      return floats || !/[.e]/i.test(expr.raw);
    case "unary":
      return expr.op === "-" && isSize(frame, expr.operand, floats);
    case "binary":
      return isOperation(expr.op) && isSize(frame, expr.left, floats) && isSize(frame, expr.right, floats);
    case "call": {
      if (expr.path.length > 0) return frame.names.get(expr.callee.text)?.kind === "tensor";
      if (expr.args !== undefined)
        return expr.args.every((arg) => arg.kind === "positional" && isSize(frame, arg.value, floats));
      const val = frame.names.get(expr.callee.text);
      if (floats && val?.kind === "number") return true;
      return val === undefined ? frame.sizes.has(expr.callee.text) : val.kind === "size";
    }
    default:
      return false;
  }
}
