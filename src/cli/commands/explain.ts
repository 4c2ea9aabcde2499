/** @file `fuse explain`: explains a diagnostic. */
import type { Command } from "commander";
import { catalogue } from "../../source/catalogue/catalogue.ts";
import type { Entry } from "../../source/diagnostic.ts";
import { nearest } from "../../source/suggest.ts";
import type { Terminal } from "../terminal/terminal.ts";

const entries: Readonly<Record<string, Entry>> = catalogue;

export function explain(command: Command, terminal: Terminal): void {
  command
    .description("Explains a diagnostic: when it is reported, why the rule exists, and how to fix the program.")
    .argument("[code]", "such as `size-mismatch`; lists all codes if omitted")
    .action((code: string | undefined) => {
      if (code === undefined) return terminal.out(list());
      if (!Object.hasOwn(entries, code)) {
        const near = nearest(code, Object.keys(entries));
        command.error(`error: there is no diagnostic '${code}'${near === undefined ? "" : ` (did you mean ${near}?)`}`);
      }
      terminal.out(page(code, entries[code]!, Math.min(terminal.columns, 100)));
    });
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
