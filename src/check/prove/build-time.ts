/** @file Reports sizes that must be known when the model is built but are known only when it runs. */
import type { Help } from "../../source/diagnostic.ts";
import { addParameter } from "../advice/header-edits.ts";
import { report, sizeText, type Frame } from "../frame/frame.ts";
import type { KnownSize, Requirement } from "../frame/world.ts";

/** Reports a size that must be known at build time and is not. */
export function reportRunTime(frame: Frame, known: KnownSize, origin: Requirement["origin"]): void {
  const { use } = known;
  const size = sizeText(frame, known.size);
  const { sizes } = frame.context;
  const names = [...sizes.variables(frame.world.facts.apply(known.size))]
    .filter(({ time }) => time === "run")
    .map(({ name }) => `${name}: int`);
  const { decl } = frame.signature;
  const [first] = names;
  const helps: Help[] =
    first !== undefined && names.length === 1 && frame.caller === undefined
      ? [
          addParameter(decl, first, "make it a parameter, which is set at build time"),
          { text: "or write a number in the signature", code: first.replace("int", "224") },
        ]
      : [{ text: `make it a number in the model's signature, or a parameter`, code: names.join(", ") }];
  switch (use.kind) {
    case "weight":
      report(frame, "dynamic-weight-size", origin.span, { path: use.path, size }, { helps });
      return;
    case "repeat":
      report(frame, "repeat-count", origin.span, { count: `${size}, which is known only at run time,` }, { helps });
      return;
    case "condition":
      report(frame, "runtime-condition", origin.span, { what: `the condition \`${origin.text}\``, size }, { helps });
      return;
    case "attribute":
      report(
        frame,
        "bad-attribute",
        origin.span,
        { name: use.name, expected: "known at build time", found: `${size}, a size of the input` },
        { helps },
      );
  }
}
