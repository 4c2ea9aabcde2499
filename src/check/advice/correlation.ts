/** @file What to write instead of a `conv` that is called with a tensor as its kernel. */
import { spatialAxes, type TensorType } from "../../ir/type.ts";
import type { Call } from "../../parser/ast.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { axisList } from "../../source/words/word.ts";

/** A tensor and what the author wrote for it; nothing if it was piped. */
interface Written {
  readonly type: TensorType;
  readonly text: string | undefined;
}

/**
 * Returns the call of `correlate`, if the axes' names say which axes of the kernel are which: axes of both tensors are their
 * channels or paired. The window comes last, as in PyTorch, unless its axes have the names of those of the image.
 */
export function asCorrelation(call: Call, x: Written, kernel: Written): Help | undefined {
  const given = (name: string): string | undefined => {
    const arg = (call.args ?? []).find((arg) => arg.kind === "named" && arg.name.text === name);
    return arg?.kind === "named" ? textOf(arg.value.span) : undefined;
  };
  const over = given("axis")?.match(/[\p{L}\p{N}_]+/gu) ?? spatialAxes(x.type);
  if (over === undefined || over.length === 0 || given("groups") !== undefined) return undefined;
  const own = [...kernel.type.axes.keys()].filter((axis) => !x.type.axes.has(axis));
  const isNamed = over.every((axis) => kernel.type.axes.has(axis));
  const window = isNamed ? [] : own.splice(-over.length);
  if (!isNamed && (window.length < over.length || over.some((axis) => kernel.type.axes.has(axis)))) return undefined;
  const inputs = kernel.type.axes.has("c") || own.length < 2 ? [] : own.splice(-1);
  const renamed = [...inputs.map((axis) => `${axis} -> c`), ...window.map((axis, i) => `${axis} -> ${over[i]!}`)];
  const shared = [...kernel.type.axes.keys()].filter((axis) => x.type.axes.has(axis) && !over.includes(axis));
  const contract = shared.includes("c") || inputs.length > 0;
  const batch = shared.filter((axis) => axis !== "c");
  const attributes = [
    `over: ${axisList(over)}`,
    ...(contract ? ["contract: c"] : []),
    ...(batch.length > 0 ? [`batch: ${axisList(batch)}`] : []),
    ...["stride", "pad", "dilation"].flatMap((name) => (given(name) === undefined ? [] : [`${name}: ${given(name)!}`])),
  ];
  const tensor = kernel.text ?? "k";
  const kernelText = renamed.length === 0 ? tensor : `rename(${tensor}, ${renamed.join(", ")})`;
  const tensors = x.text === undefined ? [kernelText] : [x.text, kernelText];
  return { text: "to slide a tensor over another", code: `correlate(${[...tensors, ...attributes].join(", ")})` };
}
