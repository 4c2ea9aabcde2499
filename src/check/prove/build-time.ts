/** @file Reports sizes that must be known when the model is built but are known only when it runs. */
import type { SizeVar } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Span } from "../../source/source.ts";
import { addParameter } from "../advice/header-edits.ts";
import { report, sizeText, type Frame } from "../frame/frame.ts";
import type { KnownSize, Requirement } from "../frame/world.ts";

/**
 * Returns the variables that decide a size which must be known at build time. A weight is made with the size as it is;
 * everything else asks the facts, which may know the value of an input's size: `where c == 2`.
 */
export function decidingVariables(
  { context, world }: Frame,
  { size, use }: Omit<KnownSize, "op">,
): ReadonlySet<SizeVar> {
  return context.sizes.variables(use.kind === "weight" ? size : world.facts.apply(size));
}

/** Reports, at `at`, a size that must be known at build time and is not. */
export function reportRunTime(frame: Frame, known: KnownSize, origin: Requirement["origin"], at: Span): void {
  const { use } = known;
  const { sizes } = frame.context;
  const size = use.kind === "weight" ? sizes.print(known.size) : sizeText(frame, known.size);
  const variables = [...decidingVariables(frame, known)].filter(({ time }) => time === "run");
  const names = variables.map(({ name }) => `${name}: int`);
  const { decl } = frame.signature;
  const [first] = variables;
  const helps: Help[] =
    first !== undefined && names.length === 1 && frame.caller === undefined
      ? [
          addParameter(decl, names[0]!, "make it a parameter, which is set at build time"),
          { text: "or write a number in the signature", code: `${first.name}: ${numberFor(frame, first)}` },
        ]
      : [{ text: `make it a number in the model's signature, or a parameter`, code: names.join(", ") }];
  const isHere = origin.span.start === at.start && origin.span.source === at.source;
  const required = use.kind === "attribute" ? `${use.name}: ${origin.text}` : origin.text;
  const details = { helps, notes: isHere ? [] : [{ text: `required by \`${required}\``, span: origin.span }] };
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
    case "attribute": {
      // At a call, the parameter's name could be taken for one of the callee that has the same name.
      const name = isHere ? use.name : origin.text;
      const found = name === size ? "a size of the input" : `${size}, a size of the input`;
      report(frame, "bad-attribute", at, { name, expected: "known at build time", found }, details);
    }
  }
}

/** Returns the value that the facts give a variable, or a number as an example. */
function numberFor({ context: { sizes }, world }: Frame, variable: SizeVar): string {
  return String(sizes.constant(world.facts.apply(sizes.of(variable))) ?? 224);
}
