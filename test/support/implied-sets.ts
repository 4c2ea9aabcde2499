/** @file Attribute sets of operators without a table: their examples at other ranks, dtypes and choices. */
import type { Operator } from "../../src/ir/operator.ts";
import type { AttributeSet } from "./attribute-sets.ts";
import { check } from "./check.ts";
import { resultNames } from "./operators.ts";

/** Rewrites every input from its dtype (f32 is often omitted) and its axes. */
function inputsWith(inputs: string, change: (dtype: string, axes: readonly string[]) => string): string {
  return inputs.replaceAll(/(\w*)\[([^\]]*)\]/g, (_, dtype: string, axes: string) =>
    change(dtype, axes === "" ? [] : axes.split(", ")),
  );
}

/** Adds further axes, up to six in all. */
function widened(axes: readonly string[]): readonly string[] {
  const names = axes.map((axis) => axis.split(":")[0]!);
  return [...axes, ..."unedhw".split("").filter((axis) => !names.includes(axis))].slice(0, 6);
}

function* variations(op: Operator, { code, inputs }: AttributeSet): Generator<AttributeSet> {
  yield { code, inputs: inputsWith(inputs, (dtype, axes) => `${dtype}[${widened(axes).join(", ")}]`) };
  yield { code, inputs: inputsWith(inputs, (dtype, axes) => `${dtype}[${axes.slice(0, 1).join()}]`) };
  yield { code, inputs: inputsWith(inputs, (dtype) => `${dtype}[]`) };
  for (const other of ["i32", "bool"])
    yield { code, inputs: inputsWith(inputs, (_, axes) => `${other}[${axes.join(", ")}]`) };
  for (const [name, { kind, choices }] of Object.entries(op.attributes))
    for (const value of kind === "bool" ? ["true", "false"] : choices)
      if (!code.includes(`${name}: `)) yield { code: code.replace(/\)$/, `, ${name}: ${value})`), inputs };
}

function isAccepted({ code, inputs }: AttributeSet): boolean {
  const names = resultNames(code).join(", ");
  const found = check(`fuse 1\nblock Probe(${inputs}) { ${names} = ${code} return ${names} }`);
  return found.every(({ severity }) => severity !== "error");
}

/** Returns the sets that the checker accepts, except those that equal an example. */
export function impliedSets(op: Operator): readonly AttributeSet[] {
  const sets = op.examples.flatMap((example) => [...variations(op, example)]);
  const different = new Map([...op.examples, ...sets].map((set) => [`${set.code} of ${set.inputs}`, set]));
  return [...different.values()].slice(op.examples.length).filter(isAccepted);
}
