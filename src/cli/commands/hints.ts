/** @file The hints of `fuse check --hints`. */
import type { Program } from "../../check/program.ts";
import { findHints, type PlanOptions } from "../../compile.ts";
import type { Backend } from "../../contract/backends.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { readCosts } from "../files/costs.ts";
import { basisText } from "../summary/basis.ts";

/** The options of the command that concern hints. */
export interface HintOptions {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly at?: Readonly<Record<string, number>> | undefined;
  readonly target?: PlanOptions["target"];
  readonly backend?: Backend | undefined;
  readonly costs?: string | undefined;
}

/** Returns what could be changed to make the models of a program cheaper. */
export async function hintsOn(program: Program, options: HintOptions): Promise<readonly Diagnostic[]> {
  const { set = {}, at, target, backend } = options;
  const costs = await readCosts(options.costs);
  const hints = findHints(program, { settings: set, backend, costs, optimize: { at }, ...(target && { target }) });
  if (options.costs === undefined) return hints;
  const reason = target === undefined ? ", because no --target is given" : "";
  const note = {
    text: `the costs of ${options.costs} are taken as those of ${basisText({ target, backend })}${reason}`,
  };
  return hints.map((hint) => (hint.code === "could-be-cheaper" ? { ...hint, notes: [...hint.notes, note] } : hint));
}
