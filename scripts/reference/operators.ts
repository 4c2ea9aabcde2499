/** @file Generates docs/operators/: a page per family of operators, from their records. The compiler computes types, weights and costs. */
import { initText } from "../../src/cli/summary/block-weights.ts";
import { buildGraphs, openProgram } from "../../src/graphs.ts";
import type { Attribute } from "../../src/ir/attribute.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Example, Operator } from "../../src/ir/operator.ts";
import { printType } from "../../src/ir/type.ts";
import { families, symbols } from "../../src/ops/table.ts";
import { macsOf, stepsOf } from "../../src/ir/costs.ts";
import { resultNames } from "../../test/support/operators.ts";
import { defaultsPage } from "./defaults.ts";
import { code, fence, fileName, generated, table, title } from "./markdown.ts";
import { aboutTraits, traitTexts } from "./traits.ts";

/** Returns the pages by path below docs/operators/. */
export function operatorPages(): Readonly<Record<string, string>> {
  const index = Object.entries(families).map(([family, records]) => {
    const rows = records.map((op) => [`[${code(op.name)}](${fileName(family)}.md#${op.name})`, firstSentence(op.doc)]);
    return `## ${title(family)}\n\n${table(["operator", ""], rows)}`;
  });
  const bySymbol = Object.entries(symbols).map(([symbol, op]) => [code(symbol), code(op.name)]);
  const about =
    "Every operator of the language. Attributes follow PyTorch ([their defaults](defaults.md) beside PyTorch's); weights have PyTorch's names and layouts. Tensors have named " +
    "axes, so no operator depends on their order.\n\n";
  return {
    "README.md": `${generated}# Operators\n\n${about}${index.join("\n")}\n## Symbols\n\n${table(["symbol", "operator"], bySymbol)}\n${aboutTraits}`,
    "defaults.md": defaultsPage(),
    ...Object.fromEntries(
      Object.entries(families).map(([family, records]) => [
        `${fileName(family)}.md`,
        `${generated}# ${title(family)}\n\n${records.map(section).join("\n")}`,
      ]),
    ),
  };
}

const firstSentence = (doc: string): string => /^.*?[.!?](?= [A-Z`]|$)/s.exec(doc)?.[0] ?? doc;

function section(op: Operator): string {
  const attributes = Object.entries<Attribute>(op.attributes).filter(([, { kind }]) => kind !== "results");
  const rows = attributes.map(([name, attribute]) => [
    code(written(name, attribute)),
    valueText(attribute),
    defaultText(attribute),
    attribute.doc,
  ]);
  const signature = `${op.name}(${[...inputNames(op), ...attributes.map(([name, attribute]) => written(name, attribute))].join(", ")})`;
  const parts = [
    `## ${op.name}\n`,
    `${code(signature)}\n`,
    `${op.doc}\n`,
    ...(rows.length === 0 ? [] : [table(["attribute", "value", "default", ""], rows)]),
    ...op.examples.map((each) => example(op, each)),
  ];
  return parts.join("\n");
}

const inputNames = ({ inputs: { names, variadic } }: Operator): readonly string[] =>
  variadic ? [...names.slice(0, -1), `...${names.at(-1)!}`] : names;

function written(name: string, { kind, positional }: Attribute): string {
  if (kind === "keyed") return "AXIS: …";
  if (kind === "maps") return "FROM -> TO";
  return positional ? `[${name}:]` : `${name}:`;
}

function valueText(attribute: Attribute): string {
  const { kind, choices, fractions } = attribute;
  switch (kind) {
    case "size":
      return "size";
    case "sizes":
      return fractions ? "number, or one for each axis" : "size, or one for each axis";
    case "padding":
      return [...choices.map(code), "size, or pairs"].join(", ");
    case "number":
      return "number";
    case "bool":
      return "`true` or `false`";
    case "choice":
      return choices.map(code).join(", ");
    case "axis":
      return "axis";
    case "axes":
      return "axis, or list";
    case "keyed":
      return "size";
    case "maps":
      return "axes";
    case "like":
      return "tensor";
    case "init":
      return "`kaiming`, `glorot`, `normal(std)`, `uniform(bound)` or a number";
    case "dtype":
      return "`f32`, `i32` or `bool`";
    case "results":
      return "";
  }
}

function defaultText({ default: value, optional }: Attribute): string {
  if (value !== undefined)
    return code(
      Array.isArray(value) ? `[${value.join(", ")}]` : typeof value === "string" ? value : JSON.stringify(value),
    );
  return optional ? "" : "required";
}

/** Prints an example as a block, with its types and weights, how the operator acts, and what it costs. */
function example(op: Operator, { code: text, inputs }: Example): string {
  const names = resultNames(text);
  const body = text.includes("|>") && names.length > 1 ? `(${text})` : text;
  const returned =
    names.length === 1 ? `return ${text}` : `${names.join(", ")} = ${body}\n  return ${names.join(", ")}`;
  const program = open(`fuse 1\n\nblock Example(${inputs}) {\n  ${returned}\n}\n`);
  const [world] = program.worlds(program.main.blocks.get("Example")!);
  const { sizes } = program.context;
  const types = world!.results!.map((type) => printType(sizes, type!));
  const facts = [`results: ${types.map(code).join(", ")}`];
  const weights = world!.weights.map(({ weight }) => {
    const name = weight.path.split(".").at(-1)!;
    return `${code(`${name}: ${printType(sizes, weight.type)}`)} from ${initText(weight.init)}`;
  });
  if (weights.length > 0) facts.push(`weights: ${weights.join(", ")}`);
  const graph = modelOf(inputs, names, types, body);
  facts.push(...traitTexts(graph, op));
  const macs = macsText(graph);
  if (macs !== "0") facts.push(`multiply-accumulates: ${code(macs)}`);
  return `${fence("fuse", program.main.ast.span.source.text)}\n${facts.map((fact) => `- ${fact}\n`).join("")}`;
}

function modelOf(inputs: string, names: readonly string[], types: readonly string[], body: string): ModelGraph {
  const declared = names.map((name, i) => `${name}: ${types[i]}`).join(", ");
  const own = names.map((name) => `${name}_`).join(", ");
  const program = open(`fuse 1\nmodel Example(${inputs}) -> (${declared}) { ${own} = (${body}) return ${own} }`);
  const [graph] = buildGraphs(program).value ?? [];
  if (graph === undefined) throw new Error(`${body} of ${inputs} is not a model`);
  return graph;
}

function macsText(graph: ModelGraph): string {
  const { sizes } = graph.builder;
  const total = stepsOf(graph)
    .filter((step) => step.kind === "node")
    .reduce((sum, node) => sizes.add(sum, macsOf(node, graph.builder)), sizes.int(0));
  return sizes.print(total);
}

function open(text: string) {
  return openProgram("example.fuse", text, { read: () => undefined });
}
