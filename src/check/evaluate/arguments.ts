/** @file Arguments of a block call: tensors by position, attributes by name. */
import type { TensorType } from "../../ir/type.ts";
import type { Arg, Call, Expr } from "../../parser/ast.ts";
import { textOf, type Span } from "../../source/source.ts";
import type { Help } from "../../source/diagnostic.ts";
import { nearest } from "../../source/suggest.ts";
import { report, type Frame } from "../frame/frame.ts";
import type { Val } from "../frame/values.ts";
import { repeatAround } from "../text/repeats.ts";
import type { Signature } from "../text/signature.ts";
import { toTensor, value } from "./expression.ts";

export interface TensorArgument {
  readonly span: Span;
  readonly type: TensorType;
  readonly val: Val;
}

/** Evaluates the tensors of a call; undefined if an error was reported. */
export function tensorArguments(
  frame: Frame,
  signature: Signature,
  call: Call,
  piped: readonly Val[],
): TensorArgument[] | undefined {
  const positional = (call.args ?? []).filter((arg) => arg.kind !== "named");
  const operands: { span: Span; expr: Expr; val: Val }[] = piped.map((val) => ({ span: call.span, expr: call, val }));
  for (const arg of positional) {
    if (arg.kind === "map") {
      report(frame, "bad-attribute", arg.span, {
        name: call.callee.text,
        expected: "called without `->`",
        found: `with \`${textOf(arg.span)}\``,
      });
      return undefined;
    }
    operands.push({ span: arg.value.span, expr: arg.value, val: value(frame, arg.value) });
  }
  if (operands.some(({ val }) => val.kind === "unknown")) return undefined;
  const wanted = signature.tensors.length;
  const surplus = operands.slice(wanted).find(({ val }) => val.kind !== "tensor");
  if (surplus !== undefined) {
    const given = new Set((call.args ?? []).flatMap((arg) => (arg.kind === "named" ? [arg.name.text] : [])));
    const free = signature.parameters.find((parameter) => !given.has(parameter.name));
    const code = `${free?.name ?? "name"}: ${textOf(surplus.span)}`;
    const edits = free === undefined ? [] : [{ span: surplus.span, text: code }];
    const notes = ["tensors are passed by position, attributes by name"];
    report(frame, "unnamed-attribute", surplus.span, {}, { notes, helps: [{ text: "name it", code, edits }] });
    return undefined;
  }
  if (operands.length !== wanted) {
    const expected = wanted === 1 ? "one tensor" : wanted === 0 ? "no tensor" : `${wanted} tensors`;
    const helps = piped.length === 1 && wanted > 1 ? [passAll(frame, signature, call)] : [];
    wrongCount(frame, call, { callee: call.callee.text, expected, given: operands.length, helps });
    return undefined;
  }
  const vals = operands.map(({ val }) => val);
  const tensors = operands.map(({ span, expr, val }) => {
    const tensor = toTensor(frame, val, expr, vals);
    return tensor && { span, type: tensor.type, val: { kind: "tensor", value: tensor } as const };
  });
  return tensors.every((tensor) => tensor !== undefined) ? tensors : undefined;
}

interface WrongCount {
  readonly callee: string;
  readonly expected: string;
  readonly given: number;
  readonly helps?: readonly Help[];
}

/** Reports a call with too few or too many tensors. The first call of a layer gets its tensors where the layer is used. */
export function wrongCount(frame: Frame, call: Call, { callee, expected, given, helps = [] }: WrongCount): void {
  const found = given === 0 ? "none is" : `${given} ${given === 1 ? "is" : "are"}`;
  const isFirst = frame.signature.decl.body.some((stmt) => stmt.kind === "layer" && firstOf(stmt.value) === call);
  const span = (isFirst ? frame.use : undefined) ?? call.callee.span;
  report(frame, "wrong-tensor-count", span, { callee, expected, found }, { helps });
}

const firstOf = (chain: Expr): Expr => (chain.kind === "pipeline" ? chain.head : chain);

/** Suggests how all tensors get into a stage, which has got one. */
function passAll(frame: Frame, { tensors }: Signature, { callee, span }: Call): Help {
  const all = `(${tensors.map(({ name }) => name.text).join(", ")})`;
  if (repeatAround(frame.signature.decl, span) === undefined)
    return { text: "`|>` passes on one tensor: pass the others as arguments", code: `${callee.text}${all}` };
  return { text: "begin the pipeline with all tensors", code: `${all} |> repeat(…) ${callee.text}` };
}

export type NamedArg = Arg & { readonly kind: "named" };

/** Collects the attributes of a call by name; undefined if an error was reported. */
export function namedArguments(frame: Frame, signature: Signature, call: Call): Map<string, NamedArg> | undefined {
  const given = new Map<string, NamedArg>();
  const known = signature.parameters.map((parameter) => parameter.name);
  for (const arg of call.args ?? []) {
    if (arg.kind !== "named") continue;
    const { text, span } = arg.name;
    if (given.has(text)) {
      report(frame, "duplicate-name", span, { name: text, what: "given" });
      return undefined;
    }
    if (!known.includes(text)) {
      if (signature.tensors.some((tensor) => tensor.name.text === text)) {
        const code = textOf(arg.value.span);
        const helps = [{ text: "tensors are passed by position", code, edits: [{ span: arg.span, text: code }] }];
        report(frame, "named-tensor", span, { name: text }, { helps });
        return undefined;
      }
      const near = nearest(text, known);
      const fix = near === undefined ? [] : [{ text: "did you mean", code: near, edits: [{ span, text: near }] }];
      const all = known.length === 0 ? "it has none" : `its attributes are ${known.join(", ")}`;
      report(frame, "unknown-attribute", span, { callee: call.callee.text, name: text }, { helps: [...fix, all] });
      return undefined;
    }
    given.set(text, arg);
  }
  return given;
}
