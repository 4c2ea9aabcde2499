/** @file Which operators of a program the values of its optimized graph come from. */
import type { Node, Origin } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import type { SourceFile, Span } from "../source/source.ts";

/** An operator as the program writes it. */
export interface Written {
  readonly operator: string;
  /** Undefined if no program writes it. */
  readonly origin: Origin | undefined;
}

/**
 * Returns a function that names the operator of a program that a node of its optimized graph comes from. An author cannot
 * find an operator that the optimizer made.
 */
export function writtenIn(source: ModelGraph): (node: Node, origins: readonly Origin[] | undefined) => Written {
  const names = new Map<SourceFile, Map<string, string>>();
  for (const [value, all] of source.origins) {
    if (value.kind !== "node") continue;
    for (const { span } of all) {
      const inFile = names.get(span.source) ?? new Map<string, string>();
      names.set(span.source, inFile.set(keyOf(span), value.op.name));
    }
  }
  return (node, [origin] = []) => {
    const operator = origin && names.get(origin.span.source)?.get(keyOf(origin.span));
    return { operator: operator ?? node.op.name, origin };
  };
}

/** Whether two places are the same, reached by the same calls. */
export function isSamePlace(a: Origin | undefined, b: Origin | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const isSame = (one: Span, other: Span) => one.source === other.source && keyOf(one) === keyOf(other);
  const isSameCall = a.calls.length === b.calls.length && a.calls.every((call, i) => isSame(call, b.calls[i]!));
  return isSame(a.span, b.span) && isSameCall && a.scope.join(".") === b.scope.join(".");
}

const keyOf = ({ start, end }: Span): string => `${start}:${end}`;
