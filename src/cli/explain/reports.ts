/** @file Reports of the optimizer, for the commands that show them. */
import type { Program } from "../../check/program.ts";
import { buildReports } from "../../compile.ts";
import type { Report } from "../../optimize/report.ts";
import { readCosts } from "../files/costs.ts";
import { openFile, valueOrFail } from "../files/programs.ts";
import type { Basis } from "../summary/basis.ts";
import { sizesAt, type Sizes } from "../summary/model.ts";
import type { ModelOptions } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ReportOptions extends ModelOptions, Basis {
  readonly at?: Sizes;
  readonly optimizeLimit?: number;
}

/** A report with the input sizes, if they are known. */
export interface SizedReport {
  readonly report: Report;
  readonly at: Sizes | undefined;
}

export async function reportsFor(file: string, options: ReportOptions, terminal: Terminal) {
  return reportsOf(await openFile(file), options, terminal);
}

/** Returns the report on each chosen model. Ends the command if the program has an error, or a guard rejects the sizes. */
export async function reportsOf(
  program: Program,
  { model, set = {}, at, target, backend, costs, optimizeLimit }: ReportOptions,
  terminal: Terminal,
): Promise<readonly SizedReport[]> {
  const options = {
    model,
    settings: set,
    backend,
    costs: await readCosts(costs),
    optimize: { at, limit: optimizeLimit },
  };
  const reports = valueOrFail(
    buildReports(program, { ...options, ...(target === undefined ? {} : { target }) }),
    terminal,
  );
  const sizes = sizesAt(
    reports.map(({ graph }) => graph),
    at,
  );
  return reports.map((report, i) => ({ report, at: sizes[i] }));
}
