/** @file Creates ONNX nodes. Literals and sizes are shared, and weights are transposed when the file is written. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import type { PrepareOp } from "../../contract/prepare.ts";
import type { Prepared } from "../../plan/value.ts";
import type { OnnxAttribute, OnnxAttributes, OnnxEmitter, OnnxType, OnnxWire } from "../../primitives/onnx/emitter.ts";
import { onnxScalar } from "../../primitives/onnx/literals.ts";
import type { OnnxOperator } from "../../primitives/onnx/operators.ts";
import { encode } from "../../protobuf/message.ts";
import { attributeTypes, dataTypes, GraphProto, type AttributeProto, type NodeProto } from "../../protobuf/onnx.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { Refusal } from "../refusal.ts";
import { remember } from "../remember.ts";
import type { Names } from "./names.ts";
import { guardArithmetic, sizeWires, type SizeWires } from "./sizes.ts";

/** A tensor in the file itself. */
export type Initializer = { readonly name: string; readonly shape: readonly number[] } & (
  { readonly dtype: DType; readonly prepared: Prepared } | { readonly dtype: OnnxType; readonly data: Float64Array }
);

/** A node whose values have no names yet; it refers to them as wires. */
interface OpenNode {
  readonly op: OnnxOperator;
  readonly inputs: readonly (OnnxWire | undefined)[];
  readonly outputs: readonly OnnxWire[];
  readonly attributes: OnnxAttributes;
  readonly name: string;
  readonly doc: string | undefined;
}

export class OnnxNodes implements OnnxEmitter {
  /** The scope of the nodes being created: their name, and where they come from. */
  scope = "";
  doc: string | undefined;
  readonly names: Names;
  readonly algebra: Sizes;
  readonly arithmetic = guardArithmetic(this);
  readonly #sizeWires: SizeWires;
  readonly #nodes: OpenNode[] = [];
  /** The wires that are results of nodes. */
  readonly #made = new Set<string>();
  readonly #given = new Map<string, string>();
  /** The initializers by the name requested for them. */
  readonly #initializers = new Map<string, Initializer>();
  readonly #literals = new Map<string, OnnxWire>();
  readonly #turned = new Map<string, OnnxWire>();
  #count = 0;

  /** `variable` creates the int64 tensor [1] of a guard variable. */
  constructor(sizes: Sizes, names: Names, variable: (variable: SizeVar) => OnnxWire) {
    this.algebra = sizes;
    this.names = names;
    this.#sizeWires = sizeWires(this, sizes, variable, (name, make) => this.#within(`sizes/${name}`, make));
  }

  node(op: OnnxOperator, inputs: readonly (OnnxWire | undefined)[], attributes: OnnxAttributes = {}): OnnxWire {
    return this.nodes(op, inputs, attributes, 1)[0]!;
  }

