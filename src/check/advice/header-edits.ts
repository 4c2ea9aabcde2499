/** @file Suggests additions to the header of the block being checked. */
import type { Decl } from "../../parser/ast.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import type { Frame } from "../frame/frame.ts";

/** Suggests another parameter after the last one. */
export function addParameter({ params }: Decl, code: string, text: string): Help {
  const last = params.at(-1);
  if (last === undefined) return { text, code };
  const at = { ...last.span, start: last.span.end };
  return { text, code, edits: [{ span: at, text: `, ${code}` }] };
}

/** Suggests another `where` condition; none in an inlined block, because its header is not the one to change. */
export function addCondition(frame: Frame, condition: string): Help[] {
  if (frame.caller !== undefined) return [];
  const { header, where } = frame.signature.decl;
  const end = where.at(-1)?.span.end ?? header.end;
  const text = where.length > 0 ? `, ${condition}` : ` where ${condition}`;
  const at = { source: header.source, start: end, end };
  return [{ text: "declare it in the signature", code: `where ${condition}`, edits: [{ span: at, text }] }];
}

/** Suggests another size for the first parameter axis whose size is plainly `size`. */
export function refineAxis(frame: Frame, size: string, pattern: string): Help[] {
  if (frame.caller !== undefined) return [];
  for (const { type } of frame.signature.tensors)
    for (const { name, size: written, span } of type.axes)
      if ((written === undefined ? name.text : textOf(written.span)) === size) {
        const code = `${name.text}: ${pattern}`;
        return [{ text: "declare it in the signature", code, edits: [{ span, text: code }] }];
      }
  return [];
}
