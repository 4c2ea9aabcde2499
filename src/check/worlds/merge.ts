/** @file Merges the diagnostics of a block's worlds. Each appears once; a size error of only some worlds names them. */
import { isSame, printRelation } from "../../sizes/relation.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Diagnostic, Help } from "../../source/diagnostic.ts";
import { diagnostic } from "../../source/reporter.ts";
import { textOf } from "../../source/source.ts";
import type { Signature } from "../text/signature.ts";
import type { CheckedWorld } from "./explore.ts";

export function mergeWorlds(signature: Signature, worlds: readonly CheckedWorld[], sizes: Sizes): Diagnostic[] {
  const merged = new Map<string, { first: Diagnostic; worlds: CheckedWorld[] }>();
  for (const world of worlds)
    for (const found of world.diagnostics) {
      const { span } = found;
      const key = `${found.code}|${span?.source.path}|${span?.start}|${span?.end}`;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, { first: found, worlds: [world] });
      else known.worlds.push(world);
    }
  return [...merged.values()].map(({ first, worlds: failing }) =>
    first.code === "size-mismatch" && failing.length < worlds.length
      ? inVariant(signature, first, failing, worlds, sizes)
      : first,
  );
}

function inVariant(
  signature: Signature,
  found: Diagnostic,
  failing: readonly CheckedWorld[],
  all: readonly CheckedWorld[],
  sizes: Sizes,
): Diagnostic {
  const telling = signature.parameters.filter(({ name }) => {
    const values = new Set(failing.map((world) => world.choices.get(name)));
    return values.size === 1 && all.some((world) => world.choices.get(name) !== failing[0]!.choices.get(name));
  });
  const choices = telling.map(({ name }) => ({ name, choice: failing[0]!.choices.get(name)! }));
  const assumptions = failing[0]!.assumptions
    .filter((one) => failing.every((world) => world.assumptions.some((other) => isSame(one, other))))
    .map((one) => printRelation(sizes, one));
  const variant = [...choices.map(({ name, choice }) => `${name}: ${choice}`), ...assumptions].join(", ");
  if (variant === "") return found;
  const condition = choices.map(({ name, choice }) => `${name} == ${choice}`).join(" and ");
  const [only] = telling;
  const fine = (only?.choices ?? []).filter(
    (choice) => !failing.some((world) => world.choices.get(only!.name) === choice),
  );
  const working = fine.filter((choice) =>
    all.some(
      (world) =>
        world.choices.get(only!.name) === choice && world.diagnostics.every(({ severity }) => severity !== "error"),
    ),
  );
  const notes =
    working.length === 0
      ? []
      : [{ text: `OK in variant ${working.map((choice) => `\`${only!.name}: ${choice}\``).join(", ")}` }];
  return diagnostic(
    "variant-size-mismatch",
    found.span,
    { operator: textOf(found.span!), variant },
    {
      labels: found.labels,
      notes: [...found.notes, ...notes],
      helps: found.helps.map((help) => (condition === "" ? help : onlyIf(help, condition))),
    },
  );
}

/** Restricts a suggested `where ca == cb` to the variant. */
function onlyIf(help: Help, condition: string): Help {
  if (help.code?.startsWith("where ") !== true) return help;
  const edits = (help.edits ?? []).map((edit) => ({ ...edit, text: `${edit.text} if ${condition}` }));
  return { ...help, code: `${help.code} if ${condition}`, edits };
}
