/** @file Diagnostics about imports. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";
import { program } from "./program.ts";

export const imports = {
  "unknown-module": programEntry({
    severity: "error",
    message: msg`there is no module "${"module"}"`,
    explain:
      "The import names a file that cannot be found or read, or a module that the standard library does not have. " +
      "A path starts with `./` or `../`, is relative to the " +
      "importing file, uses `/` on every system and ends in `.fuse`. " +
      "Absolute paths and URLs are not accepted. " +
      "Library modules are written without an extension: `fuse/attention`.",
    bad: program`
      fuse 1
      import { SE } from "fuse/attentions"

      block Gate(x: [n, c, h, w]) -> [n, c, h, w] {
        return x |> SE(r: 16) @se
      }
    `,
    good: program`
      fuse 1
      import { SE } from "fuse/attention"

      block Gate(x: [n, c, h, w]) -> [n, c, h, w] {
        return x |> SE(r: 16) @se
      }
    `,
  }),
  "unknown-export": programEntry({
    severity: "error",
    message: msg`"${"module"}" has no block or model \`${"name"}\``,
    explain:
      "The imported file has no declaration of this name. " +
      "Only a file's own declarations can be imported from it: imports are not re-exported. " +
      "Correct the name, import it from the file that declares " +
      "it, or rename it on import: `import { A as B } from …`.",
    bad: program`
      # file: main.fuse
      fuse 1
      import { Head } from "./parts.fuse"

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1

      block Classifier(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }
    `,
    good: program`
      # file: main.fuse
      fuse 1
      import { Classifier as Head } from "./parts.fuse"

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1

      block Classifier(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }
    `,
  }),
  "private-name": programEntry({
    severity: "error",
    message: msg`\`${"name"}\` is private to "${"module"}"`,
    explain:
      "A block whose name starts with `_` can be used only in its own " +
      "file, so its author can change it without breaking other files. " +
      "Import a public block instead, or remove the `_` where the block is declared.",
    bad: program`
      # file: main.fuse
      fuse 1
      import { _Head as Head } from "./parts.fuse"

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1

      block _Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }
    `,
    good: program`
      # file: main.fuse
      fuse 1
      import { Head } from "./parts.fuse"

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> linear(c: 10) @fc
      }
    `,
  }),
  "import-cycle": programEntry({
    severity: "error",
    message: msg`import cycle: ${"path"}`,
    explain:
      "A file imports itself, directly or through other files. " +
      "A file is read after the files it imports, so a cycle has no first file. " +
      "Files that need each other are better as one file. " +
      "Move the shared declarations into one of them, or into a third file that both import.",
    bad: program`
      # file: main.fuse
      fuse 1
      import { Head } from "./parts.fuse"

      block Scale(x: [n, c]) -> [n, c] {
        return softmax(x, axis: c)
      }

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1
      import { Scale } from "./main.fuse"

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> Scale |> linear(c: 10) @fc
      }
    `,
    good: program`
      # file: main.fuse
      fuse 1
      import { Head } from "./parts.fuse"

      block Net(x: [n, c]) -> [n, c: 10] {
        return x |> relu |> Head() @head
      }
      # file: parts.fuse
      fuse 1

      block Scale(x: [n, c]) -> [n, c] {
        return softmax(x, axis: c)
      }

      block Head(x: [n, c]) -> [n, c: 10] {
        return x |> Scale |> linear(c: 10) @fc
      }
    `,
  }),
};
