/** @file Prints a plan, one line per step, for tests of the planner. */
import type { Prepare } from "../../src/contract/prepare.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { PlanValue } from "../../src/plan/value.ts";

/** `conv = conv2d(x, stem.weight', stem.bias) [n,8,h,w] relu; frees x`. A prime means prepared. */
export function planText(plan: Plan): string {
  const { sizes } = plan.graph.builder;
  const names = new Map<PlanValue, string>();
  for (const input of plan.inputs) names.set(input, input.name);
  for (const { value } of plan.prepared) names.set(value, prepareText(value.prepare));
  plan.steps.forEach(({ value, note }, index) => names.set(value, `${note.name ?? note.purpose}.${index}`));
  const name = (value: PlanValue) => names.get(value)!;
  const steps = plan.steps.map(({ value, frees }) => {
    const { attributes } = value;
    const [activation, called] = ["activation", "function"].map((key) =>
      typeof attributes === "object" && attributes !== null && key in attributes
        ? String(Object.entries(attributes).find(([found]) => found === key)![1])
        : "undefined",
    );
    const operation = called === "undefined" ? value.primitive.name : called;
    const text = `${name(value)} = ${operation}(${value.inputs.map(name).join(", ")})`;
    const shape = `[${value.shape.map((size) => sizes.print(size)).join(", ")}]`;
    const freed = frees.length === 0 ? "" : `; frees ${frees.map(name).join(", ")}`;
    return `${text} ${shape}${activation === "undefined" ? "" : ` ${activation}`}${freed}`;
  });
  const results = plan.results.map((result) => `${result.name}: ${result.copy ? "copy of " : ""}${name(result.value)}`);
  return [...steps, `return { ${results.join(", ")} }`].join("\n");
}

function prepareText(prepare: Prepare): string {
  switch (prepare.op) {
    case "load":
      return prepare.path;
    case "constant":
      return prepare.data.length === 1 ? String(prepare.data[0]) : `constant[${prepare.shape.join()}]`;
    case "transpose":
      return `${prepareText(prepare.of)}.T`;
    case "reshape":
      return `${prepareText(prepare.of)}[${prepare.shape.join()}]`;
    case "unary":
      return `${prepare.function}(${prepareText(prepare.of)})`;
    case "binary":
      return `${prepare.function}(${prepareText(prepare.a)}, ${prepareText(prepare.b)})`;
    case "concat":
      return `concat(${prepare.of.map(prepareText).join(", ")})`;
    case "slice":
      return `slice(${prepareText(prepare.of)})`;
  }
}

export function primitivesOf(plan: Plan): string[] {
  return plan.steps.map(({ value }) => value.primitive.name);
}
