/** @file What the command line says about files, settings, weights and data; none of it has a place in a program. */
import { msg } from "../template.ts";
import { entry } from "./entry.ts";

export const files = {
  "unreadable-file": entry({
    severity: "error",
    message: msg`cannot read \`${"path"}\`: ${"reason"}`,
    explain:
      "A file named on the command line does not exist, is a folder, " +
      "cannot be read, or exceeds the size limit for its kind. " +
      "Paths are relative to the folder in which `fuse` runs. " +
      "Correct the path or the file's permissions.",
  }),
  "unwritable-file": entry({
    severity: "error",
    message: msg`cannot write \`${"path"}\`: ${"reason"}`,
    explain:
      "A result could not be written: its folder does not exist or is not writable, or the disk is full. " +
      "Files are first written under a temporary name and renamed once " +
      "they are complete, so an existing file of this name is unchanged.",
  }),
  "would-overwrite": entry({
    severity: "error",
    message: msg`the result would overwrite \`${"path"}\``,
    explain:
      "The output path is a file that the command reads, or one that `fuse` did not write. " +
      "Nothing was written. " +
      "Choose another path with `-o`, or move the file away.",
  }),
  "no-model": entry({
    severity: "error",
    message: msg`\`${"path"}\` has no model`,
    explain:
      "Only a `model` can be built and run: it fixes the memory " +
      "layout of its inputs and results, which a `block` leaves open. " +
      "Declare a model in this file that calls the block. " +
      "`fuse summary` and `fuse weights` also accept a block: `--model NAME`.",
  }),
  "choose-model": entry({
    severity: "error",
    message: msg`there are several models: ${"models"}`,
    explain: "The command works on one model, and the file declares several. " + "Choose one with `--model NAME`.",
  }),
  "unknown-model": entry({
    severity: "error",
    message: msg`there is no ${"what"} \`${"name"}\`; the file has ${"known"}`,
    explain:
      "The file does not declare the model named by `--model`. " +
      "Names are case-sensitive, and models of imported files are not included. " +
      "`fuse summary` and `fuse weights` also accept a block of the file.",
  }),
  "unknown-setting": entry({
    severity: "error",
    message: msg`\`${"model"}\` has no parameter \`${"name"}\``,
    explain:
      "`--set NAME=VALUE` sets a parameter that is not a tensor, and the model declares no such parameter. " +
      "Parameters of the blocks it calls cannot be set from outside: declare one in the model and pass it on. " +
      "A size such as `h` can be set only if the model also declares `h: int`.",
  }),
  "bad-setting": entry({
    severity: "error",
    message: msg`\`${"name"}\` cannot be ${"value"}: it must be ${"expected"}`,
    explain:
      "The value after `--set NAME=` does not have the type of the parameter. " +
      "An `int` is a whole number of at least 1 (or less, if the declaration allows it), a `float` is a number, " +
      "a `bool` is `true` or `false`, and a parameter with choices takes one of them, without quotes.",
  }),
  "excluded-settings": entry({
    severity: "error",
    message: msg`\`${"model"}\` cannot be built with ${"settings"}`,
    explain:
      "A `where` clause in the model's header excludes this combination of settings. " +
      "Choose settings that satisfy it.",
  }),
  "missing-setting": entry({
    severity: "error",
    message: msg`\`${"model"}\` needs a value for \`${"name"}\``,
    explain:
      "The model declares a parameter without a default, and the graph cannot be built without a value for it. " +
      "Pass one with `--set NAME=VALUE`, or add a default to the declaration: `width: int = 256`.",
  }),
  "bad-data": entry({
    severity: "error",
    message: msg`${"message"}`,
    explain:
      "A weight file, array or picture is damaged, or is not in the format that its name or content indicates. " +
      "Such files are validated before use, and nothing is loaded from an invalid file. " +
      "Write the file again with the tool that produced it. " +
      "Fuse reads `.safetensors`, `.npy`, the `model.json` of TensorFlow.js, and pictures such as PNG and JPEG.",
  }),
  "bad-input": entry({
    severity: "error",
    message: msg`${"message"}`,
    explain:
      "The inputs do not match the model's signature: an input is missing or " +
      "unknown, or it has the wrong number of axes, a wrong size or a wrong dtype. " +
      "All inputs are checked together before anything is computed, so no operator fails later. " +
      "Change the data (resize or crop a picture to a size named in the message), or widen the model's signature.",
  }),
  "weights-mismatch": entry({
    severity: "error",
    message: msg`weights do not match: ${"message"}`,
    explain:
      "Tensors that the model needs are missing from the weight " +
      "file or have the wrong shape; they are listed one by one. " +
      "If the names differ only by a prefix, use `--weights-prefix`. " +
      "If they differ in another way, use `--rename FROM=TO` or change the labels in the program. " +
      "`fuse weights FILE` prints what the model needs. " +
      "Shapes are as in PyTorch. " +
      "Unused tensors are listed and ignored.",
  }),
  "unused-tensors": entry({
    severity: "warning",
    message: msg`\`${"path"}\` has ${"tensors"} that the model does not use, in layers that it uses`,
    explain:
      "The weight file has a tensor that no weight of the model needs, beside one that is used: " +
      "`norm.running_mean` beside `norm.weight`. " +
      "The layer in the file then probably computes something else than the layer in the program, " +
      "for example because it has a bias or running statistics. " +
      "Give the layer the attribute that the message names, or leave the tensor out of the file if it has no effect. " +
      "PyTorch's `num_batches_tracked` is never reported.",
  }),
  "non-finite-weights": entry({
    severity: "warning",
    message: msg`\`${"path"}\` has ${"values"} not finite`,
    explain:
      "A tensor that the model uses holds NaN or an infinity, or a float64 beyond float32, which becomes one. " +
      "Most results of such a model are NaN. " +
      "Look for the cause where the weights were made: training that diverged, or a conversion to float16.",
  }),
  "expectation-failed": entry({
    severity: "error",
    message: msg`\`${"name"}\` differs from the expected tensor: ${"difference"} at ${"place"}`,
    explain:
      "`--expect` compares a result with a known correct tensor, and an element differs by more " +
      "than the tolerance: `|got - want| <= T * max(1, |want|)` must hold for every element. " +
      "The largest difference and its index are printed. " +
      "A difference around 1e-6 is rounding and calls for `--tolerance`. " +
      "A large one means different weights, different preprocessing of the " +
      "input (pixel range, channel order) or a mistake in the program.",
  }),
  "expectation-shape": entry({
    severity: "error",
    message: msg`\`${"name"}\` is ${"found"}, expected ${"expected"}`,
    explain:
      "`--expect` was given a tensor whose shape or dtype differs " +
      "from the result's, so their elements cannot be compared. " +
      "The axes of a result are in the order that the model declares. " +
      "Correct that order, or compare with the right tensor.",
  }),
  "backend-unavailable": entry({
    severity: "error",
    message: msg`the backend \`${"backend"}\` cannot be used: ${"reason"}`,
    explain:
      "The backend chosen with `--backend` could not be started on this machine. " +
      "Some backends need an optional native package that is not " +
      "available everywhere; the message says how to install it. " +
      "Omit the option to use the fastest backend that works.",
  }),
  "nothing-to-do": entry({
    severity: "warning",
    message: msg`nothing to do: ${"reason"}`,
    explain:
      "The command is valid, but there is nothing for it to do, " +
      "for example listing the weights of a model that has none. " +
      "Nothing was written or changed.",
  }),
};
