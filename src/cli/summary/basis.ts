/** @file For which target, backend and costs a model is optimized. */
import { defaultTarget, type TargetName } from "../../codegen/targets.ts";
import type { Backend } from "../../contract/backends.ts";

/** What the costs of a model depend on. */
export interface Basis {
  readonly target?: TargetName | undefined;
  readonly backend?: Backend | undefined;
  /** The file of `--costs`. */
  readonly costs?: string | undefined;
}

/** For what models are optimized: `target esm on wasm, costs of wasm.json`. */
export function basisText({ target = defaultTarget, backend, costs }: Basis): string {
  const engine = backend === undefined ? "" : ` on ${backend}`;
  return `target ${target}${engine}${costs === undefined ? "" : `, costs of ${costs}`}`;
}

/** The same as data. */
export function basisJson({ target = defaultTarget, backend, costs }: Basis): object {
  return { target, backend: backend ?? null, costs: costs ?? null };
}
