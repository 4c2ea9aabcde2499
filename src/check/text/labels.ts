/** @file Weight paths: decides the label of every call that owns weights, from the text alone. */
import type { Call, Expr, Name, Repeat, Stmt } from "../../parser/ast.ts";
import type { Reporter } from "../../source/reporter.ts";

/** What a label is for: a call, or a repeated chain in parentheses. */
export type Labelled = Call | Repeat;

/**
 * The last part of the weight path of each call and repeated chain that owns weights, with `{}` in place of each sum in braces;
 * empty for `@.`, and if the path before it is enough.
 */
export type Labels = ReadonlyMap<Labelled, string>;

/** Whether a label `@.` adds nothing to the paths of weights. Then only the weights themselves have owners. */
export function isTransparent({ label }: Labelled): boolean {
  return label?.text === ".";
}

interface Naming {
  /** Whether a callee owns weights in any world. */
  owns(callee: Name): boolean;
  /** Whether a name is a tensor or parameter rather than a callee. */
  isValue(name: Name): boolean;
  /** Whether a name that a label takes from a value is reported: in models, whose weights files fill. */
  readonly isModel: boolean;
  readonly reporter: Reporter;
}

/** Labels all statements of a body. */
export function labelBody(body: readonly Stmt[], naming: Naming): Labels {
  const labels = new Map<Labelled, string>();
  for (const stmt of body) labelStatement(stmt, naming, labels);
  return labels;
}

function labelStatement(stmt: Stmt, naming: Naming, labels: Map<Labelled, string>): void {
  if (stmt.kind === "return") labelValues(stmt.values, undefined, naming, labels);
  // A layer's name is a prefix already.
  if (stmt.kind === "layer") labelValues([stmt.value], { name: "" }, naming, labels);
  if (stmt.kind !== "assign") return;
  const named = stmt.names.length > 1 ? "several" : { name: stmt.names[0]!.text };
  labelValues([stmt.value], named, naming, labels);
}

/** Labels all calls in values. A single one without a label is named after the values; undefined if they have no name. */
function labelValues(
  values: readonly Expr[],
  named: { readonly name: string } | "several" | undefined,
  naming: Naming,
  labels: Map<Labelled, string>,
): void {
  const weighted = values.flatMap((value) => weightedIn(value, naming));
  for (const { node } of weighted) {
    if (node.label !== undefined) labels.set(node, isTransparent(node) ? "" : node.label.text);
    // The label of a repeated chain is a prefix, like a layer's name.
    if (node.kind === "repeat") labelValues([node.step], { name: "" }, naming, labels);
  }
  for (const { node, repeat } of weighted) if (repeat !== undefined && isOpen(node)) inRepeat(node, naming, labels);
  const open = weighted.flatMap(({ node, repeat }) => (repeat === undefined && isOpen(node) ? [node] : []));
  if (open.length === 0) return;
  const name = named === undefined || named === "several" ? "" : named.name;
  const [first] = open;
  if (open.length === 1 && named !== "several") {
    labels.set(first!, named === undefined ? first!.callee.text : name);
    if (name !== "" && naming.isModel) namedAfterValue(first!, name, naming.reporter);
    return;
  }
  const numbered = values
    .flatMap(pipelines)
    .map((pipeline) => numbersOf(pipeline, naming))
    .find((numbers) => open.every((call) => numbers.has(call)));
  if (numbered === undefined || named === "several") {
    for (const call of open) labels.set(call, call.callee.text);
    const what = "several layers need labels here: without them, their weights have no paths";
    const helps = [{ text: "give each a label", code: `${open.at(-1)!.callee.text}(…) @name` }];
    naming.reporter.report("unlabelled-weight", open.at(-1)!.callee.span, { what }, { severity: "error", helps });
    return;
  }
  for (const call of open) labels.set(call, [name, numbered.get(call)].filter((part) => part !== "").join("."));
  const paths = open.map((call) => `\`${labels.get(call)}\``).join(", ");
  naming.reporter.report(
    "unlabelled-weight",
    first!.callee.span,
    { what: `weights are named ${paths} by their position` },
    {
      helps: [
        { text: "with a label, the name survives changes to the pipeline", code: `${first!.callee.text}(…) @name` },
      ],
    },
  );
}

