/** @file `fuse explain`: explains a diagnostic, or what the optimizer does to a program. */
import { Option, type Command } from "commander";
import { defaultTarget, targetNames, targets, type TargetName } from "../../codegen/targets.ts";
import { backendNames, type Backend } from "../../contract/backends.ts";
import { catalogue } from "../../source/catalogue/catalogue.ts";
import type { Entry } from "../../source/diagnostic.ts";
import { nearest } from "../../source/suggest.ts";
import {
  costsOption,
  modelOption,
  optimizeLimitOption,
  setOption,
  sizes,
  type ModelOptions,
} from "../terminal/options.ts";
import type { Terminal } from "../terminal/terminal.ts";

const entries: Readonly<Record<string, Entry>> = catalogue;

const forBackends = targetNames.filter((name) => targets[name].profileFor !== undefined).join(", ");

interface Options extends ModelOptions {
  readonly graph?: true;
  readonly at?: Readonly<Record<string, number>>;
  readonly target: TargetName;
  readonly backend?: Backend;
  readonly costs?: string;
  readonly optimizeLimit?: number;
  readonly json?: true;
}

export function explain(command: Command, terminal: Terminal): void {
  command
    .description(
      "Explains a diagnostic: when it is reported, why the rule exists, and how to fix the program. " +
        "With --graph, explains what the optimizer does to a program, and what it would do if nothing were in the way.",
    )
    .argument("[code]", "such as `size-mismatch`; lists all codes if omitted. With --graph, a program")
    .option("--graph", "explain what the optimizer does to a program; the options below need it")
    .addOption(modelOption("only this model"))
    .addOption(setOption())
    .addOption(
      new Option("--at <sizes>", "input sizes to optimize for, and to show numbers: n=1,h=64,w=64").argParser(sizes),
    )
    .addOption(new Option("--target <target>", "for this output format").choices(targetNames).default(defaultTarget))
    .addOption(new Option("--backend <backend>", `${forBackends}: for this backend only`).choices(backendNames))
    .addOption(costsOption())
    .addOption(optimizeLimitOption())
    .option("--json", "print everything as JSON")
    .action(async (code: string | undefined, options: Options) => {
      if (options.graph === true) {
        if (code === undefined) command.error("error: --graph needs a program");
        await explainGraph(code, options, terminal);
        return;
      }
      const unused = command.options.find(
        (option) =>
          option.attributeName() !== "graph" && command.getOptionValueSource(option.attributeName()) === "cli",
      );
      if (unused !== undefined) command.error(`error: ${unused.long} needs --graph`);
      explainCode(command, code, terminal);
    });
}

async function explainGraph(file: string, options: Options, terminal: Terminal): Promise<void> {
  const { reportsFor } = await import("../explain/reports.ts");
  const { graphJson, graphText } = await import("../explain/graph.ts");
  const reports = await reportsFor(file, options, terminal);
  if (options.json)
    terminal.out(JSON.stringify({ models: reports.map(({ report, at }) => graphJson(report, at, options)) }, null, 2));
  else terminal.out(reports.map(({ report, at }) => graphText(report, at, options)).join("\n\n"));
}

function explainCode(command: Command, code: string | undefined, terminal: Terminal): void {
  if (code === undefined) return terminal.out(list());
  if (!Object.hasOwn(entries, code)) {
    if (/[./\\]/.test(code))
      command.error(`error: there is no diagnostic '${code}'; if it is a program, write fuse explain ${code} --graph`);
    const near = nearest(code, Object.keys(entries));
    command.error(`error: there is no diagnostic '${code}'${near === undefined ? "" : ` (did you mean ${near}?)`}`);
  }
  terminal.out(page(code, entries[code]!, Math.min(terminal.columns, 100)));
}

function list(): string {
  const width = Math.max(...Object.keys(entries).map((code) => code.length));
  return Object.entries(entries)
    .map(([code, entry]) => `${code.padEnd(width)}  ${messageOf(entry)}`)
    .join("\n");
}

function page(code: string, entry: Entry, width: number): string {
  const { severity, explain, bad, good } = entry;
  const example = (title: string, text: string | undefined) =>
    text === undefined
      ? []
      : [
          "",
          title,
          "",
          ...text
            .trimEnd()
            .split("\n")
            .map((line) => `    ${line}`.trimEnd()),
        ];
  return [
    `${severity}[${code}]: ${messageOf(entry)}`,
    "",
    wrap(explain, width),
    ...example("Wrong:", bad),
    ...example("Right:", good),
  ].join("\n");
}

/** Returns the message with its placeholders: `there is no model <name>`. */
function messageOf({ message }: Entry): string {
  return message.render(Object.fromEntries(message.holes.map((hole) => [hole, `<${hole}>`])));
}

function wrap(text: string, width: number): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}
