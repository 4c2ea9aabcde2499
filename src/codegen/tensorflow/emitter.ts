/** @file Creates TensorFlow nodes: unique names, shared literals and sizes, fused products if the format has them. */
import type { NdArray } from "../../contract/ndarray.ts";
import type { NodeAttribute, NodeAttributes, TensorFlowEmitter, Wire } from "../../primitives/tensorflow/emitter.ts";
import { apply, converted, ints, literal, packed } from "../../primitives/tensorflow/nodes.ts";
import type { TensorFlowOperation } from "../../primitives/tensorflow/operations.ts";
import { dataTypes, int64, type AttrValue, type NodeDef } from "../../protobuf/tensorflow.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { contentOf } from "../content.ts";
import { Refusal } from "../refusal.ts";
import { remember } from "../remember.ts";
import type { SizeArithmetic } from "../steps.ts";
import { boundsOf } from "./size-bounds.ts";

export interface NodeOptions {
  readonly sizes: Sizes;
  /** Whether products include bias and activation in one node, as the TensorFlow.js executor runs them. */
  readonly fused: boolean;
  /** Returns the rank-0 tensor of a guard variable. */
  readonly variable: (variable: SizeVar) => Wire;
  /** The names of the graph that the nodes become part of. */
  readonly names: NodeNames;
}

/** The node names of a graph. */
export class NodeNames {
  /** The executor of TensorFlow.js looks names up in plain objects, which have a `constructor` of their own. */
  readonly #taken = new Map(Object.getOwnPropertyNames(Object.prototype).map((name) => [name.toLowerCase(), 1]));

  /** TensorFlow allows letters, digits and `_.-/`, and no punctuation at the start except a dot. */
  unique(wish: string): string {
    const safe = wish.replace(/[^A-Za-z0-9_./-]/g, "_").replace(/^[^A-Za-z0-9.]/, "v$&");
    // Names must differ in more than case, because some readers turn them into files.
    const key = safe.toLowerCase();
    for (let count = this.#taken.get(key) ?? 0; ; count++) {
      const name = count === 0 ? safe : `${safe}_${count}`;
      if (count > 0 && this.#taken.has(name.toLowerCase())) continue;
      this.#taken.set(key, count + 1);
      if (count > 0) this.#taken.set(name.toLowerCase(), 1);
      return name;
    }
  }
}

const fusedNodes = {
  Conv2D: "_FusedConv2D",
  DepthwiseConv2dNative: "FusedDepthwiseConv2dNative",
  MatMul: "_FusedMatMul",
} as const;

export class NodeEmitter implements TensorFlowEmitter {
  readonly algebra: Sizes;
  readonly nodes: NodeDef[] = [];
  /** The scope of the nodes being created: a prefix, and a name for the last one. */
  scope = "";
  readonly #options: NodeOptions;
  readonly #literals = new Map<string, Wire>();
  readonly #sizes = new Map<Size, Wire>();
  readonly #numbers = new Map<Size, Wire>();
  readonly #longs = new Map<Size | SizeVar, Wire>();
  readonly #lists = new Map<string, Wire>();

  /** Arithmetic on rank-0 i32 tensors. Every quotient is exact or has positive operands. */
  readonly arithmetic: SizeArithmetic<Wire> = {
    int: (n) => literal(this, Number(n), "i32"),
    add: (a, b) => apply(this, "AddV2", [a, b], "i32"),
    sub: (a, b) => apply(this, "Sub", [a, b], "i32"),
    mul: (a, b) => apply(this, "Mul", [a, b], "i32"),
    divide: (a, b) => this.quotient(a, b),
    floor: (a, b) => this.quotient(a, b),
    ceil: (a, b) => {
      const zero = literal(this, 0, "i32");
      return this.arithmetic.sub(zero, this.quotient(this.arithmetic.sub(zero, a), b));
    },
  };

  constructor(options: NodeOptions) {
    this.algebra = options.sizes;
    this.#options = options;
  }

  node(op: TensorFlowOperation, inputs: readonly Wire[], attributes: NodeAttributes = {}): Wire {
    return this.#add(op, inputs, new Map(Object.entries(attributes).map(([name, value]) => [name, attrValue(value)])));
  }

