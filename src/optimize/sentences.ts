/** @file What the optimizer did, or what kept it from doing something, in sentences. */
import type { Node, Origin, Value } from "../ir/graph.ts";
import type { Trait } from "../ir/trait.ts";
import type { Axis } from "../ir/type.ts";
import { position } from "../source/source.ts";
import type { Exchange } from "./exchange.ts";
import type { NearMiss } from "./near-misses.ts";
import type { Move } from "./way.ts";

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

/** Returns why two operators were not exchanged, with the line of what is in the way. */
export function reasonOf(miss: NearMiss, origins: ReadonlyMap<Value, readonly Origin[]>): string {
  const { node, partner, blocker } = miss;
  const [own, other] = [nameOf(node), nameOf(partner)];
  const line = (value: Node) => {
    const span = origins.get(value)?.[0]?.span;
    return span === undefined ? "" : ` at line ${position(span.source, span.start).line}`;
  };
  const start = `${own} stays after ${other}${line(partner)}`;
  if (blocker !== partner)
    return `${start}: ${nameOf(blocker)}${line(blocker)} is between them, and ${obstacleOf(miss, own, nameOf(blocker))}`;
  return `${start}: ${obstacleOf(miss, own, other)}`;
}

function obstacleOf({ obstacle, shared, outer, inner }: NearMiss, own: string, other: string): string {
  if (obstacle === "axes") return `both act on ${list(shared)}`;
  if (obstacle === "constant")
    return `${inner.is === "affine" ? own : other} does not keep the constant that ${inner.is === "affine" ? other : own} adds`;
  const [not, fixed] = inner.is === "any" || inner.is === "largest" ? [other, own] : [own, other];
  const trait = not === other ? inner : outer;
  return trait.is === "largest"
    ? `${fixed} does not keep the order of elements, which ${not} compares`
    : `${not} is not linear`;
}
