/** @file Creates the entry frame of a block that is checked on its own: size variables, choices, the header's facts. */
import type { Input } from "../../ir/graph.ts";
import { Facts } from "../../sizes/facts.ts";
import type { Relation } from "../../sizes/relation.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import { textOf } from "../../source/source.ts";
import { onlyChoices } from "../evaluate/conditions.ts";
import { typeOf } from "../evaluate/types.ts";
import { readClause } from "../evaluate/where.ts";
import type { OpenAxes } from "../frame/frame.ts";
import { emptyFrame, report, setParameter, type CallStrategy, type Context, type Frame } from "../frame/frame.ts";
import { within } from "../frame/too-long.ts";
import type { Val } from "../frame/values.ts";
import { World } from "../frame/world.ts";
import { requireAtLeast } from "../prove/obligations.ts";
import type { Block } from "../text/modules.ts";
import type { Parameter, Signature } from "../text/signature.ts";

export interface OpenFrame {
  readonly frame: Frame;
  readonly inputs: readonly Input[];
  readonly open: OpenAxes;
}

/** Returns the value of a parameter while its block is checked: a variable, or one of its choices. */
export function symbolic(
  context: Context,
  { module, decl }: Block,
  variables: ReadonlyMap<string, SizeVar>,
  choices: ReadonlyMap<string, string>,
) {
  return (parameter: Parameter): Val => {
    const choice = choices.get(parameter.name) ?? "";
    switch (parameter.kind) {
      case "int":
        return { kind: "size", size: context.sizes.of(variables.get(parameter.name)!) };
      case "float":
        return {
          kind: "number",
          value: NaN,
          unknown: { key: `${module.path} ${decl.name.text} ${parameter.name}`, text: parameter.name },
        };
      case "bool":
        return { kind: "bool", value: choice === "true" };
      case "choice":
        return parameter.integers
          ? { kind: "size", size: context.sizes.int(BigInt(choice)) }
          : { kind: "choice", text: choice };
    }
  };
}

interface Opening {
  readonly block: Block;
  readonly choices: ReadonlyMap<string, string>;
  readonly assumptions: readonly Relation[];
  readonly strategy: CallStrategy;
  readonly variables: ReadonlyMap<string, SizeVar>;
  /** Returns the value of each parameter. */
  parameter(parameter: Parameter): Val;
  readonly origins?: Frame["origins"];
}

/**
 * Creates the entry frame. Undefined if the header excludes this world; a header that contradicts itself is reported.
 */
export function openFrame(context: Context, opening: Opening): OpenFrame | undefined {
  const { block, assumptions } = opening;
  const signature = context.signature(block);
  const { sizes } = context;
  const world = new World(opening.choices, assumptions, new Facts(sizes));
  const frame = emptyFrame(context, block, world, opening.strategy, opening.origins);
  for (const parameter of signature.parameters) setParameter(frame, parameter.name, opening.parameter(parameter));
  for (const name of signature.variables) frame.sizes.set(name, sizes.of(opening.variables.get(name)!));
  const open = openAxes(signature, opening.variables, (variable) => sizes.of(variable));
  const inputs = signature.tensors.flatMap(({ name, type }) => {
    const found = typeOf(frame, type, open);
    if (found === undefined) return [];
    for (const [axis, size] of found.axes) {
      const facts = world.facts.add({ op: ">=", a: size, b: sizes.int(1) });
      if (facts !== "impossible") world.facts = facts;
      else {
        const { span } = type.axes.find((one) => one.name.text === axis) ?? type;
        requireAtLeast(frame, size, sizes.int(1), { span, what: `axis \`${axis}\` of \`${name.text}\`` });
      }
    }
    const input = context.builder.input(name.text, found);
    frame.names.set(name.text, { kind: "tensor", value: input });
    return [input];
  });
  for (const where of signature.decl.where) {
    const facts = within(frame, where.span, () => world.facts.addAll(readClause(frame, where) ?? []));
    if (facts !== "impossible") world.facts = facts;
    else if (onlyChoices(frame, where.condition)) return undefined;
    else {
      const notes = ["sizes and `int` parameters are at least 1, and all conditions of a header must hold"];
      report(
        frame,
        "impossible-constraint",
        where.span,
        { constraint: `\`${textOf(where.span).replace(/\s+/g, " ")}\`` },
        { notes },
      );
    }
  }
  const facts = within(frame, signature.decl.header, () => world.facts.addAll(assumptions));
  if (facts === "impossible") return undefined;
  world.facts = facts;
  return { frame, inputs, open };
}

/** While a block is checked, `...` is one axis with a name that no author can write. */
function openAxes(
  signature: Signature,
  variables: ReadonlyMap<string, SizeVar>,
  sizeOf: (variable: SizeVar) => Size,
): OpenAxes {
  const open = new Map<string, readonly (readonly [string, Size])[]>();
  for (const { type } of signature.tensors) {
    if (type.open === undefined) continue;
    const name = type.open.name?.text ?? "";
    open.set(name, [[`...${name}`, sizeOf(variables.get(`...${name}`)!)]]);
  }
  return open;
}
