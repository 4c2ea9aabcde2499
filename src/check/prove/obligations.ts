/** @file Proves obligations under the facts of a world; refuted ones are reported, open ones go to the strategy of the frame. */
import type { Attributes } from "../../ir/attribute.ts";
import type { Value } from "../../ir/graph.ts";
import type { About, Obligations } from "../../ir/obligation.ts";
import type { Example } from "../../sizes/facts.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help, Label } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean } from "../../source/suggest.ts";
import { placeOfAxis } from "../advice/axis-places.ts";
import { spreading } from "../advice/broadcasting.ts";
import { assignmentText, originOf, report, sizeText, typeText, type Frame } from "../frame/frame.ts";
import type { Site } from "../frame/site.ts";
import { assume, type BuildTimeUse } from "../frame/world.ts";

interface Division {
  readonly span: Span;
  /** Who needs it: `SE`, or the division itself. */
  readonly what: string;
  /** As the author wrote them. */
  readonly divisor: string;
  readonly dividend: string;
  readonly origin?: { readonly text: string; readonly span: Span };
  /** What to do where both are numbers, if it is neither another divisor nor a float. */
  readonly help?: (dividend: bigint, divisor: bigint) => Help | string;
}

/** False if the divisor can never divide the dividend; then it was reported. */
export function requireDivides(frame: Frame, divisor: Size, dividend: Size, at: Division): boolean {
  const { sizes } = frame.context;
  const { world } = frame;
  const answer = world.facts.isDivisible(dividend, divisor);
  if (answer.kind === "yes") return true;
  if (answer.kind === "unknown") {
    const origin = at.origin ?? originOf(at.span);
    frame.strategy.open(frame, { kind: "divides", divisor, dividend, origin, when: world.assumptions });
    const facts = world.facts.divides(divisor, dividend);
    if (facts !== "impossible") world.facts = facts;
    return true;
  }
  const a = world.facts.apply(dividend);
  const b = world.facts.apply(divisor);
  const [value, by] = [sizes.constant(a), sizes.constant(b)];
  const helps: (Help | string)[] = [];
  if (value !== undefined && by !== undefined && value > 0n && value <= 1_000_000n) {
    if (at.help !== undefined) helps.push(at.help(value, by));
    else if (/^\d+$/.test(at.divisor) && /^\d+$/.test(at.dividend))
      helps.push({ text: "for a float write", code: String(Number(value) / Number(by)) });
    else helps.push(`${at.divisor} could be ${listed(divisorsOf(value))}`);
  }
  const notes = at.origin === undefined ? [] : [{ text: `required by \`${at.origin.text}\``, span: at.origin.span }];
  report(
    frame,
    "not-divisible",
    at.span,
    {
      what: at.what,
      divisor: at.divisor,
      dividend: at.dividend,
      divisorValue: sizes.print(b),
      dividendValue: sizes.print(a),
    },
    { helps, notes },
  );
  return false;
}

/** The two nearest, all positive. */
function multiplesNear(value: bigint, of: bigint): bigint[] {
  const above = value - (value % of) + of;
  return above > of ? [above - of, above] : [above, above + of];
}

function divisorsOf(value: bigint): bigint[] {
  const found: bigint[] = [];
  for (let d = 1n; d <= value && found.length < 12; d++) if (value % d === 0n) found.push(d);
  return found;
}

function listed(items: readonly unknown[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${String(items.at(-1))}`;
}

interface Bound {
  readonly span: Span;
  /** What has the size: "axis `h` of the result". */
  readonly what: string;
  readonly origin?: { readonly text: string; readonly span: Span };
}

/** `size >= least` */
export function requireAtLeast(frame: Frame, size: Size, least: Size, at: Bound): void {
  const { world } = frame;
  const answer = world.facts.isAtLeast(size, least);
  if (answer.kind === "yes") return;
  const origin = at.origin ?? originOf(at.span);
  if (answer.kind === "unknown") {
    const { what } = at;
    frame.strategy.open(frame, { kind: "at-least", size, least, what, origin, when: world.assumptions });
    const facts = world.facts.atLeast(size, least);
    if (facts !== "impossible") world.facts = facts;
    return;
  }
  const constant = frame.context.sizes.constant(world.facts.apply(size)) !== undefined;
  report(
    frame,
    "size-not-positive",
    at.span,
    {
      what: at.what,
      modality: constant ? "is" : "can only be",
      size: sizeText(frame, size),
      least: sizeText(frame, least),
    },
    { notes: at.origin === undefined ? [] : [{ text: `required by \`${at.origin.text}\``, span: at.origin.span }] },
  );
}

/** The size must be known when a model is built. */
export function requireBuildTime(frame: Frame, size: Size, use: BuildTimeUse, span: Span): void {
  const applied = frame.world.facts.apply(size);
  if (frame.context.sizes.variables(applied).size === 0) return;
  frame.strategy.open(frame, { kind: "build-time", size, use, origin: originOf(span), when: frame.world.assumptions });
}

