/** @file Follows the channels through a tfjs model, to find the matrices whose features a Flatten made. */
import type { Flattened } from "./flatten.ts";
import { field, isObject, items } from "./json.ts";

/** What is known of a tensor between two layers. */
type State =
  /** Several axes, the last with this many channels. */
  | { readonly kind: "spatial"; readonly channels: number | undefined }
  /** Flattened from such axes. */
  | Flattened
  /** Several axes in an order of the model's own. */
  | { readonly kind: "permuted" }
  /** One axis besides the batch, or nothing that matters. */
  | { readonly kind: "vector" }
  | { readonly kind: "unknown" };

const vector: State = { kind: "vector" };
const unknown: State = { kind: "unknown" };
const unclear: State = { kind: "unclear" };

const spatial = (channels: unknown): State => {
  const count = Number(channels);
  return { kind: "spatial", channels: Number.isSafeInteger(count) && count > 0 ? count : undefined };
};

/** Returns the state of an input or of a layer that declares the shape of its input. Two axes may be an image's or a sequence's. */
function ofShape(shape: readonly unknown[]): State {
  if (shape.length <= 2) return vector;
  return spatial(shape.length === 3 ? undefined : shape.at(-1));
}

function flatten(state: State): State {
  if (state.kind === "spatial") return { kind: "channels-last", channels: state.channels };
  return state.kind === "permuted" ? unclear : state;
}

/** Joins tensors along some axis. */
function concatenated(states: readonly State[]): State {
  if (states.length > 0 && states.every(({ kind }) => kind === "vector")) return vector;
  if (states.some(({ kind }) => kind === "channels-last" || kind === "unclear")) return unclear;
  const channels = states.map((state) => (state.kind === "spatial" ? state.channels : undefined));
  return spatial(
    channels.reduce<number | undefined>((sum, c) => (sum === undefined || c === undefined ? undefined : sum + c), 0),
  );
}

/** The state that several inputs of one shape have. */
const first = (states: readonly State[]): State => states.find(({ kind }) => kind !== "unknown") ?? unknown;

/** Returns how the rows of a matrix were flattened; undefined if they were not, or from 1 x 1 images. */
function rowsOf(state: State, rows: number | undefined): Flattened | undefined {
  if (state.kind === "unclear") return state;
  return state.kind === "channels-last" && state.channels !== rows ? state : undefined;
}

export type ShapeOf = (name: string) => readonly number[] | undefined;

/** Returns how the rows of each stored matrix were flattened, by its name in the file. */
export function flattenedRows(topology: unknown, shapeOf: ShapeOf): ReadonlyMap<string, Flattened> {
  const nodes = field(topology, "node");
  const found = new Map<string, Flattened>();
  if (Array.isArray(nodes)) followGraph(nodes, shapeOf, found);
  else followLayers(field(topology, "model_config") ?? topology, [], found, shapeOf, 0);
  return found;
}

const maxDepth = 50;

/** Follows a layers model, or one inside another. Returns the state of its result. */
function followLayers(
  model: unknown,
  inputs: readonly State[],
  found: Map<string, Flattened>,
  shapeOf: ShapeOf,
  depth: number,
): State {
  const config = field(model, "config");
  const layers = Array.isArray(config) ? items(config) : items(field(config, "layers"));
  const states = new Map<unknown, State>();
  let last = first(inputs);
  for (const layer of layers) {
    const before = isObject(layer) && "inbound_nodes" in layer ? inboundNames(layer) : undefined;
    const given =
      before === undefined || before.length === 0
        ? states.size === 0 || before
          ? inputs
          : [last]
        : before.map((name) => states.get(name) ?? unknown);
    const own = field(layer, "config");
    const isModel = Array.isArray(own) || Array.isArray(field(own, "layers"));
    last =
      isModel && depth < maxDepth
        ? followLayers(layer, given, found, shapeOf, depth + 1)
        : ofLayer(layer, given, found, shapeOf);
    states.set(nameOf(layer), last);
  }
  const outputs = items(field(config, "output_layers")).map((output) => states.get(items(output)[0]) ?? unknown);
  return outputs.length > 0 ? first(outputs) : last;
}

const nameOf = (layer: unknown): unknown => field(field(layer, "config"), "name") ?? field(layer, "name");

/** Returns the names of the layers before a layer: in `[[["name", 0, 0, {}]]]`, or in Keras 3 in the histories of tensors. */
function inboundNames(layer: object): string[] {
  const names: string[] = [];
  const pending: unknown[] = [...items(field(layer, "inbound_nodes"))];
  for (let item = pending.shift(); item !== undefined && names.length < 1000; item = pending.shift()) {
    const history = field(field(item, "config"), "keras_history") ?? item;
    const [name] = items(history);
    if (typeof name === "string") names.push(name);
    else if (Array.isArray(item)) pending.push(...items(item));
    else pending.push(...items(field(item, "args")));
  }
  return names;
}

/** Layers that keep the axes and the channels. */
const same =
  /^(Activation|ReLU|LeakyReLU|PReLU|ELU|ThresholdedReLU|Softmax|.*Dropout.*|.*Normalization|.*Pooling[123]D|ZeroPadding[123]D|UpSampling[123]D|Cropping[123]D|GaussianNoise|ActivityRegularization|Masking|Add|Subtract|Multiply|Average|Maximum|Minimum|Rescaling)$/;

