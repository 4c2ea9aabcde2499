/** @file Computes functions of elements, each from those before it, for four elements at a time. */
import { after, set, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { floatIn, intIn, withLane } from "../../wasm/f32x4.ts";
import type { FunctionBody, ModuleBody } from "../../wasm/module.ts";
import type { ElementsEmitter } from "../../primitives/wasm/emitter.ts";
import { hostFunctions, type HostName } from "../../primitives/wasm/host.ts";
import { invariant } from "../../source/internal-error.ts";
import type { SizedStep, SizedValue } from "./sized-plan.ts";

/**
 * Returns statements that compute the steps, and the result. `read` gives the elements of what is no step among them; it is
 * asked once for each.
 */
export function chained(
  module: ModuleBody,
  f: FunctionBody,
  steps: readonly SizedStep[],
  read: (value: SizedValue) => V128,
): readonly [Statement, V128] {
  const known = new Map<SizedValue, Local<"v128">>();
  const statements: Statement[] = [];
  const keep = (value: SizedValue, x: V128): Local<"v128"> => {
    const local = f.vector();
    statements.push(set(local, x));
    known.set(value, local);
    return local;
  };
  const valueOf = (value: SizedValue): V128 => known.get(value) ?? keep(value, read(value));
  const emitter: ElementsEmitter = { f, host: (name, ...operands) => lanewise(module, f, name, operands) };
  let last: V128 | undefined;
  for (const step of steps) {
    const { wasm } = step.primitive;
    invariant(typeof wasm === "object" && "elements" in wasm, `${step.primitive.name} is no function of elements`);
    // Attributes are opaque here; the record that reads them made them.
    last = keep(step, wasm.elements(emitter, step.inputs.map(valueOf), step.attributes, step.inputs));
  }
  invariant(last !== undefined, "there is a step");
  return [statements, last];
}

/** Calls a function of the host for each lane. */
function lanewise(module: ModuleBody, f: FunctionBody, name: HostName, operands: readonly V128[]): V128 {
  const isInt = hostFunctions.find((it) => it.name === name)?.parameters[0] === "i32";
  const lane = isInt ? intIn : floatIn;
  const [inputs, result] = [operands.map(() => f.vector()), f.vector()];
  const calls = [0, 1, 2, 3].map((i) =>
    set(result, withLane(result, i, module.imported(name, ...inputs.map((input) => lane(input, i))))),
  );
  const before = [...inputs.map((input, i) => set(input, operands[i]!)), ...calls];
  return after(before, result);
}
