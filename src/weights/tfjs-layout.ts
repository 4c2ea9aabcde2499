/** @file The layout of weights in tfjs models, which depends on the operator or layer that consumes a tensor, not on its shape. */
import { DataError } from "./data-error.ts";
import { field, isObject, items } from "./json.ts";

/**
 * The order of the last two axes of a tensor in a tfjs model:
 * `kernel` – (…, in, out) of a convolution or dense layer, (…, out, in) of a transposed convolution; they must be swapped;
 * `matrix` – the same if the tensor has exactly two axes, as the operand of a matrix product;
 * `depthwise` – (…, channels, multiplier); `plain` – as in PyTorch.
 */
export type Layout = "kernel" | "matrix" | "depthwise" | "plain";

/** Returns the layouts that the consumers of a tensor expect: none if unknown, several if they disagree. */
export function layoutsOf(topology: unknown): (name: string) => ReadonlySet<Layout> {
  const nodes = field(topology, "node");
  if (Array.isArray(nodes)) return graphLayouts(nodes);
  const config = field(topology, "model_config") ?? topology;
  if (field(config, "class_name") !== undefined) return layersLayouts(config);
  throw new DataError("this model.json has no modelTopology, without which the layout of its kernels is unknown");
}

/** The layout of input 1 of each operator. */
const filters: ReadonlyMap<unknown, Layout> = new Map([
  ["Conv1D", "kernel"],
  ["Conv2D", "kernel"],
  ["_FusedConv2D", "kernel"],
  ["Conv3D", "kernel"],
  ["Conv2DBackpropInput", "kernel"],
  ["DepthwiseConv2d", "depthwise"],
  ["DepthwiseConv2dNative", "depthwise"],
  ["FusedDepthwiseConv2dNative", "depthwise"],
]);
const products: ReadonlySet<unknown> = new Set(["MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2"]);

/** Operators to look through to the stored tensor. They keep its last two axes; `ExpandDims` makes a 1-D kernel 2-D. */
const transparent: ReadonlySet<unknown> = new Set(["Identity", "ExpandDims"]);
const maxHops = 100;

const none: ReadonlySet<Layout> = new Set();

function graphLayouts(nodes: readonly unknown[]): (name: string) => ReadonlySet<Layout> {
  const byName = new Map(nodes.map((node) => [field(node, "name"), node]));
  const sourceOf = (input: unknown): string => {
    let name = String(input).replace(/:\d+$/, "");
    for (let hop = 0; hop < maxHops; hop++) {
      const node = byName.get(name);
      if (!transparent.has(field(node, "op"))) break;
      name = String(items(field(node, "input"))[0]).replace(/:\d+$/, "");
    }
    return name;
  };
  const found: Found = new Map();
  for (const node of nodes) {
    const op = field(node, "op");
    const [a, b] = items(field(node, "input")).map(sourceOf);
    const filter = filters.get(op);
    if (filter !== undefined && b !== undefined) add(found, b, filter);
    if (products.has(op)) {
      const attributes = field(node, "attr");
      const transposed = (...names: readonly string[]) =>
        names.some((name) => field(field(attributes, name), "b") === true);
      // x · W contracts the first axis of W = (in, out). W · x contracts its last, so there W is already (out, in).
      if (a !== undefined) add(found, a, transposed("transpose_a", "adj_x") ? "matrix" : "plain");
      if (b !== undefined) add(found, b, transposed("transpose_b", "adj_y") ? "plain" : "matrix");
    }
  }
  return (name) => found.get(name) ?? none;
}

/** The parameters of each layer class whose layout differs from PyTorch's. */
const parameters = new Map<unknown, Readonly<Record<string, Layout>>>([
  ...["Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "Dense"].map(
    (name): [string, Record<string, Layout>] => [name, { kernel: "kernel" }],
  ),
  ["DepthwiseConv2D", { depthwise_kernel: "depthwise", kernel: "depthwise" }],
  ["SeparableConv1D", { depthwise_kernel: "depthwise", pointwise_kernel: "kernel" }],
  ["SeparableConv2D", { depthwise_kernel: "depthwise", pointwise_kernel: "kernel" }],
]);

function layersLayouts(model: unknown): (name: string) => ReadonlySet<Layout> {
  const found: Found = new Map();
  const register = (layer: unknown, className: unknown) => {
    const name = field(field(layer, "config"), "name") ?? field(layer, "name");
    for (const [parameter, layout] of Object.entries(parameters.get(className) ?? {})) {
      add(found, `${String(name)}/${parameter}`, layout);
    }
  };
  // A work list instead of recursion, because the file decides the depth.
  const layers: unknown[] = [model];
  for (let layer = layers.pop(); layer !== undefined; layer = layers.pop()) {
    const config = field(layer, "config");
    register(layer, field(layer, "class_name"));
    layers.push(...items(config).filter(isObject), ...items(field(config, "layers")).filter(isObject));
    const wrapped = field(config, "layer");
    if (isObject(wrapped)) {
      register(layer, field(wrapped, "class_name"));
      layers.push(wrapped);
    }
  }
  // Names of nested models may precede a layer's name, which may itself contain slashes.
  return (name) => {
    const parts = name.split("/").slice(-maxHops);
    return parts.map((_, i) => found.get(parts.slice(i).join("/"))).find((layouts) => layouts !== undefined) ?? none;
  };
}

type Found = Map<string, Set<Layout>>;

function add(found: Found, name: string, layout: Layout): void {
  const layouts = found.get(name);
  if (layouts === undefined) found.set(name, new Set([layout]));
  else layouts.add(layout);
}
