/** @file `fuse summary`: what a model or a block is made of. */
import { Option, type Command } from "commander";
import { buildGraphs } from "../../compile.ts";
import { blockNamed, checked, oneModel, openFile, valueOrFail } from "../files/programs.ts";
import { sorted, sortKeys, worldsOf, worldsText, type SortKey } from "../summary/all-worlds.ts";
import { blockJson, blockText } from "../summary/block.ts";
import { modelJson, modelText, sizesAt } from "../summary/model.ts";
import { modelOption, setOption, sizes, type ModelOptions } from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options extends ModelOptions {
  readonly at?: Readonly<Record<string, number>>;
  readonly json?: true;
  readonly allWorlds?: true;
  readonly sort?: SortKey;
}

export function summary(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows a model with its settings: the signature, every layer with the axes of its result, its weights and its " +
        "multiply-accumulates, and what one run costs. Of a block, it shows every variant.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("only this model, or a block"))
    .addOption(setOption())
    .addOption(new Option("--at <sizes>", "sizes of the inputs, for numbers: n=1,h=64,w=64").argParser(sizes))
    .option("--all-worlds", "a row for every choice of the settings that are not given, with what it costs")
    .addOption(new Option("--sort <key>", "of --all-worlds: the cheapest first").choices(sortKeys))
    .option("--json", "print everything as JSON")
    .action(async (file: string, options: Options) => {
      const program = await openFile(file);
      const block = blockNamed(program, options.model);
      if (block !== undefined) {
        if (options.set !== undefined || options.at !== undefined || options.allWorlds === true)
          command.error(`error: ${options.model} is a block: --set, --at and --all-worlds are for models`);
        checked(program, terminal);
        terminal.out(options.json ? json(blockJson(program, block)) : blockText(program, block));
        return;
      }
      if (options.sort !== undefined && options.allWorlds !== true)
        command.error("error: --sort goes with --all-worlds");
      if (options.allWorlds === true) {
        const model = oneModel(program, options.model);
        checked(program, terminal);
        const worlds = sorted(worldsOf(program, model, options.set ?? {}, options.at), options.sort ?? "world");
        const { name } = model.decl;
        terminal.out(options.json ? json({ model: name.text, worlds }) : worldsText(name.text, worlds));
        return;
      }
      const settings = { model: options.model, settings: options.set ?? {} };
      const graphs = valueOrFail(buildGraphs(program, settings), terminal);
      const values = sizesAt(graphs, options.at);
      const models = graphs.map((graph, i) => [graph, values[i]] as const);
      if (options.json) terminal.out(json({ models: models.map(([graph, at]) => modelJson(graph, at)) }));
      else terminal.out(models.map(([graph, at]) => modelText(graph, at)).join("\n\n"));
    });
}

const json = (value: unknown) => JSON.stringify(value, null, 2);
