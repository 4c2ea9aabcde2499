/** @file What the command line says about targets and built models. */
import { msg } from "../template.ts";
import { entry } from "./entry.ts";

export const targets = {
  "not-in-target": entry({
    severity: "error",
    message: msg`${"what"} cannot be written for ${"target"}: ${"reason"}`,
    explain:
      "Every target is a format with its own operators, and a few things " +
      "that an ES module can compute have no counterpart in some of them. " +
      "Everything that the target does not support is listed at once, each with its line. " +
      "If a size must be known at build time, write it as a number, or make it a parameter and set it with `--set`. " +
      "Otherwise build for another target: the ES module, which is the default, supports everything. " +
      "The guide of each target lists what it does not support.",
  }),
  "too-large-for-target": entry({
    severity: "error",
    message: msg`the model is too large for ${"target"}: its tensors have ${"bytes"} bytes`,
    explain:
      "In some formats, a file is one protocol buffer message, which holds at most 2 GiB - 1 bytes. " +
      "Readers refuse anything larger. " +
      "The size is checked before anything is read or written. " +
      "Build for a target that keeps weights in separate files, such as the ES module, which is the default.",
  }),
  "open-sizes": entry({
    severity: "error",
    message: msg`${"target"} is built for given input sizes, and ${"model"} leaves some open: ${"names"}`,
    explain:
      "The files of this target contain machine code, which is made for certain input sizes. " +
      "`--at` gives them: `--at n=1,h=256,w=256`. " +
      "Inputs of other sizes are refused when the model runs. " +
      "An input whose sizes are all numbers needs no `--at`.",
  }),
  "not-finite": entry({
    severity: "warning",
    message: msg`${"what"}`,
    explain:
      "`fuse run --debug` looks at every value that the model computes. " +
      "This is the first one that is infinite, or the first one that is NaN, with the range of what it was computed from. " +
      "The values after it may only carry it on. " +
      "An infinity can be meant, as in a mask. " +
      "Often a logarithm or a quotient got a 0: add a small number, or clamp. " +
      "A large number in the operands means that an exponential or a product overflowed. " +
      "What each engine does with NaN and infinities is in `docs/numbers.md`.",
  }),
  "engine-unavailable": entry({
    severity: "error",
    message: msg`the engine \`${"engine"}\` cannot be used: ${"reason"}`,
    explain:
      "`--engine` chooses how to run a model; `fuse run --help` lists the engines. " +
      "Some engines need a particular backend: then `--backend` must name it or be omitted. " +
      "Others have no backends: then it must be omitted. " +
      "An engine may also need an optional package; the message says how to install it. " +
      "Without `--engine`, the program runs with what is installed. " +
      "A built model file can be run only by the engine of its format.",
  }),
};