/** The obligations of one operator at its place. */
export function obligationsAt(site: Site, declared: Attributes): Obligations {
  const { frame } = site;
  const spanOf = (about: About): Span =>
    (about.attribute === undefined ? undefined : site.attributes.get(about.attribute)) ?? site.span;
  return {
    callee: site.callee,
    equal(a, b, about) {
      const verdict = frame.world.facts.compare(a, b);
      if (verdict.kind === "equal") return;
      const certain = verdict.kind !== "unknown";
      if (about.elements === true) {
        const notes = exampleNotes(verdict.example?.values.size === 0 ? undefined : verdict.example);
        const args = { from: sizeText(frame, a), to: sizeText(frame, b) };
        report(frame, "reshape-mismatch", spanOf(about), args, { labels: operandLabels(site, about.inputs), notes });
        return;
      }
      report(
        frame,
        "size-mismatch",
        site.span,
        { modality: certain ? "always" : "can", axis: about.axis ?? "" },
        {
          labels: operandLabels(site, about.inputs),
          notes: exampleNotes(verdict.example, [
            certain
              ? `${sizeText(frame, a)}  vs  ${sizeText(frame, b)}`
              : `${sizeText(frame, a)} and ${sizeText(frame, b)} are not known to be equal`,
          ]),
          helps: certain ? [] : equalityHelp(frame, a, b),
        },
      );
    },
    divides(divisor, dividend, about) {
      const { sizes } = frame.context;
      if (about.attribute === "kernel" && frame.world.facts.isDivisible(dividend, divisor).kind === "no") {
        const textOfAttribute = (name: string, otherwise: string) => {
          const span = site.attributes.get(name);
          return span === undefined ? otherwise : textOf(span);
        };
        report(
          frame,
          "even-kernel",
          spanOf(about),
          { kernel: textOfAttribute("kernel", "1"), dilation: textOfAttribute("dilation", "1") },
          { helps: [{ text: "an odd kernel, TensorFlow's asymmetric padding, or pairs", code: "pad: same_tf" }] },
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
          if (written !== undefined && [sizes.print(divisor), String(by)].includes(textOf(written)))
            return `\`${attribute}\` could be ${listed(divisorsOf(value))}`;
          const isOfInput = site.inputs.some((input) => input.value.type.axes.get(axis ?? "") === dividend);
          if (isOfInput) return `axis \`${axis}\` could be ${listed(multiplesNear(value, by))}`;
          return `${sizes.print(divisor)} could be ${listed(divisorsOf(value))}`;
        },
      });
    },
    atLeast(size, least, about) {
      // Sizes of inputs were asked for where the inputs were made.
      const known = (value: Value) => about.axis !== undefined && value.type.axes.get(about.axis) === size;
      if (site.inputs.some(({ value }) => known(value)) && frame.context.sizes.constant(least) === 1n) return;
      requireAtLeast(frame, size, least, {
        span: spanOf(about),
        what: sizedThing(about),
        origin: originOf(site.whole),
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

/** The other axis that is offered for one, as an edit of the place where that one stands. */
function withEdit(help: Help | string, at: Span | undefined): Help | string {
  const offers = typeof help !== "string" && help.text === "did you mean" && help.code !== undefined;
  return offers && help.edits === undefined && at !== undefined ? didYouMean(at, help.code)[0]! : help;
}

/** What has the size that is to be large enough. */
function sizedThing({ inputs, attribute, axis, elements }: About): string {
  if (elements === true) return "the number of elements";
  if (attribute !== undefined) return `\`${attribute}\``;
  return `axis \`${axis}\` of the ${inputs === undefined ? "result" : "input"}`;
}

/** The types under the operands. */
function operandLabels(site: Site, inputs: readonly number[] = [0, 1]): Label[] {
  return inputs.flatMap((index) => {
    const input = site.inputs[index];
    return input === undefined ? [] : [{ span: input.span, text: typeText(site.frame, input.value.type) }];
  });
}

export function exampleNotes(example: Example | undefined, otherwise: readonly string[] = []): string[] {
  if (example === undefined) return [...otherwise];
  const { values, left, right } = example;
  return values.size === 0
    ? [`${left}  vs  ${right}`]
    : [`for example ${assignmentText(values)}:  ${left}  vs  ${right}`];
}

/** Equalities must be declared; the line to add is offered where both sides are over the signature of one block. */
export function equalityHelp(frame: Frame, a: Size, b: Size): Help[] {
  if (frame.caller !== undefined) return [];
  const condition = `${sizeText(frame, a)} == ${sizeText(frame, b)}`;
  if (assume(frame.context.sizes, frame.world.facts, { op: "==", a, b }) === "impossible") return [];
  const { header, where } = frame.signature.decl;
  const end = where.at(-1)?.span.end ?? header.end;
  const text = where.length > 0 ? `, ${condition}` : ` where ${condition}`;
  const at = { source: header.source, start: end, end };
  return [{ text: "add to the signature", code: `where ${condition}`, edits: [{ span: at, text }] }];
}
