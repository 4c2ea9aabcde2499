/** @file Equal attributes make one node, however the call is written: in any order, and with sizes from anywhere. */
import { describe, expect, test } from "vitest";
import type { Attribute } from "../../src/ir/attribute.ts";
import { assumed } from "../../src/ir/builder.ts";
import type { Node } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Operator } from "../../src/ir/operator.ts";
import type { Arg } from "../../src/parser/ast.ts";
import { expressions } from "../../src/parser/walk.ts";
import type { Size } from "../../src/sizes/size.ts";
import type { Sizes } from "../../src/sizes/sizes.ts";
import type { Span } from "../../src/source/source.ts";
import type { AttributeSet } from "../support/attribute-sets.ts";
import { programOf } from "../support/check.ts";
import { graphOf } from "../support/compare.ts";
import { graphOfSet, nodesOf, records, setsOf } from "../support/operator-cases.ts";

const textOf = ({ source, start, end }: Span) => source.text.slice(start, end);
const declared = (op: Operator, name: string): Attribute | undefined =>
  Object.hasOwn(op.attributes, name) ? op.attributes[name] : undefined;
const ofKind = (op: Operator, kind: Attribute["kind"]) =>
  Object.values(op.attributes).find((attribute) => attribute.kind === kind);

/** Returns the attributes of a node in reverse order, and with unordered lists reversed. */
function turnedValues({ op, attributes }: Node): Readonly<Record<string, unknown>> {
  const turned = (name: string, value: unknown): unknown => {
    if (!op.attributes[name]!.unordered) return value;
    if (value instanceof Map) return new Map([...value].reverse());
    return Array.isArray(value) ? value.toReversed() : value;
  };
  const entries = Object.entries(attributes).map(([name, value]) => [name, turned(name, value)] as const);
  return Object.fromEntries(entries.reverse());
}

/** Returns the call's arguments in reverse order, as far as that means the same. */
function turnedArgs(op: Operator, args: readonly Arg[]): readonly string[] {
  const isKey = (arg: Arg) => arg.kind === "named" && declared(op, arg.name.text) === undefined;
  const named = args.filter((arg) => arg.kind === "named");
  const maps = args.filter((arg) => arg.kind === "map");
  // Keys whose order matters keep it among themselves.
  const keys = ofKind(op, "keyed")?.unordered === false ? named.filter(isKey) : named.filter(isKey).reverse();
  const moved = named.toReversed().map((arg) => (isKey(arg) ? keys.shift()! : arg));
  const movedMaps = ofKind(op, "maps")?.unordered === true ? maps.toReversed() : maps;
  return args.map((arg) => {
    if (arg.kind === "positional") return textOf(arg.span);
    if (arg.kind === "map") return textOf(movedMaps.shift()!.span);
    const { name, value, span } = moved.shift()!;
    if (value.kind !== "list" || declared(op, name.text)?.unordered !== true) return textOf(span);
    return `${name.text}: [${value.items
      .map((item) => textOf(item.span))
      .reverse()
      .join(", ")}]`;
  });
}

/** Returns a set with the operator's calls reversed. */
function turnedSet(op: Operator, set: AttributeSet): AttributeSet {
  const { blocks } = programOf(`fuse 1\nblock Probe(${set.inputs}) {\n  return ${set.code}\n}`).main;
  const edits = [...expressions(blocks.get("Probe")!.decl.body)].flatMap((expr) => {
    if (expr.kind !== "call" || expr.callee.text !== op.name || expr.args === undefined) return [];
    const turned = turnedArgs(op, expr.args);
    return expr.args.map(({ span }, i) => ({ span, text: turned[i]! }));
  });
  const code = edits
    .sort((a, b) => b.span.start - a.span.start)
    .reduce(
      (text, { span, text: by }) => text.slice(0, span.start) + by + text.slice(span.end),
      edits[0]?.span.source.text ?? "",
    );
  return edits.length === 0
    ? set
    : { ...set, code: code.slice(code.indexOf("  return ") + 9, code.lastIndexOf("\n}")) };
}

function printed(value: unknown, sizes: Sizes): unknown {
  if (typeof value === "object" && value !== null && sizes.owns(value)) return sizes.print(value as Size);
  if (Array.isArray(value)) return value.map((item) => printed(item, sizes));
  if (value instanceof Map) return { map: [...value].map((item) => printed(item, sizes)) };
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([name, item]) => [name, printed(item, sizes)]);
}

/** Returns everything that distinguishes nodes, in order. */
const described = (graph: ModelGraph) =>
  nodesOf(graph).map(({ op, attributes, weights, types }) => [
    op.name,
    printed(attributes, graph.builder.sizes),
    Object.keys(weights),
    types.map(({ axes }) => printed(axes, graph.builder.sizes)),
  ]);

describe.each([...records])("%s", (_, op) => {
  test("has one node for its attributes in any order", () => {
    for (const set of setsOf(op)) {
      const graph = graphOfSet(set);
      for (const node of nodesOf(graph).filter((node) => node.op === op)) {
        const again = graph.builder.node(op, node.inputs, turnedValues(node), assumed, node.weights);
        expect(again, set.code).toBe(node);
      }
    }
  });

  test("is the same for its arguments in any order", () => {
    for (const set of setsOf(op)) {
      const turned = turnedSet(op, set);
      expect(described(graphOfSet(turned)), turned.code).toEqual(described(graphOfSet(set)));
    }
  });
});

/** Two expressions of the same inputs that mean the same, and the type of both. */
const same: readonly (readonly [string, string, string, string])[] = [
  ["dot(x, y, batch: n, contract: c)", "dot(x, y, contract: c, batch: n)", "x: [n, c, t], y: [n, c, s]", "[n, t, s]"],
  ["sum(x, axis: [h, w])", "sum(x, axis: [w, h])", "x: [n, h, w]", "[n]"],
  ["resize(x, like: y)", "resize(x, h: a, w: b)", "x: [n, h, w], y: i32[w: b, h: a, k]", "[n, h: a, w: b]"],
  [
    "resize(x, like: y, axis: [w, h])",
    "resize(x, like: z)",
    "x: [n, h, w], y: [h: a, w: b], z: [h: a, w: b]",
    "[n, h: a, w: b]",
  ],
  ["expand(x, like: y)", "expand(x, w: w, h: h)", "x: [n], y: [h, n, w]", "[n, h, w]"],
  ["reshape(x, d -> [a: 2, b])", "reshape(x, d -> [a: 2, b: k])", "x: [d: 2*k]", "[a: 2, b: k]"],
  ["rename(x, t -> s)", "rename(x, t -> s: t)", "x: [t]", "[s: t]"],
];

test.each(same)("%s is %s", (a, b, inputs, type) => {
  const text = `fuse 1\nmodel Probe(${inputs}) -> (p: ${type}, q: ${type}) {\n  return ${a}, ${b}\n}`;
  const [p, q] = graphOf(text).results;
  expect(p!.value).toBe(q!.value);
});

test("the order of its axes distinguishes an argmax", () => {
  const text =
    "fuse 1\nmodel Probe(x: [h, w]) -> (p: i32[], q: i32[]) {\n  return argmax(x, axis: [h, w]), argmax(x, axis: [w, h])\n}";
  const [p, q] = graphOf(text).results;
  expect(p!.value).not.toBe(q!.value);
});
