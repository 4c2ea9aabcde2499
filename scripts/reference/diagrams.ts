/** @file Generates grammar/diagrams/: a railroad diagram for each rule of the parser. */
import railroad from "railroad-diagrams";
import { generated } from "./markdown.ts";
import { rules, type Piece } from "./grammar.ts";

const style =
  "path{stroke-width:2;stroke:#555;fill:none}text{font:14px monospace;text-anchor:middle;fill:#000}" +
  "rect{stroke-width:2;stroke:#555;fill:#fff}g.terminal rect{fill:#e3f0e3}";

/** Returns the files by path below grammar/: a picture for each rule, and the page that shows them. */
export function diagrams(): Readonly<Record<string, string>> {
  const all = rules();
  const page = all.map(({ name }) => `## ${name}\n\n![${name}](diagrams/${name}.svg)\n`);
  return {
    "diagrams.md": `${generated}# The syntax as diagrams\n\n${page.join("\n")}`,
    ...Object.fromEntries(all.map(({ name, piece }) => [`diagrams/${name}.svg`, picture(piece)])),
  };
}

function picture(piece: Piece): string {
  const svg = String(railroad.Diagram(drawn(piece)));
  return svg
    .replace(/^<svg class="railroad-diagram"/, '<svg xmlns="http://www.w3.org/2000/svg" class="railroad-diagram"')
    .replace(/>/, `><style>${style}</style><rect width="100%" height="100%" style="stroke:none"/>`);
}

function drawn(piece: Piece): unknown {
  switch (piece.kind) {
    case "text":
      return railroad.Terminal(piece.name);
    case "rule":
    case "token":
      return railroad.NonTerminal(piece.name);
    case "sequence":
      return railroad.Sequence(...piece.of.map(drawn));
    case "choice":
      return railroad.Choice(0, ...piece.of.map(drawn));
    case "optional":
      return railroad.Optional(drawn(piece.of));
    case "repeated":
      return railroad.ZeroOrMore(drawn(piece.of));
  }
}
