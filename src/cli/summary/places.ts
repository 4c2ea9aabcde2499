/** @file Places of a program in reports of the optimizer: where an operator is, and how the program comes to it. */
import { placeOf, position, type Span } from "../../source/source.ts";
import type { Written } from "../../optimize/written.ts";

/** `net.fuse:4:12`, or `(new)` for what no program writes */
export const placeText = ({ origin }: Written): string => (origin === undefined ? "(new)" : placeOf(origin.span));

/** `conv (y) in neck.up, called at net.fuse:12:5 > 5:14`: two uses of a block differ in their labels, or in the calls. */
export function operatorText({ operator, origin }: Written): string {
  if (origin === undefined) return operator;
  const { name, scope, calls } = origin;
  const at = calls.map((call, i) => (calls[i - 1]?.source === call.source ? lineAndColumn(call) : placeOf(call)));
  return [
    operator,
    name === undefined ? "" : ` (${name})`,
    scope.length === 0 ? "" : ` in ${scope.join(".")}`,
    at.length === 0 ? "" : `, called at ${at.join(" > ")}`,
  ].join("");
}

function lineAndColumn({ source, start }: Span): string {
  const { line, column } = position(source, start);
  return `${line}:${column}`;
}

/** An operator with its place, as JSON. */
export function placeJson({ operator, origin }: Written): object {
  if (origin === undefined) return { operator, name: null, path: "", file: null, line: null, column: null, calls: [] };
  return {
    operator,
    name: origin.name ?? null,
    path: origin.scope.join("."),
    ...spanJson(origin.span),
    calls: origin.calls.map(spanJson),
  };
}

function spanJson({ source, start }: Span): object {
  return { file: source.path, ...position(source, start) };
}
