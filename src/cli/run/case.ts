/** @file Reads which inputs and expected results a case holds: one safetensors file with tensors `in.NAME` and `out.NAME`. */
import { openWeights } from "../../node/tensor-files.ts";
import type { Help } from "../../source/diagnostic.ts";
import { fail, readOrFail } from "../terminal/failure.ts";
import { unknownName } from "../terminal/names.ts";
import type { Pairs } from "../terminal/options.ts";
import type { Runnable } from "./runnable.ts";

/** The paths of inputs and expectations by name, as `--in` and `--expect` give them. */
export interface Given {
  readonly in: Pairs;
  readonly expect: Pairs;
}

/**
 * Adds what a case holds. Ends the command if it does not fit the model, or if an option gives the same tensor. If it
 * holds the weights too, `out.bias` may be one of them.
 */
export async function withCase(
  model: Runnable,
  path: string,
  given: Given,
  weights: string | undefined,
): Promise<Given> {
  if (!path.endsWith(".safetensors"))
    fail("bad-input", { message: `a case is a safetensors file, and \`${path}\` is not named like one` });
  const held = [...(await readOrFail(path, () => openWeights(path))).keys()];
  const inputs = model.guard.inputs.map(({ name }) => name);
  const results = model.results.map(({ name }) => name);
  const tensors = (
    prefix: string,
    what: "input" | "result",
    known: readonly string[],
    option: string,
    others: Pairs,
  ): Pairs => {
    const names = held
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((name) => weights !== path || known.includes(name));
    for (const name of names) {
      if (!known.includes(name)) unknownName(model.name, what, name, known, ` (\`${prefix}${name}\` of \`${path}\`)`);
      if (Object.hasOwn(others, name))
        fail("bad-input", {
          message: `\`${name}\` is given by \`--${option}\` and as \`${prefix}${name}\` of \`${path}\``,
        });
    }
    return { ...others, ...Object.fromEntries(names.map((name) => [name, `${path}#${prefix}${name}`])) };
  };
  const all = {
    in: tensors("in.", "input", inputs, "in", given.in),
    expect: tensors("out.", "result", results, "expect", given.expect),
  };
  const missing = inputs.filter((name) => !Object.hasOwn(all.in, name)).map((name) => `in.${name}`);
  if (missing.length > 0) lacks(path, missing);
  if (Object.keys(all.expect).length === 0)
    lacks(
      path,
      results.map((name) => `out.${name}`),
      "any of ",
    );
  return all;
}

function lacks(path: string, names: readonly string[], some = ""): never {
  const helps: Help[] = [{ text: "inputs are named `in.NAME`, and expected results `out.NAME`" }];
  const list = names.map((name) => `\`${name}\``).join(", ");
  return fail("bad-input", { message: `\`${path}\` does not hold ${some}${list}` }, { helps });
}
