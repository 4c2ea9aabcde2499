/** @file Mistakes that the compiler once made, made again on purpose, in the data that it writes. */
import type { Guard, GuardRequirement } from "../../../src/contract/guard.ts";
import type { Value } from "../../../src/ir/graph.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import { decode, encode } from "../../../src/protobuf/message.ts";
import { GraphProto, ModelProto, type NodeProto } from "../../../src/protobuf/onnx.ts";
import type { Case } from "../../support/compare.ts";
import { onnx } from "../../support/engines.ts";
import { interpretation, type Interpretation } from "../../support/interpret.ts";
import { copier } from "./copy.ts";
import { sharing, type Engine } from "./engines.ts";
import type { Conditions } from "./examine.ts";

/** What is different from a correct compiler. Without engines, only the guard is examined. */
export interface Mutation extends Pick<Conditions, "engines" | "tamper"> {
  /** The operators that the mistake is about. */
  readonly about?: readonly string[];
}

const requirements =
  (change: (requirement: GuardRequirement) => GuardRequirement | []) =>
  (guard: Guard): Guard => ({ ...guard, requirements: guard.requirements.flatMap(change) });

export const mutations: Readonly<Record<string, Mutation>> = {
  "the guard drops what must divide": {
    engines: [],
    tamper: requirements((requirement) => (requirement.op === "divides" ? [] : requirement)),
  },
  "sizes may be one too small, such as a variable of 0": {
    engines: [],
    tamper: requirements((requirement) =>
      requirement.op === ">=" ? { ...requirement, a: ["+", requirement.a, 1] } : requirement,
    ),
  },
  "the guard drops alternatives": {
    engines: [],
    tamper: requirements((requirement) => (requirement.op === "or" ? [] : requirement)),
  },
  "the guard requires too much": {
    engines: [],
    tamper: (guard) => {
      const [first] = guard.variables;
      if (first === undefined) return guard;
      const more: GuardRequirement = { op: "!=", a: first.name, b: 2, text: `${first.name} != 2`, at: "" };
      return { ...guard, requirements: [...guard.requirements, more] };
    },
  },
  "sizes are computed in 32 bits": { about: ["div", "mul"], engines: [inInt32()] },
  "ONNX pads same_tf at the beginning": {
    about: ["maxpool", "avgpool", "lppool"],
    engines: [
      sharing(
        onnx((bytes) =>
          changed(bytes, (graph) => ({
            ...graph,
            node: graph.node!.map((node) => ({
              ...node,
              attribute: (node.attribute ?? []).map((one) =>
                one.name === "auto_pad" && text(one.s) === "SAME_UPPER"
                  ? { ...one, s: new TextEncoder().encode("SAME_LOWER") }
                  : one,
              ),
            })),
          })),
        ),
        1,
      ),
    ],
  },
  "ONNX clamps to the largest number instead of infinity": {
    about: ["clamp"],
    engines: [
      sharing(
        onnx((bytes) => changed(bytes, withFiniteBounds)),
        1,
      ),
    ],
  },
};

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Changes the graph in a file. */
function changed(bytes: Uint8Array, change: (graph: GraphProto) => GraphProto): Uint8Array {
  const model = decode(ModelProto, bytes);
  return encode(ModelProto, { ...model, graph: encode(GraphProto, change(decode(GraphProto, model.graph!))) });
}

function withFiniteBounds(graph: GraphProto): GraphProto {
  const bounds = new Set(graph.node!.filter(({ opType }) => opType === "Clip").flatMap(boundsOf));
  return {
    ...graph,
    initializer: (graph.initializer ?? []).map((tensor) => {
      const [value] = bounds.has(tensor.name!) ? new Float32Array(tensor.rawData!.slice().buffer) : [];
      if (value !== Infinity && value !== -Infinity) return tensor;
      return { ...tensor, rawData: new Uint8Array(Float32Array.of(Math.sign(value) * largest).buffer) };
    }),
  };
}

const boundsOf = ({ input }: NodeProto): readonly string[] => (input ?? []).slice(1);

/** The largest float32 number. */
const largest = (2 - 2 ** -23) * 2 ** 127;

/** The interpreter, with an overflow where a size is used as a number. */
function inInt32(): Engine {
  return {
    name: "interpreter with 32 bits",
    exact: true,
    share: 1,
    run: ({ graph, weights, samples }: Case) =>
      Promise.resolve(
        samples.map(({ inputs }) =>
          Object.values(
            interpretation(graph, inputs, weights, (value, sizes) => in32Bits(graph, sizes)(value)).results,
          ),
        ),
      ),
  };
}

function in32Bits({ builder }: ModelGraph, sizes: Interpretation["sizes"]): (value: Value) => Value {
  return copier(builder, {
    constant: (constant) => {
      if (typeof constant.value !== "object" || !("terms" in constant.value)) return constant;
      const exact = builder.sizes.evaluate(constant.value, ({ name }) => BigInt(sizes[name]!))!;
      return { ...constant, value: Number(BigInt.asIntN(32, exact)) };
    },
  });
}
