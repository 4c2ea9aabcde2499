/** @file Evaluates the tensor types of a signature in a frame. */
import { tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import type { TensorExpr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { report, type Frame, type OpenAxes } from "../frame/frame.ts";
import { sizeOf } from "./sizes.ts";

/** Returns the result types that a block declares; undefined without a declaration. */
export function declaredResults(frame: Frame, open: OpenAxes): (TensorType | undefined)[] | undefined {
  return frame.signature.results?.map(({ type }) => typeOf(frame, type, open));
}

/** Evaluates a tensor type of a signature. */
export function typeOf(frame: Frame, expr: TensorExpr, open: OpenAxes): TensorType | undefined {
  const axes: (readonly [Axis, Size])[] = [];
  for (const [i, { name, size }] of expr.axes.entries()) {
    if (expr.open?.index === i) axes.push(...(open.get(expr.open.name?.text ?? "") ?? []));
    const found = size === undefined ? elided(frame, name) : sizeOf(frame, size);
    if (found === undefined) return undefined;
    axes.push([name.text, found]);
  }
  if (expr.open?.index === expr.axes.length) axes.push(...(open.get(expr.open.name?.text ?? "") ?? []));
  return tensorType((expr.dtype?.text as TensorType["dtype"] | undefined) ?? "f32", axes);
}

function elided(frame: Frame, name: { text: string; span: Span }): Size | undefined {
  const size = frame.sizes.get(name.text);
  if (size === undefined) {
    const near = didYouMean(name.span, nearest(name.text, frame.sizes.keys()));
    report(
      frame,
      "unknown-size",
      name.span,
      { name: name.text },
      {
        helps: [...near, { text: near.length > 0 ? "or write its size" : "write its size", code: `${name.text}: …` }],
      },
    );
  }
  return size;
}
