/** @file What the command line says about targets and built models. */
import { msg } from "../template.ts";
import { entry } from "./entry.ts";

export const targets = {
  "not-in-target": entry({
    severity: "error",
    message: msg`${"what"} cannot be written for ${"target"}: ${"reason"}`,
    explain:
      "Every target is a format with operators of its own, and a few things that an ES module computes have no counterpart in one of them. " +
      "All that a program asks for in vain are listed at once, each at its line. " +
      "Where a size has to be known before the model runs, write it as a number or make it a parameter and give it with `--set`; " +
      "else build the program for another target: the ES module, which is built without `--target`, has everything. " +
      "The guide of each target lists what it lacks.",
  }),
  "too-large-for-target": entry({
    severity: "error",
    message: msg`the model is too large for ${"target"}: its tensors have ${"bytes"} bytes`,
    explain:
      "In some formats a file is one message of protocol buffers, which holds at most 2 GiB - 1 bytes, " +
      "and readers refuse a larger one. This is found before anything is read or written. " +
      "Build the program for a target that keeps weights in files of their own, as the ES module does, which is built without `--target`.",
  }),
  "engine-unavailable": entry({
    severity: "error",
    message: msg`the engine \`${"engine"}\` cannot be used: ${"reason"}`,
    explain:
      "`--engine` chooses what runs a model; `fuse run --help` lists the engines. " +
      "Some need one backend, and then `--backend` must name it or be left out; others have no backends, and then it must be left out. " +
      "An engine may also need an optional package, and the message says how to install it. " +
      "Without `--engine` the program runs with what is installed. " +
      "A model file that was built before is run by the engine of its format only.",
  }),
};
