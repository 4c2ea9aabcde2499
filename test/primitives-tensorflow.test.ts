/** @file Derived from the records: every primitive as TensorFlow's nodes, in a session and by the executor of TensorFlow.js. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { NodeEmitter, NodeNames } from "../src/codegen/tensorflow/emitter.ts";
import { placeholder } from "../src/codegen/tensorflow/graph.ts";
import type { Positional } from "../src/ir/lowering.ts";
import type { NdArray } from "../src/ir/ndarray.ts";
import { Sizes, type Size } from "../src/ir/size.ts";
import { graphModelProfile, savedModelProfile, type Profile } from "../src/plan/profile.ts";
import { conv2d, conv2dTranspose, depthwiseConv2d } from "../src/primitives/convolution.ts";
import { pool } from "../src/primitives/pool.ts";
import type { EsmBackend, Primitive, PrimitiveCase } from "../src/primitives/primitive.ts";
import { primitives } from "../src/primitives/table.ts";
import type { Wire } from "../src/primitives/tensorflow.ts";
import type { NodeDef } from "../src/protobuf/tensorflow.ts";
import { difference, randomArray, seeded } from "./support/arrays.ts";
import { backends, useBackend } from "./support/backends.ts";
import { openGraphModel, openSession, type Feeds, type LoadedNodes } from "./support/nodes.ts";

const named = primitives.map((primitive) => [primitive.name, primitive] as const);

/** One case among the nodes of a primitive. */
interface Emitted {
  readonly text: string;
  readonly feeds: Feeds;
  readonly result: string;
  readonly want: NdArray;
}

/** All cases of a primitive that a profile can ask for, as nodes. */
function emitted(primitive: Primitive, { variants, epilogues }: Profile, backend: EsmBackend, fused: boolean) {
  const sizes = new Sizes();
  const numberOf = (size: Size): number => Number(sizes.constant(size));
  /** Unknown sizes are those of vectors that are fed. */
  const lengths = new Map<number, { readonly size: Size; readonly wire: Wire }>();
  const symbol = (n: number): Size => {
    if (n <= 1) return sizes.int(n);
    let length = lengths.get(n);
    if (length === undefined) {
      const size = sizes.of(sizes.variable(`s${n}`, { time: "run" }));
      lengths.set(n, (length = { size, wire: placeholder(e, `s${n}`, "f32", [-1]) }));
    }
    return length.size;
  };
  const e: NodeEmitter = new NodeEmitter({
    sizes,
    fused,
    names: new NodeNames(),
    variable: ({ name }) => {
      const shape = e.node("Shape", [{ tensor: name }], { T: { type: "f32" }, out_type: { type: "i32" } });
      return e.node("Reshape", [shape, e.sizes([])], { T: { type: "i32" }, Tshape: { type: "i32" } });
    },
  });
  const symbolic = (attributes: unknown): unknown => {
    if (typeof attributes !== "object" || attributes === null) return attributes;
    if (sizes.owns(attributes)) return symbol(numberOf(attributes as Size));
    if (Array.isArray(attributes)) return attributes.map(symbolic);
    return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, symbolic(value)]));
  };
  const isAsked = ({ variant, backends }: PrimitiveCase<unknown>) =>
    (variant === undefined || variants.has(variant)) && (backends?.includes(backend) ?? true) && epilogues.size > 0;

  const cases = primitive.cases(sizes).flatMap((it, seed) => {
    if (!isAsked(it)) return [];
    const random = seeded(seed);
    const { range, values } = it;
    const source = { ...(range && { range }), ...(values && { values }) };
    const inputs = it.shapes.map((shape, i) => randomArray(random, it.dtypes?.[i] ?? "f32", shape, source));
    const want = primitive.reference(inputs, it.attributes, numberOf);
    const shapes = it.shapes.map((shape, i) => `${it.dtypes?.[i] ?? "f32"}[${shape.join(", ")}]`).join(", ");
    const attributes = JSON.stringify(it.attributes, (_, value: unknown) =>
      typeof value === "object" && value !== null && sizes.owns(value) ? sizes.print(value as Size) : value,
    );
    return ([false, true] as const).map((isSymbolic): Emitted => {
      const known = (array: NdArray): Positional => ({ ...array, shape: array.shape.map((n) => sizes.int(n)) });
      // Filters are weights, and windows of pools attributes of their nodes: both are always known.
      const isFilter = (i: number) =>
        i > 0 && [conv2d, depthwiseConv2d, conv2dTranspose].some(({ name }) => name === primitive.name);
      const operands = inputs.map((array, i) =>
        isSymbolic && !isFilter(i) ? { ...array, shape: array.shape.map(symbol) } : known(array),
      );
      const given = isSymbolic && primitive.name !== pool.name ? symbolic(it.attributes) : it.attributes;
      const name = `case${seed}${isSymbolic ? "unknown" : "known"}`;
      const wires = inputs.map(({ dtype, shape }, i) =>
        placeholder(e, `${name}-${i}`, dtype, isSymbolic ? shape.map(() => -1) : shape),
      );
      e.scope = name;
      const result = primitive.shape(operands, given, sizes);
      const { tensor } = primitive.tensorflow(e, wires, given, result, operands);
      e.scope = "";
      const own = e.add(
        `${name}-result`,
        "Identity",
        [tensor],
        new Map([["T", { type: { f32: 1, i32: 3, bool: 10 }[result.dtype] }]]),
      );
      const feeds = Object.fromEntries(wires.map(({ tensor }, i) => [tensor, inputs[i]!]));
      return { text: `${shapes} ${attributes}${isSymbolic ? ", sizes unknown" : ""}`, feeds, result: own.tensor, want };
    });
  });
  const vectors: Feeds = Object.fromEntries(
    [...lengths].map(([n, { wire }]) => [wire.tensor, { dtype: "f32", shape: [n], data: new Float64Array(n) }]),
  );
  return { nodes: e.nodes as readonly NodeDef[], cases, vectors };
}

/** One line for each case that is wrong. */
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

/** The operations that the executor of TensorFlow.js knows. */
async function knownOperations(): Promise<ReadonlySet<string>> {
  const root = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-converter/package.json"));
  const folder = join(root, "dist/operations/op_list");
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".js") && !file.endsWith("_test.js"))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(/'tfOpName': '(\w+)'/g)].map(([, name]) => name!),
    );
  return new Set(names);
}

test.each(named)("%s is made of nodes that the executor knows", async (_, primitive) => {
  const known = await knownOperations();
  expect(known.size).toBeGreaterThan(200);
  for (const fused of [false, true]) {
    const { nodes } = emitted(primitive, fused ? graphModelProfile : savedModelProfile, "tensorflow", fused);
    expect(nodes.map(({ op }) => op!).filter((op) => !known.has(op))).toEqual([]);
  }
});
