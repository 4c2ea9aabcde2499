/** @file Checks the defaults of a header where it is written, whether or not a call needs them. */
import { allowedValue } from "../evaluate/parameters.ts";
import type { Frame } from "../frame/frame.ts";
import { World } from "../frame/world.ts";
import { requireBuildTime } from "../prove/obligations.ts";

/** Evaluates every default with what is before it in the header. What stays open is required where a call uses it. */
export function checkDefaults(frame: Frame): void {
  const { signature, world, strategy } = frame;
  const later = new Set<string>();
  for (const parameter of [...signature.parameters].reverse()) {
    later.add(parameter.name);
    const { default: expr } = parameter.ast;
    if (expr === undefined) continue;
    const scratch = new World(world.choices, world.assumptions, world.facts);
    const before = <T>(names: ReadonlyMap<string, T>) => new Map([...names].filter(([name]) => !later.has(name)));
    const inner: Frame = {
      ...frame,
      world: scratch,
      names: before(frame.names),
      sizes: before(frame.sizes),
      strategy: { ...strategy, open: () => undefined },
    };
    const val = allowedValue(inner, parameter, expr, frame);
    if (signature.decl.kind === "model" && val.kind === "size") {
      const use = { kind: "attribute", name: parameter.name } as const;
      requireBuildTime({ ...inner, strategy }, val.size, use, expr.span);
    }
    // The size that chooses may be known at a call.
    for (const found of scratch.diagnostics) if (found.code !== "undecided-choice") world.reporter.add(found);
  }
}
