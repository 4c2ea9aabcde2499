/** @file The obligations of an operator where it is applied, and how violations are reported there. */
import type { Attributes } from "../../ir/attribute.ts";
import type { Value } from "../../ir/graph.ts";
import type { About, Obligations } from "../../ir/obligation.ts";
import type { Help, Label } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean } from "../../source/suggest.ts";
import { placeOfAxis } from "../advice/axis-places.ts";
import { spreading, squeezing } from "../advice/broadcasting.ts";
import { equalityHelp } from "../advice/equalities.ts";
import { originOf, report, sizeText, typeText } from "../frame/frame.ts";
import type { Site } from "../frame/site.ts";
import { divisorsOf, exampleNotes, listed, multiplesNear, requireAtLeast, requireDivides } from "./obligations.ts";

/** Returns the obligations of one operator at its call site. */
export function obligationsAt(site: Site, declared: Attributes): Obligations {
  const { frame } = site;
  const spanOf = (about: About): Span =>
    (about.attribute === undefined ? undefined : site.attributes.get(about.attribute)) ?? site.span;
  return {
    callee: site.callee,
    equal(a, b, about) {
      const { verdict, example } = frame.world.facts.decide({ op: "==", a, b });
      if (verdict === "yes") return;
      const certain = verdict === "no";
      if (about.elements === true) {
        const notes = exampleNotes(example?.values.size === 0 ? undefined : example);
        const args = { from: sizeText(frame, a), to: sizeText(frame, b) };
        const labels = operandLabels(site, about.inputs);
        report(frame, "reshape-mismatch", spanOf(about), args, { labels, notes, helps: sizeOfMerged(site, args.from) });
        return;
      }
      report(
        frame,
        "size-mismatch",
        site.span,
        { modality: certain ? "differ" : "can differ", axis: about.axis ?? "" },
        {
          labels: operandLabels(site, about.inputs),
          notes: exampleNotes(example, [
            certain
              ? `${sizeText(frame, a)}  vs  ${sizeText(frame, b)}`
              : `${sizeText(frame, a)} and ${sizeText(frame, b)} cannot be proved equal`,
          ]),
          helps: [...squeezing(site, about), ...(certain ? [] : equalityHelp(frame, a, b))].slice(0, 1),
        },
      );
    },
    divides(divisor, dividend, about) {
      const { sizes } = frame.context;
      if (
        about.attribute === "kernel" &&
        frame.world.facts.decide({ op: "divides", a: divisor, b: dividend }).verdict === "no"
      ) {
        const textOfAttribute = (name: string, otherwise: string) => {
          const span = site.attributes.get(name);
          return span === undefined ? otherwise : textOf(span);
        };
        // The kernel is a number, or a tensor.
        const [input] = about.inputs ?? [];
        const size = input === undefined ? undefined : site.inputs[input]?.value.type.axes.get(about.axis ?? "");
        const kernel = size === undefined ? textOfAttribute("kernel", "1") : sizeText(frame, size);
        report(
          frame,
          "even-kernel",
          spanOf(about),
          { kernel, dilation: textOfAttribute("dilation", "1") },
          { helps: [{ text: "use an odd kernel, pairs, or TensorFlow's asymmetric padding", code: "pad: same_tf" }] },
        );
        return;
      }
      requireDivides(frame, divisor, dividend, {
        span: site.span,
        what: `\`${site.callee}\``,
        divisor: sizes.print(divisor),
        dividend: sizes.print(dividend),
        origin: originOf(site.whole),
        help: (value, by) => {
          const { attribute, axis } = about;
          const written = attribute === undefined ? undefined : site.attributes.get(attribute);
          if (written !== undefined && [sizes.print(divisor), String(by)].includes(textOf(written))) {
            const others = about.dividesToo?.flatMap((size) => sizes.constant(frame.world.facts.apply(size)) ?? []);
            const common = divisorsOf(value).filter((d) => others?.every((other) => other % d === 0n) ?? true);
            return `\`${attribute}\` could be ${listed(common)}`;
          }
          const isOfInput = site.inputs.some((input) => input.value.type.axes.get(axis ?? "") === dividend);
          if (isOfInput) return `axis \`${axis}\` could be ${listed(multiplesNear(value, by))}`;
          return `${sizes.print(divisor)} could be ${listed(divisorsOf(value))}`;
        },
      });
    },
    atLeast(size, least, about) {
      // The sizes of inputs were already checked where the inputs were created.
      const known = (value: Value) => about.axis !== undefined && value.type.axes.get(about.axis) === size;
      if (site.inputs.some(({ value }) => known(value)) && frame.context.sizes.constant(least) === 1n) return;
      requireAtLeast(frame, size, least, {
        span: spanOf(about),
        what: sizedThing(about),
        origin: originOf(site.whole),
        note: about.why,
      });
    },
    report(code, args, about, details = {}) {
      const labels = operandLabels(site, about.inputs ?? site.inputs.map((_, i) => i));
      const axis = about.axis === undefined ? undefined : placeOfAxis(site, declared, about.axis);
      const helps = details.helps?.map((help) => withEdit(help, axis));
      const apart = code === "broadcast-needs-subset" ? spreading(site, about.inputs ?? [0, 1]) : undefined;
      report(frame, code, spanOf(about), args, {
        labels,
        ...details,
        notes: [...(apart?.notes ?? []), ...(details.notes ?? [])],
        helps: [...(apart?.helps ?? []), ...(helps ?? [])],
      });
    },
  };
}

/** Turns a suggested axis name into an edit at the place where the wrong one was written. */
function withEdit(help: Help | string, at: Span | undefined): Help | string {
  const offers = typeof help !== "string" && help.text === "did you mean" && help.code !== undefined;
  return offers && help.edits === undefined && at !== undefined ? didYouMean(at, help.code)[0]! : help;
}

/** Names the thing whose size is too small. */
function sizedThing({ inputs, attribute, axis, elements, divisor }: About): string {
  if (elements === true) return "the number of elements";
  if (divisor === true) return "the divisor";
  if (inputs !== undefined) return `axis \`${axis}\` of the input`;
  return attribute === undefined ? `axis \`${axis}\` of the result` : `\`${attribute}\``;
}

/** Labels each operand with its type. */
function operandLabels(site: Site, inputs: readonly number[] = [0, 1]): Label[] {
  return inputs.flatMap((index) => {
    const input = site.inputs[index];
    return input === undefined ? [] : [{ span: input.span, text: typeText(site.frame, input.value.type) }];
  });
}

/** Suggests `[a, p] -> h: 7*ceil(h/7)` if `h` alone means a size of the signature. */
function sizeOfMerged(site: Site, size: string): Help[] {
  const map = site.attributes.get("maps");
  if (map === undefined || textOf(site.whole).split("->").length !== 2) return [];
  const name = /->\s*([\p{L}_][\p{L}\p{N}_]*)$/u.exec(textOf(map))?.[1];
  if (name === undefined || !site.frame.sizes.has(name)) return [];
  const text = `\`${name}\` alone means the size \`${name}\` of the signature; write the size of the new axis`;
  const at = { ...map, start: map.end };
  return [{ text, code: `${name}: ${size}`, edits: [{ span: at, text: `: ${size}` }] }];
}
