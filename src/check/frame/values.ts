/** @file The values of expressions during checking. */
import type { Value } from "../../ir/graph.ts";
import type { Expr, Name } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";

export type Val =
  | { readonly kind: "tensor"; readonly value: Value }
  /** Several results. A result of unknown type is undefined. */
  | { readonly kind: "tensors"; readonly values: readonly (Value | undefined)[]; readonly names: readonly string[] }
  | { readonly kind: "size"; readonly size: Size }
  | (Float & { readonly kind: "number" })
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "choice"; readonly text: string }
  | { readonly kind: "layer"; readonly name: Name; readonly chain: Expr }
  /** A value with a reported mistake. It silences errors that would follow from it. */
  | { readonly kind: "unknown" };

/** A float. Until the model is built, one that depends on a parameter is NaN, and known by how it is computed. */
export interface Float {
  readonly value: number;
  readonly unknown?: { readonly key: string; readonly text: string };
}

export const unknown: Val = { kind: "unknown" };

/** Describes the kind of a value, for messages. */
export function kindOf(val: Val): string {
  switch (val.kind) {
    case "tensor":
      return "a tensor";
    case "tensors":
      return `${val.values.length} tensors`;
    case "size":
      return "a size";
    case "number":
      return "a float";
    case "bool":
      return "a bool";
    case "choice":
      return `the choice \`${val.text}\``;
    case "layer":
      return "a layer";
    case "unknown":
      return "unknown";
  }
}
