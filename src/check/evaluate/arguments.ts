/** @file Arguments of a block call: tensors by position, attributes by name. */
import type { TensorType } from "../../ir/type.ts";
import type { Arg, Call, Expr } from "../../parser/ast.ts";
import { textOf, type Span } from "../../source/source.ts";
import { nearest } from "../../source/suggest.ts";
import { report, type Frame } from "../frame/frame.ts";
import type { Val } from "../frame/values.ts";
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
  piped: Val | undefined,
): TensorArgument[] | undefined {
  const positional = (call.args ?? []).filter((arg) => arg.kind !== "named");
  const operands: { span: Span; expr: Expr; val: Val }[] =
    piped === undefined ? [] : [{ span: call.span, expr: call, val: piped }];
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
    const found = operands.length === 0 ? "none is" : `${operands.length} ${operands.length === 1 ? "is" : "are"}`;
    report(frame, "wrong-tensor-count", call.callee.span, { callee: call.callee.text, expected, found });
    return undefined;
  }
  const vals = operands.map(({ val }) => val);
  const tensors = operands.map(({ span, expr, val }) => {
    const tensor = toTensor(frame, val, expr, vals);
    return tensor && { span, type: tensor.type, val: { kind: "tensor", value: tensor } as const };
  });
  return tensors.every((tensor) => tensor !== undefined) ? tensors : undefined;
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
