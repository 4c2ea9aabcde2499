/** @file Reports sizes that must be known when the model is built but are known only when it runs. */
import type { Help } from "../../source/diagnostic.ts";
import type { Span } from "../../source/source.ts";
import { addParameter } from "../advice/header-edits.ts";
import { report, sizeText, type Frame } from "../frame/frame.ts";
import type { KnownSize, Requirement } from "../frame/world.ts";

/** Reports, at `at`, a size that must be known at build time and is not. */
export function reportRunTime(frame: Frame, known: KnownSize, origin: Requirement["origin"], at: Span): void {
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
  const isHere = origin.span.start === at.start && origin.span.source === at.source;
  const details = { helps, notes: isHere ? [] : [{ text: `required by \`${origin.text}\``, span: origin.span }] };
  switch (use.kind) {
    case "weight":
      report(frame, "dynamic-weight-size", at, { path: use.path, size }, details);
      return;
    case "repeat":
      report(frame, "repeat-count", at, { count: `${size}, which is known only at run time,` }, details);
      return;
    case "condition":
      report(frame, "runtime-condition", at, { what: `the condition \`${origin.text}\``, size }, details);
      return;
    case "attribute":
      report(
        frame,
        "bad-attribute",
        at,
        { name: use.name, expected: "known at build time", found: `${size}, a size of the input` },
        details,
      );
  }
}
