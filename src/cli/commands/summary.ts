/** @file `fuse summary`: shows the structure of a model or a block. */
import { Option, type Command } from "commander";
import { defaultTarget, targetNames, targets, type TargetName } from "../../codegen/targets.ts";
import { buildGraphs } from "../../graphs.ts";
import { backendNames, type Backend } from "../../contract/backends.ts";
import { compiledEngine } from "../run/engines/table.ts";
import { reportsOf } from "../explain/reports.ts";
import { blockNamed, checked, valueOrFail, oneModel, openFile } from "../files/programs.ts";
import { blockJson, blockText } from "../summary/block.ts";
import { modelJson, modelText, sizesAt, sizesOf } from "../summary/model.ts";
import { optimizedJson, optimizedText } from "../summary/optimized.ts";
import { hasCost, sorted, sortKeys, variantsOf, variantsText, type SortKey } from "../summary/variants.ts";
import {
  costsOption,
  modelOption,
  optimizeLimitOption,
  setOption,
  sizes,
  type ModelOptions,
} from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options extends ModelOptions {
  readonly at?: Readonly<Record<string, number>>;
  readonly json?: true;
  readonly variants?: true;
  readonly sort?: SortKey;
  readonly optimized?: true;
  readonly engine?: typeof compiledEngine;
  readonly target?: TargetName;
  readonly backend?: Backend;
  readonly costs?: string;
  readonly optimizeLimit?: number;
}

const forBackends = targetNames.filter((name) => targets[name].profileFor !== undefined).join(", ");

export function summary(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows a model with its settings: the signature, every layer with the axes of its result, its weights and its " +
        "multiply-accumulates, and the cost of one run. For a block, it shows every variant.",
    )
    .argument("<file>", "program")
    .addOption(modelOption("only this model, or a block"))
    .addOption(setOption())
    .addOption(
      new Option("--at <sizes>", "input sizes, to show numbers: n=1,h=64,w=64 (others: 1 for n, 64)").argParser(sizes),
    )
    .option("--variants", "show one row for each combination of the settings that are not given, with its cost")
    .addOption(new Option("--sort <key>", "sort key for --variants, cheapest first").choices(sortKeys))
    .option("--optimized", "compare the model as written with what the optimizer makes of it")
    .addOption(
      new Option("--engine <engine>", "show what runs in this engine, step by step, or why it cannot run").choices([
        compiledEngine,
      ]),
    )
    .addOption(
      new Option("--target <target>", `--optimized for this output format (default: "${defaultTarget}")`).choices(
        targetNames,
      ),
    )
    .addOption(
      new Option("--backend <backend>", `--optimized for this backend only, with --target ${forBackends}`).choices(
        backendNames,
      ),
    )
    .addOption(costsOption())
    .addOption(optimizeLimitOption())
    .option("--json", "print everything as JSON")
    .action(async (file: string, options: Options) => {
      const unused = command.options.find((option) =>
        ["target", "backend", "costs", "optimizeLimit"].some(
          (name) => option.attributeName() === name && options[name as keyof Options] !== undefined,
        ),
      );
      if (unused !== undefined && options.optimized !== true) command.error(`error: ${unused.long} needs --optimized`);
      if (options.optimized === true && options.variants === true)
        command.error("error: --optimized and --variants exclude each other");
      if (options.engine !== undefined && (options.optimized === true || options.variants === true))
        command.error("error: --engine excludes --optimized and --variants");
      const program = await openFile(file);
      const block = blockNamed(program, options.model);
      if (block !== undefined) {
        if (options.set !== undefined || options.at !== undefined || options.variants === true)
          command.error(`error: ${options.model} is a block: --set, --at and --variants are for models`);
        if (options.optimized === true) command.error(`error: ${options.model} is a block: --optimized is for models`);
        checked(program, terminal);
        terminal.out(options.json ? json(blockJson(program, block)) : blockText(program, block));
        return;
      }
      if (options.sort !== undefined && options.variants !== true) command.error("error: --sort needs --variants");
      if (options.variants === true) {
        const model = oneModel(program, options.model);
        checked(program, terminal);
        const { sort: key = "variant" } = options;
        const found = variantsOf(program, model, options.set ?? {}, options.at);
        if (!hasCost(found, key)) {
          const open = [...program.context.signature(model).variables].map((name) => `${name}=…`).join(",");
          command.error(`error: --sort ${key} needs the sizes of the inputs: --at ${open}`);
        }
        const variants = sorted(found, key);
        const { name } = model.decl;
        terminal.out(options.json ? json({ model: name.text, variants }) : variantsText(name.text, variants));
        return;
      }
      if (options.optimized === true) {
        const reports = await reportsOf(program, options, terminal);
        const compared = reports.map(({ report, at }) => [report, at ?? sizesOf(report.graph, {})] as const);
        if (options.json)
          terminal.out(json({ models: compared.map(([report, at]) => optimizedJson(report, at, options)) }));
        else terminal.out(compared.map(([report, at]) => optimizedText(report, at, options)).join("\n\n"));
        return;
      }
      const settings = { model: options.model, settings: options.set ?? {} };
      const graphs = valueOrFail(buildGraphs(program, settings), terminal);
      if (options.engine !== undefined) {
        const { compiledAt, compiledText } = await import("../summary/compiled.ts");
        // Names that no model has are refused.
        sizesAt(graphs, options.at);
        const compiled = graphs.map((graph) => compiledAt(graph, sizesOf(graph, options.at ?? {})));
        terminal.out(options.json ? json({ models: compiled }) : compiled.map(compiledText).join("\n\n"));
        return;
      }
      const values = sizesAt(graphs, options.at);
      const models = graphs.map((graph, i) => [graph, values[i]] as const);
      if (options.json) terminal.out(json({ models: models.map(([graph, at]) => modelJson(graph, at)) }));
      else terminal.out(models.map(([graph, at]) => modelText(graph, at)).join("\n\n"));
    });
}

const json = (value: unknown) => JSON.stringify(value, null, 2);
