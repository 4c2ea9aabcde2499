/** @file The size variables of a signature, and whether a call can compute them from its tensors. */
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { textOf } from "../../source/source.ts";
import { nameOf } from "../evaluate/sizes.ts";
import { oneLine, report, type Context, type Frame } from "../frame/frame.ts";
import { identifiers, type Signature } from "../text/signature.ts";

/** Creates the variables of a signature. This happens once, because the summaries of all its worlds share them. */
export function signatureVariables(context: Context, signature: Signature): Map<string, SizeVar> {
  const time = signature.decl.kind === "model" ? "run" : "build";
  const variables = new Map<string, SizeVar>();
  for (const name of signature.variables) variables.set(name, context.sizes.variable(name, { time }));
  for (const parameter of signature.parameters)
    if (parameter.kind === "int")
      variables.set(
        parameter.name,
        context.sizes.variable(parameter.name, { lower: BigInt(parameter.least), time: "build" }),
      );
  for (const { type } of signature.tensors) {
    if (type.open === undefined) continue;
    const name = `...${type.open.name?.text ?? ""}`;
    if (!variables.has(name)) variables.set(name, context.sizes.variable(name, { time }));
  }
  return variables;
}

/** Reports axis sizes that a call cannot solve: those with more than one unbound variable, or not linear in it. */
export function checkSolvable(frame: Frame, variables: ReadonlyMap<string, SizeVar>): void {
  const { sizes } = frame.context;
  const axes = frame.signature.tensors.flatMap(({ type }) => type.axes);
  const bound = new Set(frame.signature.parameters.map((parameter) => parameter.name));
  for (const { name, size } of axes) {
    const plain = size === undefined ? name.text : nameOf(size);
    if (plain !== undefined) bound.add(plain);
  }
  const input = frame.signature.tensors.map(({ name }) => frame.names.get(name.text));
  const sizeOfAxis = new Map(
    frame.signature.tensors.flatMap(({ type }, i) => {
      const val = input[i];
      return type.axes.map(
        (axis) => [axis, val?.kind === "tensor" ? val.value.type.axes.get(axis.name.text) : undefined] as const,
      );
    }),
  );
  for (const axis of axes) {
    const found = sizeOfAxis.get(axis);
    const open = [...new Set(axis.size === undefined ? [] : identifiers(axis.size))].filter((name) => !bound.has(name));
    const variable = variables.get(open[0] ?? "");
    if (variable === undefined || found === undefined) continue;
    if (open.length > 1 || !isPattern(sizes, found, variable))
      report(
        frame,
        "unsolvable-size",
        axis.size!.span,
        {
          axis: axis.name.text,
          size: oneLine(textOf(axis.size!.span)),
          variable: open.join(" and "),
        },
        { helps: [{ text: "make one a parameter", code: `${open[0]}: int` }] },
      );
    for (const name of open) bound.add(name);
  }
}

/** Whether the size is `k*v + m` with an integer k. Guards compute in whole numbers. */
function isPattern(sizes: Sizes, size: Size, variable: SizeVar): boolean {
  const linear = sizes.linear(size, variable);
  return linear !== undefined && linear.factor.over === 1n && linear.factor.terms.every((term) => term.monomial.whole);
}
