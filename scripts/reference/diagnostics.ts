/** @file Generates docs/diagnostics/: a page per phase, from the catalogue, with the output for each wrong program. */
import { openProgram } from "../../src/graphs.ts";
import { phases } from "../../src/source/catalogue/catalogue.ts";
import type { Entry } from "../../src/source/diagnostic.ts";
import { renderDiagnostic } from "../../src/source/render.ts";
import { sections } from "../../test/support/sections.ts";
import { code, fence, generated, table, title } from "./markdown.ts";

/** Returns the pages by path below docs/diagnostics/. */
export function diagnosticPages(): Readonly<Record<string, string>> {
  const all = Object.entries<Readonly<Record<string, Entry>>>(phases);
  const rows = all
    .flatMap(([phase, entries]) => Object.entries(entries).map(([slug, entry]) => ({ phase, slug, entry })))
    .sort((a, b) => (a.slug < b.slug ? -1 : 1))
    .map(({ phase, slug, entry }) => [`[${code(slug)}](${phase}.md#${slug})`, entry.severity, messageOf(entry)]);
  const about = "All diagnostics of Fuse. `fuse explain CODE` prints the same text in a terminal.\n\n";
  return {
    "README.md": `${generated}# Diagnostics\n\n${about}${table(["code", "", "message"], rows)}`,
    ...Object.fromEntries(
      all.map(([phase, entries]) => [
        `${phase}.md`,
        `${generated}# ${title(phase)}\n\n${Object.entries(entries).map(section).join("\n")}`,
      ]),
    ),
  };
}

function section([slug, entry]: readonly [string, Entry]): string {
  const { severity, explain, bad, good } = entry;
  const parts = [`## ${slug}\n`, `${severity}: ${messageOf(entry)}\n`, `${explain}\n`];
  if (bad !== undefined) parts.push("Wrong:\n", fence("fuse wrong", bad), fence("text", printed(bad)));
  // Several files are not a single program that a test can check.
  if (good !== undefined) parts.push("Right:\n", fence(good.includes("# file: ") ? "fuse files" : "fuse", good));
  return parts.join("\n");
}

/** Returns a message with the names of its holes: `there is no model ‹name›`. */
function messageOf({ message }: Entry): string {
  return message.render(Object.fromEntries(message.holes.map((hole) => [hole, `‹${hole}›`])));
}

function printed(text: string): string {
  const { main, files } = sections(text);
  const program = openProgram(main, files[main]!, {
    read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
  });
  return program
    .check()
    .map((diagnostic) => renderDiagnostic(diagnostic, { color: false }))
    .join("\n\n");
}
