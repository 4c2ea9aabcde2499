/** @file How a command ends where a name is missing or wrong. */
import { nearest } from "../../source/suggest.ts";
import { fail } from "./failure.ts";

/** Ends the command because there are several models and none is chosen. */
export function chooseModel(names: readonly string[]): never {
  const helps = [{ text: "choose one", code: `--model ${names.at(-1)}` }];
  return fail("choose-model", { models: names.join(", ") }, { helps });
}

/** Ends the command because `name` is none of `known`, which are `what`s of a model. */
export function unknownName(model: string, what: "input" | "result", name: string, known: readonly string[]): never {
  const near = nearest(name, known);
  const helps = near === undefined ? [] : [`did you mean \`${near}\`?`];
  const message = `\`${model}\` has no ${what} \`${name}\`; it has ${known.map((item) => `\`${item}\``).join(", ")}`;
  return fail("bad-input", { message }, { helps });
}
