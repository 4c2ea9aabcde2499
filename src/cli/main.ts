#!/usr/bin/env node
/** @file The command `fuse`. */
import { runCommandLine } from "./command-line.ts";
import { processTerminal } from "./terminal/terminal.ts";

// Whoever reads the output may have had enough: `fuse summary net.fuse | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal(process));
