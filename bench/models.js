/** @file Makes models and their data for benchmarks: programs in either order of axes, random weights and inputs. */
import { readFileSync } from "node:fs";
import { build, buildPlans } from "../dist/compile.js";
import { openProgram } from "../dist/graphs.js";
import { alignedArray } from "../dist/runtime/node/index.js";
import { product } from "./layouts.js";

/** Changes a program's images to channels first, which suits ONNX Runtime best. */
export const channelsFirst = (text) => text.replaceAll(/\[n, (h[^,\]]*), (w[^,\]]*), (c[^,\]]*)\]/g, "[n, $3, $1, $2]");

/** Changes a program's images to channels last, which suits TensorFlow best. */
export const channelsLast = (text) => text.replaceAll(/\[n, (c[^,\]]*), (h[^,\]]*), (w[^,\]]*)\]/g, "[n, $2, $3, $1]");

/** Returns the program and the plans of a model. */
export function plansOf({ path, model }, options = {}, text = readFileSync(path, "utf8")) {
  const program = openProgram(path, text, { read: () => undefined });
  return { program, plans: valueOf(buildPlans(program, { model, ...options })) };
}

/** Returns the files of a target. */
export function filesOf({ program, plans }, target, weights) {
  return valueOf(build(program, target, plans, { weights }));
}

function valueOf({ value, diagnostics }) {
  if (value === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return value;
}

/** Returns random values around 0, scaled to keep activations stable across layers. Variances are above 0.5. */
export function randomWeight({ path, groups }) {
  const shape = groups.map((group) => product(group.map(([, size]) => size)));
  const data = Float32Array.from({ length: product(shape) }, () => Math.random() * 2 - 1);
  const scale = Math.sqrt(3 / product(shape.slice(1)));
  return { dtype: "f32", shape, data: data.map((x) => (path.endsWith("running_var") ? 1 + x / 2 : x * scale)) };
}

/** Returns random inputs of these shapes, aligned as sessions need them. */
export function randomInputs(shapes) {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const data = alignedArray("f32", shape);
      data.forEach((_, i) => (data[i] = Math.random() * 2 - 1));
      return [name, { shape, data }];
    }),
  );
}

/** Returns a function that `build` asks for weights, in the shapes of the manifest. */
export function loading(manifest, arrays) {
  const shaped = Object.fromEntries(
    manifest.map(({ path, groups }) => [path, { ...arrays[path], shape: groups.flat().map(([, size]) => size) }]),
  );
  return (path) => shaped[path];
}
