#!/usr/bin/env node
/** @file The `fuse` command. */
import * as module from "node:module";

// Node 22 and later can keep compiled code from process to process: of what is imported after this, hence below.
const { enableCompileCache } = module as { readonly enableCompileCache?: () => unknown };
enableCompileCache?.();

// The reader of the output may stop early (`fuse summary net.fuse | head`), or its disk may be full.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE")
    process.stderr.write(`fuse: cannot write the output: ${code === "ENOSPC" ? "the disk is full" : code}\n`);
  process.exit(code === "EPIPE" ? process.exitCode : 1);
});
// There is nowhere left to say so.
process.stderr.on("error", () => process.exit(1));
const { runCommandLine } = await import("./command-line.ts");
const { processTerminal } = await import("./terminal/terminal.ts");
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal(process));
