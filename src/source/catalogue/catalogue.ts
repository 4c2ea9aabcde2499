/** @file Every diagnostic of Fuse, merged from one file per phase. */
import type { Entry } from "../diagnostic.ts";
import { calls } from "./calls.ts";
import { files } from "./files.ts";
import { imports } from "./imports.ts";
import { lexical } from "./lexical.ts";
import { limits } from "./limits.ts";
import { lints } from "./lints.ts";
import { models } from "./models.ts";
import { names } from "./names.ts";
import { sizes } from "./sizes.ts";
import { syntax } from "./syntax.ts";
import { targets } from "./targets.ts";
import { types } from "./types.ts";
import { variants } from "./variants.ts";
import { weights } from "./weights.ts";

/** By phase, as the documentation lists them. */
export const phases = {
  lexical,
  syntax,
  names,
  calls,
  types,
  sizes,
  variants,
  weights,
  imports,
  models,
  limits,
  lints,
  files,
  targets,
} as const satisfies Record<string, Record<string, Entry>>;

export const catalogue = {
  ...lexical,
  ...syntax,
  ...names,
  ...calls,
  ...types,
  ...sizes,
  ...variants,
  ...weights,
  ...imports,
  ...models,
  ...limits,
  ...lints,
  ...files,
  ...targets,
} as const satisfies Record<string, Entry>;

export type Code = keyof typeof catalogue;
export type Holes<C extends Code> = (typeof catalogue)[C] extends Entry<infer K> ? K : never;
