/** @file The function that a module's model runs: one statement for each step, and what nothing needs any more freed behind it. */
import type { Origin } from "../../ir/graph.ts";
import type { Size, SizeVar } from "../../ir/size.ts";
import type { Plan } from "../../plan/plan.ts";
import { firstPath } from "../../plan/preparation.ts";
import type { Note, PlanValue, Prepared } from "../../plan/value.ts";
import type { EsmEmitter } from "../../primitives/primitive.ts";
import { InternalError } from "../../source/internal-error.ts";
import { position } from "../../source/source.ts";
import { camelCase, Names, propertyName } from "./names.ts";
import { sizeText } from "./sizes.ts";
import { braces, commentText, objectKey, statement } from "./text.ts";

const parameters = ["inputs", "weights", "sizes"];

export interface RunFunction {
  /** `run(inputs, weights, sizes) { … }` */
  readonly text: string;
  /** What the prepared tensors are called, in order of use. */
  readonly prepared: ReadonlyMap<Prepared, string>;
}

/** Prints it as a method; `indent` is that of its first line. */
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
  const lines: string[] = [];
  let [place, scope] = ["", ""];
  for (const { value, note, frees } of plan.steps) {
    const around = note.origin?.scope.join(".") ?? scope;
    if (around !== scope) lines.push("", `// ${commentText(around === "" ? graph.name : around)}`);
    const at = note.origin === undefined ? place : lineOf(note.origin);
    const comment = at === place ? "" : ` // ${commentText(at)}`;
    [place, scope] = [at, around];
    const expression = value.primitive.esm(e, value.inputs.map(nameOf), value.attributes, value, value.inputs);
    lines.push(`${statement(`const ${nameOf(value)} = ${expression};`, inner)}${comment}`);
    if (frees.length === 1) lines.push(`tf.dispose(${nameOf(frees[0]!)});`);
    else if (frees.length > 1) lines.push(`tf.dispose([${frees.map(nameOf).join(", ")}]);`);
  }
  const results = plan.results.map(({ name, value, copy }) => {
    const text = copy ? `tf.clone(${nameOf(value)})` : nameOf(value);
    return text === name ? name : `${objectKey(name)}: ${text}`;
  });
  lines.push(`return ${braces(results, inner, "return ;".length)};`);

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
  const destructuring = bindings.flatMap((list, index) =>
    list.length === 0 ? [] : [`const ${braces(list, inner, "const  = inputs;".length)} = ${parameters[index]};`],
  );
  const body = [...destructuring, ...lines].map((line) => (line === "" ? "\n" : `${inner}${line}\n`));
  return { text: `run(${parameters.slice(0, needed).join(", ")}) {\n${body.join("")}${indent}}`, prepared };
}

const binding = (key: string, variable: string): string =>
  key === variable ? variable : `${propertyName(key)}: ${variable}`;

/** The author's name, or the weight it is made of, or the number that it is. */
function preparedName({ prepare }: Prepared, { name, purpose }: Note): string {
  const path = firstPath(prepare);
  if (name !== undefined || path !== undefined) return name ?? path!;
  if (prepare.op !== "constant" || prepare.shape.length > 0) return camelCase(purpose);
  const number = String(prepare.data[0]).replace("-", "minus_").replaceAll(".", "_").replace("+", "");
  return `number_${number}`;
}

/** `net.fuse:9` */
function lineOf({ span: { source, start } }: Origin): string {
  return `${source.path}:${position(source, start).line}`;
}
