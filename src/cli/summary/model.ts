/** @file A model in `fuse summary`. */
import { esmProfile } from "../../codegen/esm/profile.ts";
import { bytesOf } from "../../contract/manifest.ts";
import type { Admission } from "../../contract/guard.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { printType, type TensorType } from "../../ir/type.ts";
import { admissionAt, givenSizes, refusedSizes, unknownSize } from "../../plan/given-sizes.ts";
import { liveBytes, numbersAt, traffic } from "../../plan/memory.ts";
import { manifestOf } from "../../plan/manifest.ts";
import { plan } from "../../plan/plan.ts";
import { SizeTooLarge } from "../../sizes/pool.ts";
import type { Size } from "../../sizes/size.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { fail, Failure } from "../terminal/failure.ts";
import { countText, plural } from "../terminal/numbers.ts";
import { table } from "../terminal/table.ts";
import { layersOf, ordered, parametersOf, type Layer } from "./layers.ts";

/** Values of the size variables of a model. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * Returns the input sizes of each graph: those that are given, and nominal ones for the others; undefined if they are open and
 * none are given. Ends the command if a size belongs to no model, or is rejected by the guard.
 */
export function sizesAt(graphs: readonly ModelGraph[], at: Sizes | undefined): readonly (Sizes | undefined)[] {
  refuseUnknown(graphs, at);
  return graphs.map((graph) => (isOpen(graph, at) ? undefined : sizesOf(graph, at ?? {})));
}

/** Returns what each guard says about the input sizes; undefined if they are open and none are given. */
export function admissionsAt(graphs: readonly ModelGraph[], at: Sizes | undefined): readonly (Admission | undefined)[] {
  refuseUnknown(graphs, at);
  return graphs.map((graph) => (isOpen(graph, at) ? undefined : admissionAt(graph, at ?? {})));
}

/** Returns all sizes of a model, given or nominal. Ends the command if the guard rejects them. */
export function sizesOf(graph: ModelGraph, at: Sizes): Sizes {
  const refused = refusedSizes(graph, at);
  if (refused !== undefined) throw new Failure([refused]);
  return givenSizes(graph, at);
}

const isOpen = ({ guard }: ModelGraph, at: Sizes | undefined): boolean =>
  at === undefined && guard.variables.length > 0;

function refuseUnknown(graphs: readonly ModelGraph[], at: Sizes = {}): void {
  const message = unknownSize(graphs, at);
  if (message !== undefined) fail("bad-input", { message });
}

export function modelText(graph: ModelGraph, at: Sizes | undefined): string {
  const layers = layersOf(graph);
  const { size, type } = printers(graph, at);
  const settings = Object.entries(graph.settings).map(([name, value]) => `${name} = ${value}`);
  const required = graph.guard.requirements.map(({ text }) => text);
  const head = [
    `model ${signature(graph, type)}`,
    ...(graph.doc === undefined ? [] : graph.doc.split("\n").map((line) => `  ${line}`.trimEnd())),
    ...(settings.length === 0 ? [] : [`  with ${settings.join(", ")}`]),
    ...(required.length === 0 ? [] : [`  requires ${required.join(", ")}`]),
  ];
  return [...head, "", layerTable(graph, layers, size, type), "", ...totalLines(graph, layers, at, size)].join("\n");
}

export function modelJson(graph: ModelGraph, at: Sizes | undefined): object {
  const layers = layersOf(graph);
  const { type, number } = printers(graph, at);
  const { macs, parameters, memory } = totals(graph, layers, at);
  return {
    name: graph.name,
    path: graph.path,
    settings: graph.settings,
    at: at ?? null,
    inputs: graph.inputs.map((input) => ({ name: input.name, type: type(ordered(input.type, input.order)) })),
    results: graph.results.map(({ name, value, order }) => ({ name, type: type(ordered(value.type, order)) })),
    requires: graph.guard.requirements.map(({ text }) => text),
    layers: layers.map((layer) => ({
      scope: layer.scope,
      name: layer.name,
      operator: layer.operator,
      results: layer.results.map(type),
      weights: layer.weights.map(({ path }) => path),
      parameters: layer.parameters,
      macs: number(layer.macs),
    })),
    totals: { weights: graph.weights.length, parameters, macs: macs === undefined ? null : number(macs), ...memory },
  };
}

