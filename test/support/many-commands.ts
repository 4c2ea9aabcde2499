/** @file A process that runs `fuse` commands in sequence and prints how each ended. Arguments: a folder, and JSON. */
import { fuse } from "./command-line.ts";

const [folder = "", json = "[]"] = process.argv.slice(2);
for (const args of JSON.parse(json) as readonly (readonly string[])[]) {
  const { code, out, err } = await fuse(folder, args);
  process.stdout.write(`${JSON.stringify({ args, code, out, err })}\n`);
}
