/** @file Types a graph again with numbers instead of variables, and lists what is wrong at these sizes. */
import { GraphBuilder } from "../../../src/ir/builder.ts";
import type { Value } from "../../../src/ir/graph.ts";
import type { ModelGraph } from "../../../src/ir/model-graph.ts";
import type { Obligations } from "../../../src/ir/obligation.ts";
import { tensorType, type TensorType } from "../../../src/ir/type.ts";
import { inOrder } from "../../../src/ir/walk.ts";
import type { Size } from "../../../src/sizes/size.ts";

/** A size that is not an integer at these numbers. */
class NotWhole extends Error {}

/**
 * Applies every operator to tensors of known shapes. Nothing is proved: each obligation compares two numbers. Returns
 * the obligations that fail, and the types that differ from the symbolic ones.
 */
export function violations(
  { builder: { sizes }, results }: ModelGraph,
  at: Readonly<Record<string, number>>,
): string[] {
  const found: string[] = [];
  const builder = new GraphBuilder(sizes);
  const number = (size: Size): bigint => {
    const value = sizes.evaluate(size, ({ name }) => BigInt(at[name]!));
    if (value === undefined) throw new NotWhole(`${sizes.print(size)} is not an integer`);
    return value;
  };
  // A factor of a resize is a fraction.
  const fixed = (size: Size): Size => (size.variables.size === 0 ? size : sizes.int(number(size)));
  const typeOf = ({ dtype, axes }: TensorType): TensorType =>
    tensorType(
      dtype,
      [...axes].map(([axis, size]) => [axis, fixed(size)]),
    );
  for (const value of inOrder(results.map(({ value }) => value))) {
    try {
      const operands = value.kind === "node" ? value.inputs : [];
      const inputs = operands.map((operand, i) => builder.input(`input${i}`, typeOf(operand.type)));
      if (value.kind === "node") {
        const obligations: Obligations = {
          equal: (a, b) =>
            void (number(a) === number(b) || found.push(`${value.op.name}: ${number(a)} == ${number(b)}`)),
          divides: (a, b) =>
            void (
              (number(a) !== 0n && number(b) % number(a) === 0n) ||
              found.push(`${value.op.name}: ${number(a)} divides ${number(b)}`)
            ),
          atLeast: (a, b) =>
            void (number(a) >= number(b) || found.push(`${value.op.name}: ${number(a)} >= ${number(b)}`)),
          report: (code, args) => void found.push(`${value.op.name}: ${code} ${JSON.stringify(args)}`),
        };
        const attributes = mapped(value.attributes, fixed) as typeof value.attributes;
        const made = builder.node(value.op, inputs, attributes, obligations, "probe");
        const [got, want] = [made?.types ?? [], value.types].map((types) =>
          types.map((type) => typeText(typeOf(type), number)),
        );
        if (made !== undefined && got!.join() !== want!.join())
          found.push(`${value.op.name} makes ${got!.join()} instead of ${want!.join()}`);
      }
      for (const [axis, size] of value.type.axes)
        if (number(size) < 1n) found.push(`${nameOf(value)}.${axis} is ${number(size)}`);
    } catch (error) {
      if (!(error instanceof NotWhole)) throw error;
      found.push(`${nameOf(value)}: ${error.message}`);
    }
  }
  return found;
}

const nameOf = (value: Value): string => (value.kind === "node" ? value.op.name : value.kind);

const typeText = ({ dtype, axes }: TensorType, number: (size: Size) => bigint): string =>
  `${dtype}[${[...axes]
    .map(([axis, size]) => `${axis}: ${number(size)}`)
    .sort()
    .join(", ")}]`;

/** Replaces the sizes inside an attribute. */
function mapped(value: unknown, fixed: (size: Size) => Size): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, fixed));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, mapped(item, fixed)]));
  if (typeof value !== "object" || value === null) return value;
  if (isSize(value)) return fixed(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, fixed)]));
}

const isSize = (value: object): value is Size => "terms" in value && "over" in value;
