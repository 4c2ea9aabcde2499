/** @file Builds one instance of a model: settings applied, blocks inlined, run-time sizes symbolic. */
import type { Origin, Value, Weight } from "../../ir/graph.ts";
import type { GraphResult, ModelGraph } from "../../ir/model-graph.ts";
import { reachable } from "../../ir/walk.ts";
import type { Call } from "../../parser/ast.ts";
import { Facts } from "../../sizes/facts.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { invariant } from "../../source/internal-error.ts";
import { Reporter } from "../../source/reporter.ts";
import { claimPath } from "../evaluate/apply.ts";
import { runBody } from "../evaluate/body.ts";
import { declaredResults } from "../evaluate/types.ts";
import { emptyFrame, setParameter, type Binding, type CallStrategy, type Context, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import { World } from "../frame/world.ts";
import { reportRunTime } from "../prove/build-time.ts";
import { isTransparent } from "../text/labels.ts";
import type { Block } from "../text/modules.ts";
import type { Parameter } from "../text/signature.ts";
import { openFrame } from "../worlds/entry-frame.ts";
import { checkResults } from "../worlds/results.ts";
import { checkSolvable } from "../worlds/size-variables.ts";
import { firstInexact } from "./exact.ts";
import { makeGuard, type OpenRelation } from "./guard.ts";
import { delicateSizes, sizesAsIntegers } from "./rounding.ts";
import { checkSettings, settingValue, type Settings } from "./settings.ts";

export interface Instance {
  readonly graph: ModelGraph | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Builds the graph of a model that passed the check. Reports errors that depend on the settings. */
export function instantiate(context: Context, block: Block, settings: Settings): Instance {
  const reporter = new Reporter();
  const signature = context.signature(block);
  checkSettings(signature, settings, reporter);
  const requirements: OpenRelation[] = [];
  const origins = new Map<Value, Origin[]>();
  const values = readParameters(context, block, settings, reporter);
  if (values === undefined || reporter.failed) return { graph: undefined, diagnostics: reporter.diagnostics };
  const choices = new Map<string, string>();
  for (const parameter of signature.parameters)
    if (parameter.kind === "choice" || parameter.kind === "bool")
      choices.set(parameter.name, settingText(context, values.get(parameter.name)!));
  const variables = new Map(
    signature.variables.map((name) => [name, context.sizes.variable(name, { time: "run" })] as const),
  );
  const opened = openFrame(context, {
    block,
    choices,
    assumptions: [],
    strategy: inline(requirements),
    variables,
    parameter: (parameter) => values.get(parameter.name)!,
    origins,
  });
  if (opened === undefined) {
    const given = signature.parameters.map(({ name }) => `${name}=${settingText(context, values.get(name)!)}`);
    reporter.report("excluded-settings", signature.decl.header, {
      model: signature.decl.name.text,
      settings: given.join(", "),
    });
    return { graph: undefined, diagnostics: reporter.diagnostics };
  }
  const { frame, inputs } = opened;
  for (const input of inputs)
    origins.set(input, [{ span: signature.decl.header, name: input.name, scope: [], calls: [] }]);
  // A setting of 0 may have removed a size from a pattern such as `k*v + 1`.
  if (!frame.world.reporter.failed) checkSolvable(frame, variables);
  const returned = runBody(frame);
  invariant(frame.world.others.length === 0, "a condition of a model stayed open when it was built");
  if (returned !== undefined && !frame.world.reporter.failed) {
    // An operator may have another type if it knows a setting: with `ceil_mode`, the number of windows depends on `stride`.
    const declared = declaredResults(frame, opened.open);
    if (declared !== undefined) checkResults(frame, declared, returned);
  }
  const failed = frame.world.reporter.failed;
  const diagnostics = withSettings(frame, frame.world.diagnostics);
  const isComplete = returned !== undefined && returned.every(({ value }) => value !== undefined);
  invariant(isComplete || failed, `${signature.decl.name.text} has neither results nor an error`);
  if (!isComplete || failed) return { graph: undefined, diagnostics };
  const inexact = firstInexact(context.sizes, origins);
  if (inexact !== undefined) {
    const what = `the size ${context.sizes.print(inexact.size)} has a number beyond 2^53`;
    reporter.report("too-large", inexact.origin?.span ?? signature.decl.header, { what });
    return { graph: undefined, diagnostics: [...diagnostics, ...reporter.diagnostics] };
  }
  const results = signature.results!.map(({ name, type }, i) => ({
    name,
    value: returned[i]!.value!,
    order: type.axes.map((axis) => axis.name.text),
  }));
  const graph: ModelGraph = {
    name: signature.decl.name.text,
    doc: signature.decl.doc,
    path: block.module.path,
    inputs,
    results,
    settings: Object.fromEntries(
      signature.parameters.map(({ name }) => [name, settingText(context, values.get(name)!)]),
    ),
    weights: usedWeights(frame, results),
    facts: frame.world.facts,
    guard: makeGuard(frame, requirements, {
      delicate: delicateSizes(context.sizes, origins),
      integers: sizesAsIntegers(context.sizes, origins),
    }),
    origins,
    builder: context.builder,
  };
  return { graph, diagnostics };
}

/** Returns the weights that the results need, in order of evaluation. */
function usedWeights(frame: Frame, results: readonly GraphResult[]): readonly Weight[] {
  const needed = reachable(results.map(({ value }) => value));
  return frame.world.weights.map(({ weight }) => weight).filter((weight) => needed.has(weight));
}

/**
 * Returns the value of every parameter; undefined if one is missing or invalid. Defaults may use earlier parameters.
 */
function readParameters(
  context: Context,
  block: Block,
  settings: Settings,
  reporter: Reporter,
): ReadonlyMap<string, Val> | undefined {
  const signature = context.signature(block);
  const values = new Map<string, Val>();
  const frame = emptyFrame(context, block, new World(new Map(), [], new Facts(context.sizes)), inline([]));
  for (const parameter of signature.parameters) {
    const val = settingValue(frame, parameter, settings, reporter);
    for (const found of frame.world.diagnostics) reporter.add(found);
    if (val === undefined || val.kind === "unknown") return undefined;
    values.set(parameter.name, val);
    setParameter(frame, parameter.name, val);
  }
  return values;
}

function settingText(context: Context, val: Val): string {
  switch (val.kind) {
    case "size":
      return context.sizes.print(val.size);
    case "number":
      return String(val.value);
    case "bool":
      return String(val.value);
    case "choice":
      return val.text;
    default:
      return "";
  }
}

/** Adds the settings to diagnostics that depend on them. */
function withSettings(frame: Frame, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const used = frame.signature.parameters
    .filter((parameter: Parameter) => parameter.kind !== "float")
    .map(({ name }) => `${name}=${settingText(frame.context, frame.names.get(name) ?? unknown)}`);
  if (used.length === 0) return diagnostics;
  const note = { text: `with the settings ${used.join(", ")}` };
  return diagnostics.map((found) => (found.severity === "error" ? { ...found, notes: [...found.notes, note] } : found));
}

/** Calls by inlining. Open obligations become requirements of the entry guard. */
function inline(requirements: OpenRelation[]): CallStrategy {
  return {
    call: inlineCall,
    open(frame, requirement, at) {
      const { relation, origin } = requirement;
      if (relation.op === "known") reportRunTime(frame, relation, origin, at);
      else requirements.push({ relation, origin });
    },
  };
}

function inlineCall(caller: Frame, callee: Binding, call: Call, path: readonly string[]): Val {
  const { frame, signature, block } = callee;
  if (frame.context.ownsWeights(block) && !isTransparent(call) && !claimPath(caller, path.join("."), call))
    return unknown;
  const values = runBody(frame)?.map(({ value }) => value);
  if (values === undefined) return unknown;
  if (values.length === 1) return values[0] === undefined ? unknown : { kind: "tensor", value: values[0] };
  return { kind: "tensors", values, names: signature.results?.map(({ name }) => name) ?? [] };
}
