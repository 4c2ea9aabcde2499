/** @file Ends a command if a name is missing or unknown. */
import { nearest } from "../../source/suggest.ts";
import { fail } from "./failure.ts";

/** Ends the command because there are several models and none is chosen. */
export function chooseModel(names: readonly string[]): never {
  const helps = [{ text: "choose one", code: `--model ${names.at(-1)}` }];
  return fail("choose-model", { models: names.join(", ") }, { helps });
}

/** Ends the command because `name`, which comes from `source`, is not one of `known`, the inputs or results of a model. */
export function unknownName(
  model: string,
  what: "input" | "result",
  name: string,
  known: readonly string[],
  source = "",
): never {
  const near = nearest(name, known);
  const helps = near === undefined ? [] : [`did you mean \`${near}\`?`];
  const message = `\`${model}\` has no ${what} \`${name}\`${source}; it has ${known.map((item) => `\`${item}\``).join(", ")}`;
  return fail("bad-input", { message }, { helps });
}
