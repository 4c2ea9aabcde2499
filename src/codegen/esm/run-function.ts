/** @file The run function of a module's model: one statement per step, which frees values after their last use. */
import type { Origin } from "../../ir/graph.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Note, PlanValue, Prepared } from "../../plan/value.ts";
import type { EsmEmitter } from "../../primitives/esm/emitter.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import { InternalError } from "../../source/internal-error.ts";
import { lineOf } from "../../source/source.ts";
import { camelCase, Names, propertyName } from "./names.ts";
import { sizeText } from "./sizes.ts";
import type { MappedLine } from "./source-map.ts";
import { braces, commentText, objectKey, statement } from "./text.ts";

const parameters = ["inputs", "weights", "sizes"];

export interface RunFunction {
  /** `run(inputs, weights, sizes) { … }` */
  readonly text: string;
  /** Where its lines come from. The first line of the text is 0. */
  readonly mapped: readonly MappedLine[];
  /** The names of the prepared tensors, in order of use. */
  readonly prepared: ReadonlyMap<Prepared, string>;
}

/** Prints it as a method. `indent` is that of its first line. */
export function runFunction(plan: Plan, indent: string): RunFunction {
  const { graph } = plan;
  const names = new Names(parameters);
  const named = new Map<PlanValue, string>();
  const nameOf = (value: PlanValue): string => {
    const name = named.get(value);
    if (name === undefined) throw new InternalError(`a ${value.kind} is used before it is made`);
    return name;
  };
  for (const input of plan.inputs) named.set(input, names.take(input.name));
  const sizes = new Map(graph.guard.variables.map(({ name }) => [name, names.take(name)]));
  for (const { value, note } of plan.steps) named.set(value, names.take(note.name ?? camelCase(note.purpose)));
  const prepared = new Map(plan.prepared.map(({ value, note }) => [value, names.take(preparedName(value, note))]));
  for (const [value, name] of prepared) named.set(value, name);

  const usedSizes = new Set<string>();
  const sizeName = ({ name }: SizeVar): string => {
    const found = sizes.get(name);
    if (found === undefined) throw new InternalError(`the guard does not find ${name}`);
    usedSizes.add(name);
    return found;
  };
  const e: EsmEmitter = {
    size: (size) => sizeText(graph.builder.sizes, size, sizeName),
    sizes: (list: readonly Size[]) => `[${list.map((size) => e.size(size)).join(", ")}]`,
  };

  const inner = `${indent}  `;
  const origins = originsOf(plan.steps);
  const header = graph.inputs.flatMap((input) => graph.origins.get(input) ?? [])[0];
  const lines: Line[] = [];
  let [place, scope, last] = ["", "", header];
  for (const { value, frees } of plan.steps) {
    const origin = origins.get(value) ?? last;
    const around = origin?.scope.join(".") ?? "";
    if (around !== scope) lines.push({ text: "" }, { text: `// ${commentText(around === "" ? graph.name : around)}` });
    const at = origin === undefined ? "" : lineOf(origin.span);
    const comment = at === place ? "" : ` // ${commentText(at)}`;
    [place, scope, last] = [at, around, origin];
    const expression = value.primitive.esm(e, value.inputs.map(nameOf), value.attributes, value, value.inputs);
    lines.push({ text: `${statement(`const ${nameOf(value)} = ${expression};`, inner)}${comment}`, origin });
    if (frees.length === 1) lines.push({ text: `tf.dispose(${nameOf(frees[0]!)});`, origin });
    else if (frees.length > 1) lines.push({ text: `tf.dispose([${frees.map(nameOf).join(", ")}]);`, origin });
  }
  const results = plan.results.map(({ name, value, copy }) => {
    const text = copy ? `tf.clone(${nameOf(value)})` : nameOf(value);
    return text === name ? name : `${objectKey(name)}: ${text}`;
  });
  lines.push({ text: `return ${braces(results, inner, "return ;".length)};`, origin: last });

  const usedValues = new Set<PlanValue>([
    ...plan.steps.flatMap(({ value }) => value.inputs),
    ...plan.results.map(({ value }) => value),
  ]);
  const bindings = [
    plan.inputs.filter((input) => usedValues.has(input)).map((input) => binding(input.name, nameOf(input))),
    [...prepared.values()],
    [...sizes].filter(([name]) => usedSizes.has(name)).map(([name, variable]) => binding(name, variable)),
  ];
  const needed = bindings.findLastIndex((list) => list.length > 0) + 1;
  const destructuring = bindings.flatMap((list, index): Line[] => {
    const text = `const ${braces(list, inner, "const  = inputs;".length)} = ${parameters[index]};`;
    return list.length === 0 ? [] : [{ text, origin: header }];
  });
  const printed = [`run(${parameters.slice(0, needed).join(", ")}) {`];
  const mapped: MappedLine[] = [];
  for (const { text, origin } of [...destructuring, ...lines])
    for (const [i, part] of text.split("\n").entries()) {
      if (origin !== undefined) mapped.push({ line: printed.length, origin });
      printed.push(part === "" || i > 0 ? part : `${inner}${part}`);
    }
  return { text: `${printed.join("\n")}\n${indent}}`, mapped, prepared };
}

/** A line of the body, or a statement over several lines. */
interface Line {
  readonly text: string;
  readonly origin?: Origin | undefined;
}

/**
 * Returns where steps come from. A step created for others, such as a size they need, has the origin of the first of
 * them.
 */
function originsOf(steps: Plan["steps"]): ReadonlyMap<PlanValue, Origin> {
  const found = new Map<PlanValue, Origin>();
  for (const { value, note } of steps.toReversed()) {
    const origin = note.origin ?? found.get(value);
    if (origin === undefined) continue;
    found.set(value, origin);
    for (const input of value.inputs) found.set(input, origin);
  }
  return found;
}

const binding = (key: string, variable: string): string =>
  key === variable ? variable : `${propertyName(key)}: ${variable}`;

/** Returns the author's name, or the weight that it is prepared from, or its number. */
function preparedName({ op, path }: Prepared, { name, purpose }: Note): string {
  if (name !== undefined || path !== undefined) return name ?? path!;
  if (op.op !== "constant" || op.shape.length > 0) return camelCase(purpose);
  const number = String(op.data[0]).replace("-", "minus_").replaceAll(".", "_").replace("+", "");
  return `number_${number}`;
}
