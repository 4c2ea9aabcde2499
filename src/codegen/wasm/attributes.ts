/** @file Walks through the attributes of primitives, which are data of any depth. */

/** Replaces what `leaf` gives another value for, wherever it is; goes into the rest. */
export function replaced(value: unknown, leaf: (value: unknown) => { readonly by: unknown } | undefined): unknown {
  const found = leaf(value);
  if (found !== undefined) return found.by;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((it) => replaced(it, leaf));
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, replaced(it, leaf)]));
}
