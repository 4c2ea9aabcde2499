/** @file The call graph of blocks, and cycles in it. */
import { expressions } from "../../parser/walk.ts";
import type { Label } from "../../source/diagnostic.ts";
import type { Reporter } from "../../source/reporter.ts";
import { nestingLimit, type Block, type Module } from "./modules.ts";

/** Returns the blocks that a body may call. */
export function callees(block: Block): Block[] {
  const found = new Set<Block>();
  for (const expr of expressions(block.decl.body)) {
    const callee = expr.kind === "call" ? block.module.visible.get(expr.callee.text) : undefined;
    if (callee !== undefined) found.add(callee);
  }
  return [...found];
}

/** Labels the place where one block calls another, if both are in the same file. */
function callOf(block: Block, callee: Block): Label[] {
  const call = [...expressions(block.decl.body)].find(
    (expr) => expr.kind === "call" && block.module.visible.get(expr.callee.text) === callee,
  );
  const name = call?.kind === "call" && block.module === callee.module ? call.callee : undefined;
  return name === undefined ? [] : [{ span: name.span, text: "called here" }];
}

/** A block whose callees are being visited. */
interface Visit {
  readonly block: Block;
  /** The callees still to visit, in reverse order. */
  readonly open: Block[];
  /** The depth of the deepest callee so far. */
  deepest: number;
}

/** Returns blocks that call themselves, directly or not, or call too deep. Reports each cycle and the first too deep call chain once. */
export function recursiveBlocks(modules: readonly Module[], reporter: Reporter): ReadonlySet<Block> {
  const found = new Set<Block>();
  const depths = new Map<Block, number>();
  const path: Visit[] = [];
  const places = new Map<Block, number>();
  const enter = (block: Block): void => {
    places.set(block, path.length);
    path.push({ block, open: callees(block).reverse(), deepest: 0 });
  };
  const leave = ({ block, deepest }: Visit): void => {
    path.pop();
    places.delete(block);
    depths.set(block, deepest + 1);
    if (deepest < nestingLimit || found.has(block)) return;
    found.add(block);
    const what = `calls are nested more than ${nestingLimit} deep`;
    if (deepest === nestingLimit) reporter.report("too-large", block.decl.name.span, { what });
  };
  const close = (start: number): void => {
    const circle = path.slice(start).map(({ block }) => block);
    const block = circle[0]!;
    if (circle.some((member) => found.has(member))) return;
    for (const member of circle) found.add(member);
    const names = [...circle, block].map((member) => member.decl.name.text);
    const shown = names.length > 12 ? [...names.slice(0, 6), "…", ...names.slice(-5)] : names;
    const { span, text } = block.decl.name;
    const labels = circle.slice(0, 12).flatMap((member, i) => callOf(member, circle[i + 1] ?? block));
    const helps = [{ text: "repeat a step with", code: "x |> repeat(4) Step()" }];
    reporter.report("recursive-block", span, { block: text, path: shown.join(" → ") }, { labels, helps });
  };
  for (const root of modules.flatMap(({ blocks }) => [...blocks.values()])) {
    if (!depths.has(root)) enter(root);
    // Iterates rather than recurses: calls may nest as deeply as a program is long.
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const callee = visit.open.pop();
      if (callee === undefined) {
        leave(visit);
        const caller = path.at(-1);
        if (caller !== undefined) caller.deepest = Math.max(caller.deepest, visit.deepest + 1);
      } else if (depths.has(callee)) visit.deepest = Math.max(visit.deepest, depths.get(callee)!);
      else if (places.has(callee)) close(places.get(callee)!);
      else enter(callee);
    }
  }
  return found;
}