function ofLayer(layer: unknown, given: readonly State[], found: Map<string, Flattened>, shapeOf: ShapeOf): State {
  const config = field(layer, "config");
  const className = String(field(layer, "class_name"));
  const declared = field(config, "batch_input_shape") ?? field(config, "batch_shape");
  const input = Array.isArray(declared) ? ofShape(declared) : first(given);
  const channelsFirst = field(config, "data_format") === "channels_first";
  if (className === "Dense") {
    const name = `${String(nameOf(layer))}/kernel`;
    const rows = rowsOf(input, shapeOf(name)?.at(0));
    if (rows !== undefined) found.set(name, rows);
    return input.kind === "spatial" ? spatial(field(config, "units")) : vector;
  }
  if (className === "Flatten") return flatten(input.kind === "unknown" ? spatial(undefined) : input);
  // What is flattened with channels first has the order of PyTorch.
  if (/^(Separable)?Conv[123]D(Transpose)?$/.test(className))
    return channelsFirst ? vector : spatial(field(config, "filters"));
  if (/^DepthwiseConv[12]D$/.test(className)) {
    const before = input.kind === "spatial" ? input.channels : undefined;
    return spatial((before ?? NaN) * Number(field(config, "depth_multiplier") ?? 1));
  }
  if (/^Global.*Pooling[123]D$/.test(className)) return vector;
  if (className === "Embedding") return spatial(field(config, "output_dim"));
  if (/^(LSTM|GRU|SimpleRNN)$/.test(className))
    return field(config, "return_sequences") === true ? spatial(field(config, "units")) : vector;
  if (className === "Reshape") {
    const target = items(field(config, "target_shape"));
    return target.length === 1 ? flatten(input) : spatial(target.at(-1));
  }
  if (className === "Permute") return { kind: "permuted" };
  if (className === "Concatenate") return concatenated(given);
  return className === "InputLayer" || same.test(className) ? input : unknown;
}

/** Operations that keep the axes and the channels of their first tensor that has any. */
const sameOperation =
  /^(Identity|BiasAdd|Relu6?|Elu|Selu|LeakyRelu|Prelu|Sigmoid|Tanh|Softplus|Add|AddV2|Sub|Mul|RealDiv|Maximum|Minimum|FusedBatchNorm(V[23])?|MaxPool(V2|3D)?|AvgPool(3D)?|Pad(V2)?|MirrorPad|Resize(Bilinear|NearestNeighbor)|ExpandDims|Squeeze|Rsqrt|Square)$/;

function followGraph(nodes: readonly unknown[], shapeOf: ShapeOf, found: Map<string, Flattened>): void {
  const states = new Map<string, State>();
  const plainName = (input: unknown) => String(input).replace(/:\d+$/, "");
  /** The stored tensor that an input is, through nodes that only pass it on. */
  const stored = new Map<string, string>();
  for (const node of nodes) {
    const name = String(field(node, "name"));
    const op = String(field(node, "op"));
    const inputs = items(field(node, "input")).map(plainName);
    const attribute = (key: string) => field(field(node, "attr"), key);
    const weight = inputs[1] === undefined ? undefined : (stored.get(inputs[1]) ?? inputs[1]);
    const kernel = weight === undefined ? undefined : shapeOf(weight);
    if (shapeOf(name) !== undefined) stored.set(name, name);
    else if (/^(Identity|ExpandDims)$/.test(op) && inputs[0] !== undefined)
      stored.set(name, stored.get(inputs[0]) ?? inputs[0]);
    const given = inputs.map((input) => states.get(input) ?? unknown);
    // Text is in base64.
    const channelsFirst = field(attribute("data_format"), "s") === "TkNIVw==";
    const state = (): State => {
      if (op === "Placeholder")
        return ofShape(items(field(field(attribute("shape"), "shape"), "dim")).map((dim) => field(dim, "size")));
      if (/^(_Fused)?Conv[123]D$/.test(op)) return channelsFirst ? vector : spatial(kernel?.at(-1));
      if (op === "Conv2DBackpropInput") return channelsFirst ? vector : spatial(kernel?.at(-2));
      if (/^(Fused)?DepthwiseConv2d(Native)?$/.test(op))
        return channelsFirst ? vector : spatial((kernel?.at(-1) ?? NaN) * (kernel?.at(-2) ?? NaN));
      if (op === "Reshape") return flatten(given[0] ?? unknown);
      if (/^Concat(V2)?$/.test(op))
        return concatenated(given.filter((_, i) => inputs[i] !== undefined && shapeOf(inputs[i]) === undefined));
      if (/^(_Fused)?MatMul$/.test(op)) {
        const input = given[0] ?? unknown;
        const rows = field(attribute("transpose_b"), "b") === true ? kernel?.at(-1) : kernel?.at(0);
        const flattened = kernel === undefined ? undefined : rowsOf(input, rows);
        if (flattened !== undefined) found.set(weight!, flattened);
        // A matrix product over the channels of every position: its result is reshaped to the positions again.
        return input.kind === "channels-last" && flattened === undefined ? spatial(kernel?.at(-1)) : vector;
      }
      if (/^(Mean|Max|Min|Sum)$/.test(op)) return field(attribute("keep_dims"), "b") === true ? first(given) : vector;
      return sameOperation.test(op) ? first(given) : unknown;
    };
    states.set(name, state());
  }
}