/** Warns that a value's name is part of the names of weights, and suggests it as the label. */
function namedAfterValue({ callee, span }: Call, name: string, reporter: Reporter): void {
  const edits = [{ span: { ...span, start: span.end }, text: ` @${name}` }];
  const helps = [{ text: "label it, and the value can be renamed", code: `@${name}`, edits }];
  reporter.report("label-from-value", callee.span, { callee: callee.text, name }, { helps });
}

/** Whether a call has no label. A repeated chain with weights and no label is not asked: its calls are. */
function isOpen(node: Labelled): node is Call {
  return node.kind === "call" && node.label === undefined;
}

/** Reports a call without a label in a repeated chain without a label. */
function inRepeat(call: Call, naming: Naming, labels: Map<Labelled, string>): void {
  const { text, span } = call.callee;
  labels.set(call, text);
  const what = "a repeated chain needs a label: without it, the weights of its layers have no paths";
  const helps = [
    { text: "label the chain", code: "repeat(…) (…) @name" },
    { text: "or give each layer a label with the index", code: `repeat(i: …) (… |> ${text}(…) @name{i})` },
  ];
  naming.reporter.report("unlabelled-weight", span, { what }, { severity: "error", helps });
}

/** Returns every pipeline in an expression, outer ones first. */
function pipelines(expr: Expr): Expr[] {
  const own = expr.kind === "pipeline" ? [expr] : [];
  return [...own, ...children(expr).flatMap(pipelines)];
}

/** Returns the subexpressions that may contain layer calls, in evaluation order. */
function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "call":
      return (expr.args ?? []).flatMap((arg) => (arg.kind === "map" ? [] : [arg.value]));
    case "pipeline":
      return [expr.head, ...expr.stages];
    case "repeat":
      return [expr.step];
    case "match":
      return expr.arms.map((arm) => arm.value);
    case "if":
      return [expr.then, expr.else];
    case "binary":
      return [expr.left, expr.right];
    case "unary":
      return [expr.operand];
    case "list":
    case "values":
    case "tensors":
      return expr.items;
    default:
      return [];
  }
}

/** Something that owns weights, and the repeated chain without a label around it. */
interface Weighted {
  readonly node: Labelled;
  readonly repeat?: Repeat;
}

/** Returns all calls and repeated chains with labels that own weights, in evaluation order. */
function weightedIn(expr: Expr, naming: Naming): Weighted[] {
  const inner = children(expr).flatMap((child) => weightedIn(child, naming));
  if (expr.kind === "repeat" && isChain(expr)) {
    if (expr.label === undefined) return inner.map(({ node }) => ({ node, repeat: expr }));
    return inner.length > 0 ? [{ node: expr }] : [];
  }
  const owner = expr.kind === "call" && isCall(expr, naming) && naming.owns(expr.callee);
  return owner ? [...inner, { node: expr }] : inner;
}

/** Whether a `repeat` has a chain of its own, in which labels are below its own label. Otherwise it numbers a single call. */
export function isChain({ step, label }: Repeat): boolean {
  return step.kind !== "call" || label !== undefined;
}

function isCall(expr: Call, naming: Naming): boolean {
  return expr.args !== undefined || expr.label !== undefined || !naming.isValue(expr.callee);
}

/**
 * Numbers the calls of a pipeline as `nn.Sequential` would. Calls without weights count; a tensor at the head does not.
 * A `match` or `if` counts as one, and numbering continues through its arms in source order.
 */
function numbersOf(expr: Expr, naming: Naming): Map<Call, number> {
  const numbers = new Map<Call, number>();
  let next = 0;
  const stage = (expr: Expr): void => {
    switch (expr.kind) {
      case "call":
        if (isCall(expr, naming)) numbers.set(expr, next++);
        return;
      case "pipeline":
        stage(expr.head);
        expr.stages.forEach(stage);
        return;
      case "repeat":
        if (isChain(expr)) next++;
        else stage(expr.step);
        return;
      case "match":
        next++;
        for (const arm of expr.arms) stage(arm.value);
        return;
      case "if":
        next++;
        stage(expr.then);
        stage(expr.else);
        return;
      case "values":
        expr.items.forEach(stage);
        return;
      default:
        return;
    }
  };
  stage(expr);
  return numbers;
}
