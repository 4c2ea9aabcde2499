/** @file `fuse calibrate`: measures what work costs on this machine. */
import { Option, type Command } from "commander";
import { nodeBackendNames } from "../../contract/backends.ts";
import { costNames, type Costs } from "../../plan/costs.ts";
import type { Calibration } from "../calibrate/machines.ts";
import { compiledEngine, engineNames, engines } from "../run/engines/table.ts";
import type { RunOptions } from "../run/options.ts";
import { numberText } from "../terminal/numbers.ts";
import { described } from "../terminal/options.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options extends Pick<RunOptions, "backend" | "engine"> {
  readonly out?: string;
}

/** WebAssembly runs many steps as one, which the programs of the calibration do not take apart. */
const measured = engineNames.filter((name) => name !== compiledEngine);
const engineChoices: readonly Options["engine"][] = ["auto", ...measured];
const backendChoices: readonly Options["backend"][] = ["auto", ...nodeBackendNames];

export function calibrate(command: Command, terminal: Terminal): void {
  command
    .description(
      "Measures what the work of a model costs on this machine, in about two seconds for each engine, and prints it " +
        "beside the costs that ship with Fuse. `fuse build` and `fuse run` take the file that it writes.",
    )
    .addOption(
      new Option(
        "--engine <engine>",
        `engine to measure: ${described(measured, engines)} (auto: all that are installed)`,
      )
        .choices(engineChoices)
        .default("auto"),
    )
    .addOption(
      new Option("--backend <backend>", "with --engine: backend to measure it on")
        .choices(backendChoices)
        .default("auto"),
    )
    .option("--out <file>", "with --engine: file to write the costs to")
    .action(async ({ engine, backend, out }: Options) => {
      if (engine === "auto" && (out !== undefined || backend !== "auto"))
        command.error(`error: ${out === undefined ? "--backend" : "--out"} needs --engine`);
      const { calibrated, calibratedAll } = await import("../calibrate/machines.ts");
      if (engine === "auto") {
        for await (const found of calibratedAll()) terminal.out(typeof found === "string" ? found : costsText(found));
        return;
      }
      const { protectOthers, writeCosts } = await import("../files/costs.ts");
      if (out !== undefined) await protectOthers(out);
      const found = await calibrated(engine, backend);
      terminal.out(costsText(found));
      if (out === undefined) return;
      await writeCosts(out, found.measured);
      terminal.out(`wrote ${out}`);
    });
}

function costsText({ title, measured, shipped }: Calibration): string {
  const names = Object.keys(costNames) as readonly (keyof Costs)[];
  const rows = names.map((name) => [costNames[name], nanoseconds(measured[name]), nanoseconds(shipped[name])]);
  return table([title, "here", "shipped"], rows, [1, 2]);
}

const nanoseconds = (cost: number) => `${numberText(cost / 1000, 3)} ns`;
