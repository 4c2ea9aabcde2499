/** @file Suggests the `where` that makes two sizes equal. */
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { sizeText, type Frame } from "../frame/frame.ts";
import { addCondition } from "./header-edits.ts";

/** Equalities must be declared. Suggests the line to add if both sides are in the sizes of one block's signature. */
export function equalityHelp(frame: Frame, a: Size, b: Size): Help[] {
  if (frame.world.facts.add({ op: "==", a, b }) === "impossible" || !isOften(frame, a, b)) return [];
  return addCondition(frame, equalityText(frame, a, b));
}

/** Writes that two sizes are equal: `h % 2 == 0` for h == 2*floor(h/2). */
export function equalityText(frame: Frame, a: Size, b: Size): string {
  return multipleFor(frame, a, b) ?? `${sizeText(frame, a)} == ${sizeText(frame, b)}`;
}

/** Whether two sizes of one variable are ever equal for a common size, unlike ceil(h/2) and ceil(h/4), which need h <= 2. */
function isOften(frame: Frame, a: Size, b: Size): boolean {
  const { sizes } = frame.context;
  const { facts } = frame.world;
  const difference = facts.apply(sizes.sub(a, b));
  if (sizes.variables(difference).size !== 1) return true;
  return Array.from({ length: 500 }, (_, i) => BigInt(i + 8)).some(
    (value) => sizes.evaluate(difference, () => value) === 0n,
  );
}

/** Returns `h % 2 == 0` for h == 2*floor(h/2): the smallest multiple of one variable that makes two sizes equal. */
function multipleFor(frame: Frame, a: Size, b: Size): string | undefined {
  const { sizes } = frame.context;
  const { facts } = frame.world;
  const { terms, variables } = facts.apply(sizes.sub(a, b));
  const [variable, ...others] = variables;
  if (variable === undefined || others.length > 0) return undefined;
  const numbers = terms.map(({ coefficient }) => Math.abs(Number(coefficient))).sort((x, y) => x - y);
  const enough = numbers.find((number) => {
    const known = facts.add({ op: "divides", a: sizes.int(number), b: sizes.of(variable) });
    return known !== "impossible" && known.decide({ op: "==", a, b }).verdict === "yes";
  });
  return enough === undefined ? undefined : `${variable.name} % ${enough} == 0`;
}
