#!/usr/bin/env node
/** @file The `fuse` command. */
import { runCommandLine } from "./command-line.ts";
import { processTerminal } from "./terminal/terminal.ts";

// The reader of the output may stop early (`fuse summary net.fuse | head`), or its disk may be full.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE")
    process.stderr.write(`fuse: cannot write the output: ${code === "ENOSPC" ? "the disk is full" : code}\n`);
  process.exit(code === "EPIPE" ? process.exitCode : 1);
});
// There is nowhere left to say so.
process.stderr.on("error", () => process.exit(1));
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal(process));
