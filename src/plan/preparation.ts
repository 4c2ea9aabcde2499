/** @file What can be done with weights and constants when a model is loaded: primitives as data for `weights/prepare.ts`. */
import { elements } from "../contract/ndarray.ts";
import {
  binaryAtLoad,
  evaluate,
  unaryAtLoad,
  type Prepare,
  type PrepareBinary,
  type PrepareUnary,
} from "../contract/prepare.ts";
import { binary } from "../primitives/binary.ts";
import { concat, reshape, slice, transpose } from "../primitives/layout.ts";
import { unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import { madeBy, type Computation, type Prepared } from "./value.ts";

/** A preparation is a tree in which what is used twice stands twice: these keep a hostile program from growing one. */
const maxNodes = 64;
const maxLiterals = 4096;

const isUnary = (name: string): name is PrepareUnary => Object.hasOwn(unaryAtLoad, name);
const isBinary = (name: string): name is PrepareBinary => Object.hasOwn(binaryAtLoad, name);

/** The computation as something to do at load; undefined if it depends on an input or a run-time size, or is none of the simple ones. */
export function preparation(asked: Computation, sizes: Sizes): Prepare | undefined {
  const inputs = asked.inputs.filter((input): input is Prepared => input.kind === "prepared");
  if (inputs.length === 0 || inputs.length < asked.inputs.length) return undefined;
  const prepare = express(
    asked,
    inputs.map((input) => input.prepare),
    sizes,
  );
  if (prepare === undefined) return undefined;
  const { nodes, literals, loads } = extent(prepare);
  if (nodes > maxNodes || literals > maxLiterals) return undefined;
  const shape = numbers(asked.shape, sizes);
  if (loads > 0 || shape === undefined || elements(shape) > maxLiterals) return prepare;
  const { data } = evaluate(prepare, () => {
    throw new InternalError("a constant without weights loads one");
  });
  return { op: "constant", shape, data: [...data] };
}

function express(asked: Computation, operands: readonly Prepare[], sizes: Sizes): Prepare | undefined {
  const of = operands[0]!;
  if (madeBy(asked, transpose)) return { op: "transpose", of, permutation: asked.attributes.permutation };
  if (madeBy(asked, reshape)) {
    const shape = numbers(asked.shape, sizes);
    return shape && { op: "reshape", of, shape };
  }
  if (madeBy(asked, concat)) return { op: "concat", of: operands, axis: asked.attributes.axis };
  if (madeBy(asked, slice)) {
    const begin = numbers(asked.attributes.begin, sizes);
    const size = numbers(asked.attributes.size, sizes);
    return begin && size && { op: "slice", of, begin, size };
  }
  // Preparations compute in float64, so that what follows is theirs only where float32 is asked for.
  if (asked.dtype !== "f32" || asked.inputs.some((input) => input.dtype !== "f32")) return undefined;
  if (madeBy(asked, unary) && isUnary(asked.attributes.function))
    return { op: "unary", function: asked.attributes.function, of };
  if (madeBy(asked, binary) && isBinary(asked.attributes.function))
    return { op: "binary", function: asked.attributes.function, a: of, b: operands[1]! };
  return undefined;
}

function numbers(list: readonly Size[], sizes: Sizes): number[] | undefined {
  const found = list.map((size) => sizes.constant(size));
  return found.every((size) => size !== undefined) ? found.map(Number) : undefined;
}

function extent(prepare: Prepare): { nodes: number; literals: number; loads: number } {
  const parts = operandsOf(prepare).map(extent);
  const own = {
    nodes: 1,
    literals: prepare.op === "constant" ? prepare.data.length : 0,
    loads: prepare.op === "load" ? 1 : 0,
  };
  return parts.reduce(
    (sum, part) => ({
      nodes: sum.nodes + part.nodes,
      literals: sum.literals + part.literals,
      loads: sum.loads + part.loads,
    }),
    own,
  );
}

function operandsOf(prepare: Prepare): readonly Prepare[] {
  switch (prepare.op) {
    case "load":
    case "constant":
      return [];
    case "transpose":
    case "reshape":
    case "unary":
    case "slice":
      return [prepare.of];
    case "binary":
      return [prepare.a, prepare.b];
    case "concat":
      return prepare.of;
  }
}

/** The path of the first stored tensor that a preparation reads. */
export function firstPath(prepare: Prepare): string | undefined {
  if (prepare.op === "load") return prepare.path;
  for (const operand of operandsOf(prepare)) {
    const path = firstPath(operand);
    if (path !== undefined) return path;
  }
  return undefined;
}