/** Returns printers for sizes and types: as numbers if the input sizes are known, otherwise as formulas. */
export function printers({ builder: { sizes } }: ModelGraph, at: Sizes | undefined) {
  if (at === undefined) {
    const size = (s: Size) => sizes.print(s);
    return { size, number: size, type: (t: TensorType) => printType(sizes, t) };
  }
  const number = numbersAt(sizes, at);
  const type = ({ dtype, axes }: TensorType) => {
    const items = [...axes].map(([axis, size]) => `${axis}: ${number(size)}`);
    return `${dtype === "f32" ? "" : dtype}[${items.join(", ")}]`;
  };
  return { size: (s: Size) => countText(number(s)), number, type };
}

function signature({ name, inputs, results }: ModelGraph, type: (t: TensorType) => string): string {
  const given = inputs.map((input) => `${input.name}: ${type(ordered(input.type, input.order))}`);
  const made = results.map(({ name, value, order }) => `${name}: ${type(ordered(value.type, order))}`);
  return `${name}(${given.join(", ")}) -> (${made.join(", ")})`;
}

/** Layers of one block call are grouped under a row with its labels. */
function layerTable(
  { name }: ModelGraph,
  layers: readonly Layer[],
  size: (s: Size) => string,
  type: (t: TensorType) => string,
): string {
  const rows: string[][] = [];
  let scope = "";
  for (const layer of layers) {
    if (layer.scope !== scope) rows.push([layer.scope === "" ? name : layer.scope, "", "", "", ""]);
    scope = layer.scope;
    const macs = size(layer.macs);
    const weights = layer.parameters === 0 && layer.weights.length > 0 ? "shared" : countText(layer.parameters);
    rows.push([
      scope === "" ? layer.name : `  ${layer.name}`,
      layer.operator,
      layer.results.map(type).join(", "),
      weights === "0" ? "" : weights,
      macs === "0" ? "" : macs,
    ]);
  }
  return table(["layer", "operator", "result", "weights", "MACs"], rows, [3, 4]);
}

function totalLines(
  graph: ModelGraph,
  layers: readonly Layer[],
  at: Sizes | undefined,
  size: (s: Size) => string,
): string[] {
  const { macs, parameters, memory } = totals(graph, layers, at);
  const lines = [
    `weights  ${plural(graph.weights.length, "tensor")}, ${plural(parameters, "parameter")}, ${bytesText(bytesOf(manifestOf(graph)))}`,
    `MACs     ${macs === undefined ? "the formula is too long: --at gives a number" : size(macs)}`,
  ];
  if (memory === undefined) {
    const open = graph.guard.variables.map(({ name }) => `${name}=…`).join(",");
    return [...lines, `bytes    unknown until input sizes are given: --at ${open}`];
  }
  return [
    ...lines,
    `bytes    ${bytesText(memory.bytesRead)} read, ${bytesText(memory.bytesWritten)} written`,
    `memory   peak ${bytesText(memory.peakBytes)}, plus weights and inputs`,
  ];
}

/** Returns the costs of a model. The memory figures are those of the ES module. */
export function totals(graph: ModelGraph, layers: readonly Layer[], at: Sizes | undefined) {
  const parameters = [...new Set(graph.weights)].reduce((sum, weight) => sum + parametersOf(graph, weight), 0);
  const macs = sumOf(graph, layers);
  if (at === undefined) return { parameters, macs, memory: undefined };
  const planned = plan(graph, esmProfile());
  const { read, written } = traffic(planned, at);
  const { peak } = liveBytes(planned, at);
  return { parameters, macs, memory: { bytesRead: read, bytesWritten: written, peakBytes: peak } };
}

/** Returns undefined if the sum has too many terms to be a size. */
function sumOf({ builder: { sizes } }: ModelGraph, layers: readonly Layer[]): Size | undefined {
  try {
    return layers.reduce((sum, { macs }) => sizes.add(sum, macs), sizes.int(0));
  } catch (error) {
    if (error instanceof SizeTooLarge) return undefined;
    throw error;
  }
}
