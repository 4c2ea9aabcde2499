/** @file The types of a module: its models' inputs with their ranks, and results with their known sizes. */
import { printType, tensorType } from "../../ir/type.ts";
import type { Plan } from "../../plan/plan.ts";
import { Names, propertyName } from "./names.ts";
import { docComment } from "./text.ts";

/** tfjs's tensor types by rank. It has none for more axes. */
const tensors = ["Scalar", "Tensor1D", "Tensor2D", "Tensor3D", "Tensor4D", "Tensor5D", "Tensor<Rank.R6>"];
const tensorOf = (rank: number): string => tensors[rank] ?? "Tensor";

/** How result types express their dtype. f32 is the default. */
const dtypes = { f32: "", i32: ' & { readonly dtype: "int32" }', bool: ' & { readonly dtype: "bool" }' } as const;

/** The types that fields may use, and where they are imported from. */
const importable = {
  "@tensorflow/tfjs-core": ["Rank", "Scalar", "Tensor", "Tensor1D", "Tensor2D", "Tensor3D", "Tensor4D", "Tensor5D"],
  "fuse-lang/runtime": ["Model", "Shaped"],
};

export function declarations(plans: readonly Plan[]): string {
  const names = new Names(Object.values(importable).flat());
  const models = plans.map((plan) => ({ plan, inputs: inputsOf(plan), results: resultsOf(plan) }));
  const types = models.flatMap(({ inputs, results }) => [...inputs, ...results]).map(({ type }) => type);
  const used = new Set(["Model", ...types.flatMap((type) => type.match(/\w+/g) ?? [])]);
  const imports = Object.entries(importable).map(
    ([from, all]) => `import type { ${all.filter((name) => used.has(name)).join(", ")} } from "${from}";\n`,
  );
  return (
    imports.join("") + models.map((model) => `\n${declaration(model, names.take(model.plan.graph.name))}`).join("")
  );
}

/** A property: its name, its type, and its declaration in the program. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly declared: string;
}

interface Typed {
  readonly plan: Plan;
  readonly inputs: readonly Field[];
  readonly results: readonly Field[];
}

function declaration({ plan, inputs, results }: Typed, local: string): string {
  const { name } = plan.graph;
  const type = `Model<\n${fields(inputs)},\n${fields(results)}\n>`;
  const doc = docComment([plan.graph.doc ?? name, ...facts(plan)]);
  return local === name
    ? `${doc}export declare const ${name}: ${type};\n`
    : `${doc}declare const ${local}: ${type};\nexport { ${local} as ${name} };\n`;
}

/** Returns what types cannot express: settings, the order of results, and the run-time checks besides input sizes. */
export function facts({ graph: { settings, results, guard } }: Plan): string[] {
  const list = (name: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`- ${name}: ${items.join(", ")}`];
  return [
    "",
    ...list(
      "Settings",
      Object.entries(settings).map(([setting, value]) => `${setting} = ${value}`),
    ),
    ...list(
      "Results",
      results.map(({ name }) => name),
    ),
    ...list(
      "Checked on every run",
      guard.requirements.map(({ text, at }) => `${text} (${at})`),
    ),
  ];
}

/** An input may be any tensor of its rank. tfjs types know sizes only as `number`, and the guard checks them. */
function inputsOf({ graph }: Plan): Field[] {
  return graph.guard.inputs.map(({ name, dtype, axes }) => ({
    name,
    type: tensorOf(axes.length),
    declared: `${dtype}[${axes.map(({ declared }) => declared).join(", ")}]`,
  }));
}

function resultsOf({ graph }: Plan): Field[] {
  const { sizes } = graph.builder;
  return graph.results.map(({ name, value: { type }, order }) => {
    const ordered = order.map((axis) => [axis, type.axes.get(axis)!] as const);
    const text = printType(sizes, tensorType(type.dtype, ordered));
    const shape = ordered.map(([, size]) => literalSize(sizes.constant(size)));
    const known = order.length <= 6 && shape.some((size) => size !== "number");
    return {
      name,
      type: `${known ? `Shaped<Rank.R${order.length}, [${shape.join(", ")}]>` : tensorOf(order.length)}${dtypes[type.dtype]}`,
      declared: type.dtype === "f32" ? `f32${text}` : text,
    };
  });
}

/** A number that JavaScript cannot represent would become a different literal type. */
function literalSize(size: bigint | undefined): string {
  return size !== undefined && size <= Number.MAX_SAFE_INTEGER ? String(size) : "number";
}

export function fields(list: readonly Field[]): string {
  const lines = list.map(
    ({ name, type, declared }) => `${docComment([declared], "    ")}    ${propertyName(name)}: ${type};\n`,
  );
  return `  {\n${lines.join("")}  }`;
}
