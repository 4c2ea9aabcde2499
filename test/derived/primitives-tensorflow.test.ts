/** @file Derived from the records: every primitive as TensorFlow nodes, in a session and in TensorFlow.js. */
import { beforeAll, describe, expect, test } from "vitest";
import { graphModelProfile } from "../../src/codegen/graph-model/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { NodeEmitter, NodeNames } from "../../src/codegen/tensorflow/emitter.ts";
import { emitGraph, placeholder } from "../../src/codegen/tensorflow/graph.ts";
import type { Backend } from "../../src/contract/backends.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Positional } from "../../src/ir/lowering.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { conv2dTranspose } from "../../src/primitives/convolution-transpose.ts";
import { conv2d, depthwiseConv2d } from "../../src/primitives/convolution.ts";
import { pool } from "../../src/primitives/pool.ts";
import type { Primitive, PrimitiveCase } from "../../src/primitives/primitive.ts";
import { primitives } from "../../src/primitives/table.ts";
import { tensorFlowOperations } from "../../src/primitives/tensorflow/operations.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { executedOperations, openGraphModel, openSession, type Feeds, type LoadedNodes } from "../support/nodes.ts";

const named = primitives.map((primitive) => [primitive.name, primitive] as const);

/** The frame around primitives: inputs, results, and the size that the guard solves. */
const boundaryText = `fuse 1
model Boundary(x: [n, h: 2*k]) -> (y: [n, k: k, t: 2]) { return reshape(x, h -> [k, t: 2]) }`;

/** One case among the nodes of a primitive. */
interface Emitted {
  readonly text: string;
  readonly feeds: Feeds;
  readonly result: string;
  readonly want: NdArray;
}

/** Creates nodes for run-time sizes. Each is the length of a vector that is fed. */
class Probe {
  readonly sizes = new Sizes();
  readonly emitter: NodeEmitter;
  readonly vectors: Record<string, NdArray> = {};
  readonly #symbols = new Map<number, Size>();

  constructor(fused: boolean) {
    const i32 = { type: "i32" } as const;
    this.emitter = new NodeEmitter({
      sizes: this.sizes,
      fused,
      names: new NodeNames(),
      variable: ({ name }) => {
        const shape = this.emitter.node("Shape", [{ tensor: name }], { T: { type: "f32" }, out_type: i32 });
        return this.emitter.node("Reshape", [shape, this.emitter.sizes([])], { T: i32, Tshape: i32 });
      },
    });
  }

  readonly numberOf = (size: Size): number => Number(this.sizes.constant(size));

  /** A size of 1 that broadcasts is a literal. Equal sizes share a symbol, because they may have to be equal. */
  readonly symbol = (n: number): Size => {
    let symbol = n > 1 ? this.#symbols.get(n) : this.sizes.int(n);
    if (symbol === undefined) {
      symbol = this.sizes.of(this.sizes.variable(`s${n}`, { time: "run" }));
      this.#symbols.set(n, symbol);
      const { tensor } = placeholder(this.emitter, `s${n}`, "f32", [-1]);
      this.vectors[tensor] = { dtype: "f32", shape: [n], data: new Float64Array(n) };
    }
    return symbol;
  };

  /** Replaces every size in the attributes with a symbol. */
  symbolic(attributes: unknown): unknown {
    if (typeof attributes !== "object" || attributes === null) return attributes;
    if (this.sizes.owns(attributes)) return this.symbol(this.numberOf(attributes as Size));
    if (Array.isArray(attributes)) return attributes.map((item) => this.symbolic(item));
    return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, this.symbolic(value)]));
  }

  print(attributes: unknown): string {
    return JSON.stringify(attributes, (_, value: unknown) =>
      typeof value === "object" && value !== null && this.sizes.owns(value) ? this.sizes.print(value as Size) : value,
    );
  }
}

/** Filters are weights, so their sizes are always known. */
const haveFilters: readonly string[] = [conv2d, depthwiseConv2d, conv2dTranspose].map(({ name }) => name);

