/** @file The input sizes that a user gives, to judge costs and to show figures. Those that are not given are nominal. */
import { checkGuard, evaluate, type Admission } from "../contract/guard.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { diagnostic } from "../source/reporter.ts";
import { sizeIn } from "./buffers.ts";

/** Values of size variables by name. */
export type GivenSizes = Readonly<Record<string, number>>;

/** Returns a sentence about the first size that no model has; undefined if there is none. */
export function unknownSize(graphs: readonly ModelGraph[], at: GivenSizes): string | undefined {
  const known = [...new Set(graphs.flatMap(({ guard }) => guard.variables.map(({ name }) => name)))];
  const unknown = Object.keys(at).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const there = known.length === 0 ? "all their sizes are fixed" : `they have ${known.join(", ")}`;
  return `the inputs have no size \`${unknown}\`; ${there}`;
}

/** Returns all sizes of a model's inputs. */
export function givenSizes({ guard }: ModelGraph, at: GivenSizes): GivenSizes {
  return Object.fromEntries(guard.variables.map(({ name }) => [name, sizeIn(at, name)]));
}

/** Returns all sizes of a model's inputs, or what its guard says against them. */
export function admissionAt(graph: ModelGraph, at: GivenSizes): Admission {
  const { guard } = graph;
  const sizes = givenSizes(graph, at);
  const inputs = guard.inputs.map(({ name, dtype, axes }) => {
    return [name, { dtype, shape: axes.map(({ size }) => evaluate(size, sizes)) }] as const;
  });
  const admission = checkGuard(guard, Object.fromEntries(inputs));
  return "sizes" in admission ? { sizes } : admission;
}

/** Returns the error for sizes that a model's guard rejects; undefined if it accepts them. */
export function refusedSizes(graph: ModelGraph, at: GivenSizes): Diagnostic | undefined {
  const admission = admissionAt(graph, at);
  if ("sizes" in admission) return undefined;
  // The problems are sentences, but messages have no full stop.
  const [message = "", ...notes] = admission.problems.map((problem) => problem.replace(/\.$/, ""));
  const names = graph.guard.variables.map(({ name }) => name);
  const assumed = names.filter((name) => !Object.hasOwn(at, name));
  if (assumed.length > 0) {
    const sizes = assumed.map((name) => `${name}=${sizeIn(at, name)}`).join(",");
    notes.push(`no size is given for ${assumed.join(", ")}, so Fuse assumes ${sizes}`);
  }
  const code = `--at ${names.map((name) => `${name}=…`).join(",")}`;
  const helps = assumed.length === 0 ? [] : [{ text: "give the sizes of all inputs", code }];
  return diagnostic("bad-input", undefined, { message }, { notes, helps });
}
