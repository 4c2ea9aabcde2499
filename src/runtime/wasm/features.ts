/** @file What WebAssembly can do on this machine. */
import { FunctionBody, ModuleBody } from "../../wasm/module.ts";
import { f32x4, store } from "../../wasm/f32x4.ts";
import { int } from "../../wasm/i32.ts";

/** Whether products and sums can be rounded once: a module that does so is valid. */
export function hasRelaxedSimd(): boolean {
  const module = new ModuleBody([]);
  const f = new FunctionBody(0, { relaxed: true });
  const zero = f32x4.of(0);
  module.add(f.add(store(int(0), f.madd(zero, zero, zero))));
  return WebAssembly.validate(module.bytes({ shared: false }));
}
