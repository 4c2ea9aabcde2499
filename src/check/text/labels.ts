/** @file Weight paths: decides the label of every call that owns weights, from the text alone. */
import type { Call, Expr, Name, Stmt } from "../../parser/ast.ts";
import type { Reporter } from "../../source/reporter.ts";

/** The last part of the weight path of each call that owns weights; empty for `@.`, and if the layer's name is enough. */
export type Labels = ReadonlyMap<Call, string>;

interface Naming {
  /** Whether a callee owns weights in any world. */
  owns(callee: Name): boolean;
  /** Whether a name is a tensor or parameter rather than a callee. */
  isValue(name: Name): boolean;
  readonly reporter: Reporter;
}

/** Labels all statements of a body. */
export function labelBody(body: readonly Stmt[], naming: Naming): Labels {
  const labels = new Map<Call, string>();
  for (const stmt of body) labelStatement(stmt, naming, labels);
  return labels;
}

function labelStatement(stmt: Stmt, naming: Naming, labels: Map<Call, string>): void {
  if (stmt.kind === "weight" || stmt.kind === "const") return;
  const values = stmt.kind === "return" ? stmt.values : [stmt.value];
  const weighted = values.flatMap((value) => weightedCalls(value, naming));
  for (const call of weighted)
    if (call.label !== undefined) labels.set(call, call.label.text === "." ? "" : call.label.text);
  const open = weighted.filter((call) => call.label === undefined);
  if (open.length === 0) return;
  // A layer's name is a prefix already.
  const name = stmt.kind === "layer" ? "" : stmt.kind === "assign" ? stmt.names[0]!.text : "";
  const [first] = open;
  const several = stmt.kind === "assign" && stmt.names.length > 1;
  if (open.length === 1 && !several) {
    labels.set(first!, stmt.kind === "return" ? first!.callee.text : name);
    return;
  }
  const numbered = values
    .flatMap(pipelines)
    .map((pipeline) => numbersOf(pipeline, naming))
    .find((numbers) => open.every((call) => numbers.has(call)));
  if (numbered === undefined || several) {
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
      return [expr.head, ...expr.stages.map((stage) => (stage.kind === "stage" ? stage.call : stage))];
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
      return expr.items;
    default:
      return [];
  }
}

/** Returns all calls that own weights, in evaluation order. */
function weightedCalls(expr: Expr, naming: Naming): Call[] {
  const inner = children(expr).flatMap((child) => weightedCalls(child, naming));
  const owner = expr.kind === "call" && isCall(expr, naming) && naming.owns(expr.callee);
  return owner ? [...inner, expr] : inner;
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
        for (const item of expr.stages) stage(item.kind === "stage" ? item.call : item);
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
