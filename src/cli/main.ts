#!/usr/bin/env node
/** @file The `fuse` command. */
import { runCommandLine } from "./command-line.ts";
import { processTerminal } from "./terminal/terminal.ts";

// The reader of the output may stop early: `fuse summary net.fuse | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal(process));
