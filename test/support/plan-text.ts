/** @file Prints a plan, a line for each step: what tests of the planner look at. */
import type { Plan } from "../../src/plan/plan.ts";
import type { PlanValue, Prepared } from "../../src/plan/value.ts";

/** `conv = conv2d(x, stem.weight', stem.bias) [n,8,h,w] relu; frees x`. A prime means prepared. */
export function planText(plan: Plan): string {
  const { sizes } = plan.graph.builder;
  const names = new Map<PlanValue, string>();
  for (const input of plan.inputs) names.set(input, input.name);
  for (const { value } of plan.prepared) names.set(value, prepareText(value));
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

function prepareText({ op, of }: Prepared): string {
  const [first = "", ...others] = of.map(prepareText);
  switch (op.op) {
    case "load":
      return op.path;
    case "constant":
      return op.data.length === 1 ? String(op.data[0]) : `constant[${op.shape.join()}]`;
    case "transpose":
      return `${first}.T`;
    case "reshape":
      return `${first}[${op.shape.join()}]`;
    case "slice":
      return `slice(${first})`;
    default: {
      const name = "function" in op ? op.function : op.op;
      return `${name}(${[first, ...others].join(", ")})`;
    }
  }
}

export function primitivesOf(plan: Plan): string[] {
  return plan.steps.map(({ value }) => value.primitive.name);
}
