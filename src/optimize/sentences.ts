/** @file What the optimizer did, or what kept it from doing something, in sentences. */
import type { Node, Value } from "../ir/graph.ts";
import type { Trait } from "../ir/trait.ts";
import type { Axis } from "../ir/type.ts";
import { lineOf, position, type SourceFile, type Span } from "../source/source.ts";
import type { Exchange } from "./exchange.ts";
import type { NearMiss } from "./near-misses.ts";
import type { Move } from "./way.ts";
import type { Written } from "./written.ts";

const nameOf = (value: Value): string => `\`${value.kind === "node" ? value.op.name : value.kind}\``;

/** `a`, `a and b`, `a, b and c` */
function list(items: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(items);
}

/** `c`, `h and w`, `single elements` */
function actedOn({ from, to }: Trait): string {
  const axes: readonly Axis[] = [...new Set([...from, ...to])];
  return axes.length === 0 ? "single elements" : list(axes);
}

/** Returns the theorem that a move uses, about the operators that it moves. */
export function sentenceOf({ rule, of, at, why }: Move): string {
  const [outer, inner] = [nameOf(of), nameOf(at)];
  switch (rule) {
    case "exchange": {
      if (why === undefined) return `${outer} and ${inner} exchange`;
      return `${outer} acts on ${actedOn(why.outer)} and ${inner} on ${actedOn(why.inner)}, so they exchange${because[why.found](outer, inner, why)}`;
    }
    case "exchange with constant":
      return `${outer} and ${inner} exchange, and what ${outer} makes of the constant that ${inner} adds is added after them`;
    case "merge":
      return `${inner} and then ${outer} are one product, whose weight is computed when the model is loaded`;
    case "contract":
      return `${outer} of a product is a \`dot\`, which need not write that product`;
    case "split concat":
      return `${outer} of a \`concat\` is the sum of products of its parts`;
    case "into concat":
      return `${outer} of a \`concat\` is the \`concat\` of ${outer} of its parts`;
    case "split sum":
      return `${outer} of a sum is the sum of ${outer} of its terms`;
    case "collect":
      return "terms of a sum that end with the same linear operator are added before it, so it is applied once";
    case "join":
      return "the sum of products is one product of a `concat`";
  }
}

type Why = NonNullable<Move["why"]>;

/** What makes an exchange right, beyond different axes. */
const because: Readonly<Record<Exchange, (outer: string, inner: string, why: Why) => string>> = {
  linear: () => ": both are linear",
  affine: (outer, inner, { outer: { is } }) =>
    `: ${is === "affine" ? inner : outer} keeps the constant that ${is === "affine" ? outer : inner} adds`,
  gather: (outer, inner, { inner: { is } }) => `: ${is === "gather" ? inner : outer} only chooses elements`,
  largest: (outer, inner, { inner: { is } }) => `: ${is === "largest" ? outer : inner} keeps the order of elements`,
  "linear part": (outer) => `; the constant that ${outer} adds stays after them`,
};

/** Returns why two operators were not exchanged, with the places of the partner and of what is in the way. */
export function reasonOf(miss: NearMiss, written: (node: Node) => Written): string {
  const [node, partner, blocker] = [miss.node, miss.partner, miss.blocker].map(written);
  const file = node!.origin?.span.source;
  const named = ({ operator, origin }: Written) =>
    `\`${operator}\`${origin === undefined ? "" : ` at ${lineSeenFrom(file, origin.span)}`}`;
  const start = `\`${node!.operator}\` stays after ${named(partner!)}`;
  if (miss.blocker === miss.partner) return `${start}: ${obstacleOf(miss, written)}`;
  return `${start}: ${named(blocker!)} is between them, and ${obstacleOf(miss, written)}`;
}

/** `line 4`, or `fuse/attention:7` if it is another file. */
function lineSeenFrom(file: SourceFile | undefined, span: Span): string {
  return span.source === file ? `line ${position(span.source, span.start).line}` : lineOf(span);
}

/** Returns what keeps an operator from being exchanged with the one in the way. */
export function obstacleOf(miss: NearMiss, written: (node: Node) => Written): string {
  const { obstacle, shared, outer, inner } = miss;
  const [own, other] = [miss.node, miss.blocker].map((node) => `\`${written(node).operator}\``);
  if (obstacle === "axes") return `both act on ${list(shared)}`;
  if (obstacle === "constant")
    return `${inner.is === "affine" ? own : other} does not keep the constant that ${inner.is === "affine" ? other : own} adds`;
  const isInner = inner.is === "any" || inner.is === "largest";
  const [not, fixed] = isInner ? [other, own] : [own, other];
  return (isInner ? inner : outer).is === "largest"
    ? `${fixed} does not keep the order of elements, which ${not} compares`
    : `${not} is not linear`;
}