  nodes(
    op: OnnxOperator,
    inputs: readonly (OnnxWire | undefined)[],
    attributes: OnnxAttributes,
    results: number,
  ): OnnxWire[] {
    const outputs = Array.from({ length: results }, () => this.#wire());
    for (const { value } of outputs) this.#made.add(value);
    const name = this.names.take(this.scope === "" ? op : `${this.scope}/${op}`);
    this.#nodes.push({ op, inputs, outputs, attributes, name, doc: this.doc });
    return outputs;
  }

  /** Adds an input of the graph. Its name is taken already. */
  input(name: string): OnnxWire {
    const wire = this.#wire();
    this.#given.set(wire.value, name);
    return wire;
  }

  /** Returns the wire of a prepared tensor. Its first initializer that is used gets the name `wish`. */
  prepared(prepared: Prepared, wish: string): OnnxWire {
    const { dtype, shape } = prepared;
    this.names.reserve(wish);
    return this.#initializer({ name: wish, dtype, prepared, shape: shape.map((size) => this.int(size)) });
  }

  constant({ dtype, shape, data }: Omit<NdArray, "dtype"> & { readonly dtype: OnnxType }): OnnxWire {
    const key = `${dtype}|${shape.join()}|${Array.from(data, (n) => (Object.is(n, -0) ? "-0" : n)).join()}`;
    const make = () => this.#initializer({ name: "constant", dtype, shape, data: Float64Array.from(data) });
    return remember(this.#literals, key, make);
  }

  size(size: Size): OnnxWire {
    const known = this.known(size);
    return known === undefined ? this.#sizeWires.scalar(size) : onnxScalar(this, known, "i64");
  }

  sizes(list: readonly Size[]): OnnxWire {
    return this.#sizeWires.vector(list);
  }

  int(size: Size): number {
    return this.known(size) ?? this.refuse(`the size ${this.algebra.print(size)} would have to be known at build time`);
  }

  known(size: Size): number | undefined {
    const found = this.algebra.constant(size);
    return found === undefined ? undefined : Number(found);
  }

  transposed(wire: OnnxWire, permutation: readonly number[]): OnnxWire {
    if (permutation.every((from, to) => from === to)) return wire;
    const of = this.#initializers.get(wire.value);
    if (of === undefined || !("prepared" in of)) return this.node("Transpose", [wire], { perm: { ints: permutation } });
    const make = () =>
      this.#initializer({
        ...of,
        prepared: turned(of.prepared, permutation),
        shape: permutation.map((from) => of.shape[from]!),
      });
    return remember(this.#turned, `${wire.value}|${permutation.join()}`, make);
  }

  reshaped(wire: OnnxWire, from: readonly Size[], shape: readonly Size[]): OnnxWire {
    if (from.length === shape.length && from.every((size, i) => size === shape[i])) return wire;
    const of = this.#initializers.get(wire.value);
    if (of === undefined || !("prepared" in of)) return this.node("Reshape", [wire, this.#newShape(from, shape)]);
    const numbers = shape.map((size) => this.int(size));
    const make = () =>
      this.#initializer({ ...of, prepared: then(of.prepared, { op: "reshape", shape: numbers }), shape: numbers });
    return remember(this.#turned, `${wire.value}|as ${numbers.join()}`, make);
  }

  cast(wire: OnnxWire, to: OnnxType): OnnxWire {
    return this.node("Cast", [wire], { to: { int: dataTypes[to] } });
  }

  refuse(reason: string): never {
    throw new Refusal(reason);
  }

  /** Names the result of a node. Returns false if it has a name already, or is an input of the graph. */
  call(wire: OnnxWire, name: string): boolean {
    if (!this.#made.has(wire.value) || this.#given.has(wire.value)) return false;
    this.#given.set(wire.value, name);
    return true;
  }

  isCalled(wire: OnnxWire): boolean {
    return !this.#made.has(wire.value) || this.#given.has(wire.value);
  }

  /** Returns all nodes in order, and the initializers that they use. */
  finish(): { readonly nodes: readonly NodeProto[]; readonly initializers: readonly Initializer[] } {
    const initializers = new Map<string, Initializer>();
    const nameOf = ({ value }: OnnxWire, wish: string): string => {
      const initializer = this.#initializers.get(value);
      const name =
        this.#given.get(value) ??
        (initializer === undefined ? this.names.take(wish) : this.names.takeReserved(initializer.name));
      this.#given.set(value, name);
      if (initializer !== undefined) initializers.set(value, { ...initializer, name });
      return name;
    };
    const nodes = this.#nodes.map(({ op, inputs, outputs, attributes, name, doc }): NodeProto => {
      const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
      return {
        input: inputs.map((wire) => (wire === undefined ? "" : nameOf(wire, name))),
        output: outputs.map((wire) => nameOf(wire, `${name}:0`)),
        name,
        opType: op,
        attribute,
        ...(doc !== undefined && { docString: doc }),
      };
    });
    return { nodes, initializers: [...initializers.values()] };
  }

  #wire(): OnnxWire {
    return { value: `#${this.#count++}` };
  }

  #initializer(initializer: Initializer): OnnxWire {
    const wire = this.#wire();
    this.#initializers.set(wire.value, initializer);
    return wire;
  }

  #within<T>(scope: string, make: () => T): T {
    const [before, doc] = [this.scope, this.doc];
    [this.scope, this.doc] = [scope, undefined];
    try {
      return make();
    } finally {
      [this.scope, this.doc] = [before, doc];
    }
  }

  /** 0 copies the size at the same position, and one -1 stands for the rest, so a size rarely needs computing. */
  #newShape(from: readonly Size[], shape: readonly Size[]): OnnxWire {
    const { algebra } = this;
    const isOpen = (size: Size, i: number) => this.known(size) === undefined && size !== from[i];
    const last = shape.findLastIndex(isOpen);
    const asked = shape.map((size, i) => {
      if (i === last) return algebra.int(-1);
      return this.known(size) === undefined && size === from[i] ? algebra.int(0) : size;
    });
    return this.sizes(asked);
  }
}

/** Merges two transposes into one, or none. */
function turned(of: Prepared, permutation: readonly number[]): Prepared {
  const [inner] = of.of;
  if (of.op.op !== "transpose" || inner === undefined) return then(of, { op: "transpose", permutation });
  const before = of.op.permutation;
  const composed = permutation.map((from) => before[from]!);
  return composed.every((from, to) => from === to) ? inner : then(inner, { op: "transpose", permutation: composed });
}

/** Applies one more step to a prepared tensor before the file stores it. The shape is the initializer's. */
function then(of: Prepared, op: PrepareOp): Prepared {
  return { ...of, op, of: [of] };
}

function attributeProto(name: string, value: OnnxAttribute): AttributeProto {
  const types = attributeTypes;
  if ("int" in value) return { name, i: value.int, type: types.int };
  if ("float" in value) return { name, f: value.float, type: types.float };
  if ("text" in value) return { name, s: new TextEncoder().encode(value.text), type: types.string };
  if ("ints" in value) return { name, ints: value.ints, type: types.ints };
  if ("floats" in value) return { name, floats: value.floats, type: types.floats };
  const { dtype, inputs, outputs, nodes } = value.graph;
  const port = (name: string) => ({ name, type: { tensorType: { elemType: dataTypes[dtype] } } });
  const graph = {
    node: nodes.map(({ op, inputs, output }) => ({ input: inputs, output: [output], name: output, opType: op })),
    name,
    input: inputs.map(port),
    output: outputs.map(port),
  };
  return { name, g: encode(GraphProto, graph), type: types.graph };
}
