/** @file `npm run bench`: runs all or the named benchmarks and prints their tables. */
import os from "node:os";
import { algebra } from "./algebra.js";
import { browsers } from "./browsers.js";
import { compile } from "./compile.js";
import { engines } from "./engines.js";
import { network } from "./network.js";
import { size } from "./size.js";
import { start } from "./start.js";
import { systems } from "./systems.js";
import { typing } from "./typing.js";

const benchmarks = { algebra, browsers, compile, engines, network, size, start, systems, typing };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`);
  process.exit(2);
}

console.log(
  `${os.cpus()[0]?.model ?? "unknown processor"}, ${os.cpus().length} cores, Node ${process.version}, ${os.platform()}`,
);
for (const name of asked.length > 0 ? asked : Object.keys(benchmarks)) {
  const { title, rows } = await benchmarks[name]();
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd()}`,
    );
}
