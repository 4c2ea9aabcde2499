/** @file What the command line says about files, settings, weights and data; none of it has a place in a program. */
import { msg } from "../template.ts";
import { entry } from "./entry.ts";

export const files = {
  "unreadable-file": entry({
    severity: "error",
    message: msg`cannot read \`${"path"}\`: ${"reason"}`,
    explain:
      "A file named on the command line is missing, is a folder, may not be read, or is larger than the limit for its kind. " +
      "Paths are relative to the folder in which `fuse` is started. " +
      "Correct the path or the permissions of the file.",
  }),
  "unwritable-file": entry({
    severity: "error",
    message: msg`cannot write \`${"path"}\`: ${"reason"}`,
    explain:
      "A result could not be written: its folder is missing or may not be written to, or the disk is full. " +
      "Files are written under another name first and renamed when they are complete, " +
      "so an older file of this name is unchanged.",
  }),
  "would-overwrite": entry({
    severity: "error",
    message: msg`the result would overwrite \`${"path"}\``,
    explain:
      "The path for a result is that of a file which the command reads, or of one that `fuse` did not write. " +
      "Nothing was written. " +
      "Choose another path with `-o`, or move the file away.",
  }),
  "no-model": entry({
    severity: "error",
    message: msg`\`${"path"}\` has no model`,
    explain:
      "Only a `model` can be built and run: it fixes the memory layout of its inputs and results, which a `block` leaves open. " +
      "Declare a model in this file that calls the block. " +
      "`fuse summary` and `fuse weights` also take a block: `--model NAME`.",
  }),
  "choose-model": entry({
    severity: "error",
    message: msg`there are several models: ${"models"}`,
    explain:
      "The command works on one model, and the file declares more than one. " + "Say which one with `--model NAME`.",
  }),
  "unknown-model": entry({
    severity: "error",
    message: msg`there is no model \`${"name"}\`; there are ${"models"}`,
    explain:
      "`--model` names a model that the file does not declare. " +
      "Names are case-sensitive, and models of imported files do not count. " +
      "`fuse summary` and `fuse weights` also take a block of the file.",
  }),
  "unknown-setting": entry({
    severity: "error",
    message: msg`\`${"model"}\` has no parameter \`${"name"}\``,
    explain:
      "`--set NAME=VALUE` gives a value to a parameter that is not a tensor, and the model declares none of this name. " +
      "Parameters of the blocks that it calls cannot be set from outside: " +
      "declare one in the model and pass it on. " +
      "A size such as `h` can be set only if the model also declares `h: int`.",
  }),
  "bad-setting": entry({
    severity: "error",
    message: msg`\`${"name"}\` cannot be ${"value"}: it is ${"expected"}`,
    explain:
      "The value after `--set NAME=` does not fit the type of the parameter. " +
      "An `int` is a whole number of at least 1 (or 0, where the declaration allows it), a `float` is a number, " +
      "a `bool` is `true` or `false`, and a parameter with choices takes one of them, written without quotes.",
  }),
  "excluded-settings": entry({
    severity: "error",
    message: msg`\`${"model"}\` cannot be built with ${"settings"}`,
    explain:
      "A `where` clause of the model excludes this combination of settings. " +
      "The clause stands in the header of the model; choose settings that satisfy it.",
  }),
  "missing-setting": entry({
    severity: "error",
    message: msg`\`${"model"}\` needs a value for \`${"name"}\``,
    explain:
      "The model declares a parameter without a default, and the graph cannot be built without its value. " +
      "Give it with `--set NAME=VALUE`, or write a default into the declaration: `width: int = 256`.",
  }),
  "bad-data": entry({
    severity: "error",
    message: msg`${"message"}`,
    explain:
      "A weight file, an array or a picture is damaged, or is not in the format that its name or its content claims. " +
      "Such files are checked before they are used, and nothing of a file that fails is loaded. " +
      "Write the file again with the tool that made it. " +
      "Fuse reads `.safetensors`, `.npy`, the `model.json` of TensorFlow.js, PNG and JPEG.",
  }),
  "bad-input": entry({
    severity: "error",
    message: msg`${"message"}`,
    explain:
      "The model was given inputs that its signature does not admit: an input is missing or unknown, " +
      "or it has another number of axes, another size or another dtype. " +
      "All inputs are checked together before anything is computed, so that no operator fails afterwards. " +
      "Change the data (resize or crop a picture to a size that is named in the message), " +
      "or widen the signature of the model.",
  }),
  "weights-mismatch": entry({
    severity: "error",
    message: msg`the weights do not fit: ${"message"}`,
    explain:
      "Tensors that the model needs are missing from the weight file or have another shape; they are listed one by one. " +
      "If only the beginnings of the names differ, use `--weights-prefix`; " +
      "if the names differ otherwise, use `--rename FROM=TO` or change the labels in the program. " +
      "`fuse weights FILE` prints what the model needs. " +
      "Shapes are PyTorch's; tensors that the model does not ask for are listed and ignored.",
  }),
  "expectation-failed": entry({
    severity: "error",
    message: msg`\`${"name"}\` differs from what is expected: ${"difference"} at ${"place"}`,
    explain:
      "`--expect` compares a result with a tensor that is known to be right, " +
      "and an element differs by more than the tolerance: `|got - want| <= T * max(1, |want|)` must hold for all of them. " +
      "The largest difference and its index are printed. " +
      "A difference around 1e-6 is rounding and calls for `--tolerance`; a large one means other weights, " +
      "another preparation of the input (the range of pixels, the order of channels) or a mistake in the program.",
  }),
  "expectation-shape": entry({
    severity: "error",
    message: msg`\`${"name"}\` is ${"found"}, but ${"expected"} is expected`,
    explain:
      "`--expect` compares a result with a tensor of another shape or dtype, so its elements cannot be compared. " +
      "The axes of a result are in the order that the model declares. " +
      "Correct that order, or compare with the right tensor.",
  }),
  "backend-unavailable": entry({
    severity: "error",
    message: msg`the backend \`${"backend"}\` cannot be used: ${"reason"}`,
    explain:
      "The backend asked for with `--backend` could not be started on this machine. " +
      "Some backends need an optional package with a native part that is not available everywhere, and the message says how to install it. " +
      "Leave the option out to use the fastest backend that works.",
  }),
  "nothing-to-do": entry({
    severity: "warning",
    message: msg`nothing to do: ${"reason"}`,
    explain:
      "The command was understood, but there is nothing that it could work on, " +
      "for example a model without weights where weights are asked for. " +
      "Nothing was written or changed.",
  }),
};
