/** @file The types of a module: its models' inputs and results, with their declared shapes. */
import { printType, tensorType } from "../../ir/type.ts";
import type { Plan } from "../../plan/plan.ts";
import { Names, propertyName } from "./names.ts";
import { docComment } from "./text.ts";

const imports =
  'import type { Tensor } from "@tensorflow/tfjs-core";\nimport type { Model } from "fuse-lang/runtime";\n';

export function declarations(plans: readonly Plan[]): string {
  const names = new Names(["Tensor", "Model"]);
  return imports + plans.map((plan) => `\n${declaration(plan, names.take(plan.graph.name))}`).join("");
}

function declaration(plan: Plan, local: string): string {
  const { name, doc, settings } = plan.graph;
  const chosen = Object.entries(settings).map(([setting, value]) => `${setting} = ${value}`);
  const head = [doc ?? name, ...(chosen.length === 0 ? [] : ["", `Settings: ${chosen.join(", ")}`])];
  const type = `Model<\n${fields(inputsOf(plan))},\n${fields(resultsOf(plan))}\n>`;
  return local === name
    ? `${docComment(head)}export declare const ${name}: ${type};\n`
    : `${docComment(head)}declare const ${local}: ${type};\nexport { ${local} as ${name} };\n`;
}

/** Names and what is declared of them. */
type Fields = readonly (readonly [name: string, declared: string])[];

function inputsOf({ graph }: Plan): Fields {
  return graph.guard.inputs.map(({ name, dtype, axes }) => [
    name,
    `${dtype}[${axes.map(({ declared }) => declared).join(", ")}]`,
  ]);
}

function resultsOf({ graph }: Plan): Fields {
  return graph.results.map(({ name, value: { type }, order }) => {
    const ordered = tensorType(
      type.dtype,
      order.map((axis) => [axis, type.axes.get(axis)!]),
    );
    const text = printType(graph.builder.sizes, ordered);
    return [name, type.dtype === "f32" ? `f32${text}` : text];
  });
}

function fields(list: Fields): string {
  const lines = list.map(([name, declared]) => `${docComment([declared], "    ")}    ${propertyName(name)}: Tensor;\n`);
  return `  {\n${lines.join("")}  }`;
}