function emitCase(
  probe: Probe,
  primitive: Primitive,
  it: PrimitiveCase<unknown>,
  seed: number,
  isSymbolic: boolean,
): Emitted {
  const { sizes, emitter } = probe;
  const random = seeded(seed);
  const source = { ...(it.range && { range: it.range }), ...(it.values && { values: it.values }) };
  const inputs = it.shapes.map((shape, i) => randomArray(random, it.dtypes?.[i] ?? "f32", shape, source));
  const operands = inputs.map(({ dtype, shape }, i): Positional => {
    const isKnown = !isSymbolic || (i > 0 && haveFilters.includes(primitive.name));
    return { dtype, shape: shape.map((n) => (isKnown ? sizes.int(n) : probe.symbol(n))) };
  });
  // The windows of pools are attributes of their nodes.
  const isGiven = !isSymbolic || primitive.name === pool.name;
  const attributes = isGiven ? it.attributes : probe.symbolic(it.attributes);
  const name = `case${seed}${isSymbolic ? "unknown" : "known"}`;
  const wires = inputs.map(({ dtype, shape }, i) =>
    placeholder(emitter, `${name}-${i}`, dtype, isSymbolic ? shape.map(() => -1) : shape),
  );
  emitter.scope = name;
  const result = primitive.shape(operands, attributes, sizes);
  const wire = primitive.tensorflow(emitter, wires, attributes, result, operands);
  const own = emitter.node("Identity", [wire], { T: { type: result.dtype } });
  emitter.scope = "";
  const types = inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`);
  return {
    text: `${types.join(", ")} ${probe.print(it.attributes)}${isSymbolic ? ", sizes unknown" : ""}`,
    feeds: Object.fromEntries(wires.map(({ tensor }, i) => [tensor, inputs[i]!])),
    result: own.tensor,
    want: primitive.reference(inputs, it.attributes, probe.numberOf),
  };
}

/** Returns all cases of a primitive that a profile can use, as nodes. */
function emitted(primitive: Primitive, { variants }: Profile, backend: Backend, fused: boolean) {
  const probe = new Probe(fused);
  const isAsked = ({ variant, backends }: PrimitiveCase<unknown>) =>
    (variant === undefined || variants.has(variant)) && (backends?.includes(backend) ?? true);
  const cases = primitive
    .cases(probe.sizes)
    .flatMap((it, seed) =>
      isAsked(it) ? [false, true].map((isSymbolic) => emitCase(probe, primitive, it, seed, isSymbolic)) : [],
    );
  return { nodes: probe.emitter.nodes, cases, vectors: probe.vectors };
}

/** Returns one line for each case that is wrong. */
function failures(primitive: Primitive, loaded: LoadedNodes, cases: readonly Emitted[], vectors: Feeds): string[] {
  const tolerance = primitive.exact ? 0 : 1e-4;
  const complaint = (got: NdArray, { text, want }: Emitted): readonly string[] => {
    const found = difference(got, want, tolerance);
    return found === undefined ? [] : [`${text}: ${found}`];
  };
  try {
    // All at once, which is ten times as fast.
    const feeds = cases.reduce<Feeds>((all, { feeds }) => ({ ...all, ...feeds }), vectors);
    const got = loaded.run(
      feeds,
      cases.map(({ result }) => result),
    );
    return cases.flatMap((it, i) => complaint(got[i]!, it));
  } catch (error) {
    const single = cases.flatMap((it) => {
      try {
        return complaint(loaded.run({ ...vectors, ...it.feeds }, [it.result])[0]!, it);
      } catch (error) {
        return [`${it.text}: ${String(error)}`];
      }
    });
    return [`all at once: ${String(error)}`, ...single];
  }
}

const native = backends().find(({ name }) => name === "tensorflow")!;

describe("in a session", () => {
  beforeAll(() => (native.skipped ? undefined : useBackend("tensorflow")));

  test.skipIf(native.skipped).each(named)("%s", (_, primitive) => {
    const { nodes, cases, vectors } = emitted(primitive, savedModelProfile, "tensorflow", false);
    const session = openSession(nodes);
    const wrong = failures(primitive, session, cases, vectors);
    session.dispose();
    expect(wrong.join("\n")).toBe("");
  });
});

describe.each(backends())("as a graph model on $name", ({ name, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(name)));

  test.skipIf(skipped).each(named)("%s", async (_, primitive) => {
    const { nodes, cases, vectors } = emitted(primitive, graphModelProfile, name, true);
    const model = await openGraphModel(nodes);
    const wrong = failures(primitive, model, cases, vectors);
    model.dispose();
    expect(wrong.join("\n")).toBe("");
  });
});

test.each(named)("%s uses only nodes that the executor supports", (_, primitive) => {
  const known = executedOperations();
  expect(known.size).toBeGreaterThan(200);
  for (const fused of [false, true]) {
    const { nodes } = emitted(primitive, fused ? graphModelProfile : savedModelProfile, "tensorflow", fused);
    expect(nodes.map(({ op }) => op!).filter((op) => !known.has(op))).toEqual([]);
  }
});

test("a file may use exactly the operations that are emitted", () => {
  const boundary = emitGraph(plan(graphOf(boundaryText), savedModelProfile), false, (e, name) =>
    placeholder(e, name, "f32", []),
  );
  const written = primitives.flatMap((primitive) => [
    ...emitted(primitive, savedModelProfile, "tensorflow", false).nodes,
    ...emitted(primitive, graphModelProfile, "tensorflow", true).nodes,
  ]);
  const operations = new Set([...boundary.nodes, ...written].map(({ op }) => op));
  expect([...operations].sort()).toEqual([...tensorFlowOperations].sort());
});