  #add(op: TensorFlowOperation, inputs: readonly Wire[], attr: ReadonlyMap<string, AttrValue>): Wire {
    return this.add(
      this.scope === "" ? op : `${this.scope}/${op}`,
      op,
      inputs.map(({ tensor }) => tensor),
      attr,
    );
  }

  /** Adds a node named `name`, or similar. */
  add(name: string, op: TensorFlowOperation, input: readonly string[], attr: ReadonlyMap<string, AttrValue>): Wire {
    const own = this.#options.names.unique(name);
    this.nodes.push({ name: own, op, input, attr });
    return { tensor: own };
  }

  output(first: Wire, index: number): Wire {
    return index === 0 ? first : { tensor: `${first.tensor}:${index}` };
  }

  constant(array: NdArray): Wire {
    const key = `${array.dtype}|${array.shape.join()}|${Array.from(array.data, numberKey).join()}`;
    return remember(this.#literals, key, () => this.literal("const", array));
  }

  /** Adds a separate constant. */
  literal(name: string, array: NdArray): Wire {
    const dtype = dataTypes[array.dtype];
    const tensorShape = { dim: array.shape.map((size) => ({ size })) };
    const tensor = { dtype, tensorShape, tensorContent: contentOf(array) };
    return this.add(
      name,
      "Const",
      [],
      new Map([
        ["dtype", { type: dtype }],
        ["value", { tensor }],
      ]),
    );
  }

  size(size: Size): Wire {
    const known = this.known(size);
    if (known !== undefined) return literal(this, known, "i32");
    return remember(this.#sizes, size, () => {
      if (!this.#options.fused && boundsOf(this.algebra, size).beyondInQuotient)
        return this.#cast(this.#long(size), int64, dataTypes.i32);
      return this.algebra.fold<Wire>(size, { ...this.arithmetic, variable: this.#options.variable });
    });
  }

  number(size: Size): Wire {
    const known = this.known(size);
    if (known !== undefined) return literal(this, known);
    return remember(this.#numbers, size, () => {
      if (!boundsOf(this.algebra, size).beyond) return converted(this, this.size(size), "i32", "f32");
      if (!this.#options.fused) return this.#cast(this.#long(size), int64, dataTypes.f32);
      // The executor of TensorFlow.js has no int64. Float32 is exact enough for what is too large for int32.
      const [value, magnitude] = [this.#float(size, false), this.#float(size, true)];
      const fits = apply(this, "Less", [magnitude, literal(this, 2 ** 30)]);
      return apply(this, "SelectV2", [fits, converted(this, this.size(size), "i32", "f32"), value]);
    });
  }

  /** Computes a size in int64. */
  #long(size: Size): Wire {
    const of = (op: TensorFlowOperation) => (a: Wire, b: Wire) =>
      this.#add(op, [a, b], new Map([["T", { type: int64 }]]));
    const [sub, quotient] = [of("Sub"), of("FloorDiv")];
    const int = (n: bigint) => {
      const tensor = { dtype: int64, tensorShape: { dim: [] }, tensorContent: longContent(n) };
      return this.#add(
        "Const",
        [],
        new Map([
          ["dtype", { type: int64 }],
          ["value", { tensor }],
        ]),
      );
    };
    return remember(this.#longs, size, () =>
      this.algebra.fold<Wire>(size, {
        int,
        variable: (variable) =>
          remember(this.#longs, variable, () => this.#cast(this.#options.variable(variable), dataTypes.i32, int64)),
        add: of("AddV2"),
        sub,
        mul: of("Mul"),
        divide: quotient,
        floor: quotient,
        ceil: (a, b) => sub(int(0n), quotient(sub(int(0n), a), b)),
      }),
    );
  }

  /** Computes a size in float32, or a bound for every number on the way to it: `magnitude` adds where the size subtracts. */
  #float(size: Size, magnitude: boolean): Wire {
    const of = (op: TensorFlowOperation) => (a: Wire, b: Wire) => apply(this, op, [a, b]);
    const quotient = (op: "Floor" | "Ceil") => (a: Wire, b: Wire) =>
      magnitude ? of("AddV2")(a, b) : apply(this, op, [of("RealDiv")(a, b)]);
    return this.algebra.fold<Wire>(size, {
      int: (n) => literal(this, Number(magnitude && n < 0n ? -n : n)),
      variable: (variable) => converted(this, this.#options.variable(variable), "i32", "f32"),
      add: of("AddV2"),
      sub: of(magnitude ? "AddV2" : "Sub"),
      mul: of("Mul"),
      divide: magnitude ? of("AddV2") : of("RealDiv"),
      floor: quotient("Floor"),
      ceil: quotient("Ceil"),
    });
  }

  #cast(x: Wire, from: number, to: number): Wire {
    return this.#add(
      "Cast",
      [x],
      new Map([
        ["SrcT", { type: from }],
        ["DstT", { type: to }],
      ]),
    );
  }

  sizes(list: readonly Size[]): Wire {
    const known = list.map((size) => this.known(size));
    const numbers = known.filter((size) => size !== undefined);
    if (numbers.length === known.length) return ints(this, numbers);
    const key = list.map(({ id }) => id).join();
    const make = () =>
      packed(
        this,
        list.map((size) => this.size(size)),
      );
    return remember(this.#lists, key, make);
  }

  int(size: Size): number {
    return this.known(size) ?? this.refuse(`the size ${this.algebra.print(size)} would have to be known at build time`);
  }

  known(size: Size): number | undefined {
    const found = this.algebra.constant(size);
    return found === undefined ? undefined : Number(found);
  }

  product(
    op: keyof typeof fusedNodes,
    inputs: readonly [Wire, Wire],
    attributes: NodeAttributes,
    bias: Wire | undefined,
    activation: TensorFlowOperation | undefined,
  ): Wire {
    const T = { type: "f32" } as const;
    // The executor supports an activation only after a bias.
    if (this.#options.fused && bias !== undefined) {
      const texts = ["BiasAdd", ...(activation === undefined ? [] : [activation])];
      const fused = { num_args: { int: 1 }, fused_ops: { texts } };
      return this.node(fusedNodes[op], [...inputs, bias], { ...attributes, ...fused });
    }
    const product = this.#alone(op, inputs, attributes);
    const biased = bias === undefined ? product : this.node("BiasAdd", [product, bias], { T });
    return activation === undefined ? biased : this.node(activation, [biased], { T });
  }

  /**
   * Emits the product without what follows. When TensorFlow fuses a depthwise convolution with what follows, it loses
   * numeric pads, and the process ends with a failed check. Such pads are therefore a separate node.
   */
  #alone(op: keyof typeof fusedNodes, [x, filter]: readonly [Wire, Wire], attributes: NodeAttributes): Wire {
    const { explicit_paddings: pads, ...others } = attributes;
    if (this.#options.fused || op !== "DepthwiseConv2dNative" || pads === undefined || !("ints" in pads))
      return this.node(op, [x, filter], attributes);
    const paddings = this.constant({ dtype: "i32", shape: [4, 2], data: Float64Array.from(pads.ints) });
    const padded = this.node("Pad", [x, paddings], { T: { type: "f32" }, Tpaddings: { type: "i32" } });
    return this.node(op, [padded, filter], { ...others, padding: { text: "VALID" } });
  }

  quotient(a: Wire, b: Wire): Wire {
    const floored = (a: Wire, b: Wire) => apply(this, "FloorDiv", [a, b], "i32");
    const near = floored(a, b);
    if (!this.#options.fused) return near;
    // The remainder of a rounded quotient is small enough for float32.
    const { add, sub, mul } = this.arithmetic;
    return add(near, floored(sub(a, mul(near, b)), b));
  }

  refuse(reason: string): never {
    throw new Refusal(reason);
  }
}

function attrValue(value: NodeAttribute): AttrValue {
  if ("type" in value) return { type: dataTypes[value.type] };
  if ("int" in value) return { i: value.int };
  if ("float" in value) return { f: value.float };
  if ("bool" in value) return { b: value.bool };
  const encoder = new TextEncoder();
  if ("text" in value) return { s: encoder.encode(value.text) };
  if ("ints" in value) return { list: { i: value.ints } };
  return { list: { s: value.texts.map((text) => encoder.encode(text)) } };
}

const numberKey = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** Returns the content of an int64 constant. */
function longContent(n: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, n, true);
  return bytes;
}
