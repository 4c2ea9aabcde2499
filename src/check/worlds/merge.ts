/** @file Merges the diagnostics of a block's worlds. Each appears once; a size error of only some worlds names them. */
import { isSame, printRelation } from "../../sizes/relation.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Code } from "../../source/catalogue/catalogue.ts";
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
  return [...merged.values()].map(({ first, worlds: failing }) => {
    const isPartial = ofSizes.has(first.code) && failing.length < worlds.length;
    const variant = isPartial ? variantOf(signature, failing, worlds, sizes) : undefined;
    return variant === undefined ? first : inVariant(first, variant);
  });
}

/** The errors about sizes that may be right in other variants. */
const ofSizes: ReadonlySet<string> = new Set<Code>([
  "argument-size-mismatch",
  "constraint-not-met",
  "not-divisible",
  "reshape-mismatch",
  "result-mismatch",
  "size-mismatch",
  "size-not-positive",
]);

/** What the worlds that fail have in common, and no other world has. */
interface Variant {
  /** `by: add, h >= 2` */
  readonly text: string;
  /** The choices in it, as a condition: `by == add`. */
  readonly condition: string;
  /** The choices with which everything is right, as text. */
  readonly working: readonly string[];
}

function variantOf(
  signature: Signature,
  failing: readonly CheckedWorld[],
  all: readonly CheckedWorld[],
  sizes: Sizes,
): Variant | undefined {
  const telling = signature.parameters.filter(({ name }) => {
    const values = new Set(failing.map((world) => world.choices.get(name)));
    return values.size === 1 && all.some((world) => world.choices.get(name) !== failing[0]!.choices.get(name));
  });
  const choices = telling.map(({ name }) => ({ name, choice: failing[0]!.choices.get(name)! }));
  const assumptions = failing[0]!.assumptions
    .filter((one) => failing.every((world) => world.assumptions.some((other) => isSame(one, other))))
    .map((one) => printRelation(sizes, one));
  const text = [...choices.map(({ name, choice }) => `${name}: ${choice}`), ...assumptions].join(", ");
  if (text === "") return undefined;
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
  return {
    text,
    condition: choices.map(({ name, choice }) => `${name} == ${choice}`).join(" and "),
    working: working.map((choice) => `${only!.name}: ${choice}`),
  };
}

/** Names the variant in an error, and restricts what is suggested to it. */
function inVariant(found: Diagnostic, { text, condition, working }: Variant): Diagnostic {
  const fine = working.map((one) => `\`${one}\``).join(", ");
  const others = working.length === 0 ? [] : [{ text: `OK in variant ${fine}` }];
  const helps = found.helps.map((help) => (condition === "" ? help : onlyIf(help, condition)));
  if (found.code !== "size-mismatch")
    return { ...found, notes: [...found.notes, { text: `in variant \`${text}\`` }, ...others], helps };
  return diagnostic(
    "variant-size-mismatch",
    found.span,
    { operator: textOf(found.span!), variant: text },
    { labels: found.labels, notes: [...found.notes, ...others], helps },
  );
}

/** Restricts a suggested `where ca == cb` to the variant. */
function onlyIf(help: Help, condition: string): Help {
  if (help.code?.startsWith("where ") !== true) return help;
  const edits = (help.edits ?? []).map((edit) => ({ ...edit, text: `${edit.text} if ${condition}` }));
  return { ...help, code: `${help.code} if ${condition}`, edits };
}
