/** @file The types of a module, as the compiler of a program that uses it sees them. */
import path from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPlans } from "../../src/compile.ts";
import { programOf } from "../support/check.ts";
import { moduleOf } from "../support/targets.ts";

const program = `fuse 1

## Features of a photograph.
model Net(photo: [n, h: 2*i, w: 6, c: 3], mask: bool[n], scale: [], width: int = 64) -> (
  features: [n, c: width, h: i, w: 3], logits: [n, c: 10], count: i32[], open: [n, h: i], mean: [],
) where i >= 2, i != 7 {
  x = photo |> conv(c: width, kernel: 3, stride: 2) @stem
  y = x |> mean(axis: [h, w])
  z = sum(y * cast(mask, f32), axis: [n, c])
  return x, linear(y, c: 10) @head, cast(z, i32), mean(x, axis: [w, c]), scale * z
}

model Deep(x: [a, b, c, d, e: 5, f]) -> (y: [a, b, c, d, e: 5, f]) {
  return relu(x)
}

model Scalar(x: []) -> (Model: []) {
  return relu(x)
}
`;

/** A path next to this file, so that packages resolve as for a user. Nothing is written there. */
const at = (name: string) => path.join(import.meta.dirname, name);
const runtime = path.join(import.meta.dirname, "../../src/runtime/index.ts");
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  types: [],
  paths: { "fuse-lang/runtime": [runtime] },
};
const kept = new Map<string, ts.SourceFile | undefined>();
let declarations = "";

/** Returns the compiler's errors about a program, one per line: `3: message`. */
function complaints(text: string, name = "use.ts"): string[] {
  const files = new Map([
    [at("net.d.ts"), declarations],
    [at(name), text],
  ]);
  const host = ts.createCompilerHost(options);
  const plain = { ...host };
  host.fileExists = (file) => files.has(file) || plain.fileExists(file);
  host.readFile = (file) => files.get(file) ?? plain.readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const own = files.get(file);
    if (own !== undefined) return ts.createSourceFile(file, own, ts.ScriptTarget.ES2023);
    if (!kept.has(file)) kept.set(file, plain.getSourceFile(file, ...rest));
    return kept.get(file);
  };
  const compiled = ts.createProgram([at(name)], options, host);
  const source = compiled.getSourceFile(at(name))!;
  return [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)].map(
    ({ start, messageText }) =>
      `${source.getLineAndCharacterOfPosition(start!).line + 1}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  );
}

beforeAll(() => {
  const opened = programOf(program, {}, "net.fuse");
  const { value, diagnostics } = buildPlans(opened);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  declarations = moduleOf(opened, value!).types;
});

describe("types of a module", () => {
  test("are types: as a source file they compile", () => {
    expect(complaints(declarations, "types.ts")).toEqual([]);
  });

  test("describe the settings, the results and the guard", () => {
    expect(declarations).toContain(`/**
 * Features of a photograph.
 *
 * - Settings: width = 64
 * - Results: features, logits, count, open, mean
 * - Checked on every run: i >= 2 (net.fuse:6), i != 7 (net.fuse:6)
 */
`);
  });

  const head = `import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Scalar as Number0 } from "@tensorflow/tfjs-core";
import { mul } from "@tensorflow/tfjs-core";
import { Net, Deep, Scalar } from "./net.js";
declare const tensor: Tensor, photo: Tensor4D, flat: Tensor3D, mask: Tensor1D, scale: Number0;
const model = await Net.load("net.safetensors");
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
`;
  const after = (text: string) => complaints(`${head}${text}\n`);

  test("accept correct uses, with the known sizes", () => {
    const use = `
const { features, logits, count, open, mean } = model.run({ photo, mask, scale });
const shape: [number, 64, number, 3] = features.shape;
const back: typeof features.shape = shape;
const [n, c, h, w] = features.shape;
const exactly: Same<typeof features.shape, [number, 64, number, 3]> = true;
const same: [Same<typeof n, number>, Same<typeof c, 64>, Same<typeof h, number>, Same<typeof w, 3>] = [true, true, true, true];
const rank: Same<(typeof features.shape)["length"], 4> = true;
const plain: [Same<typeof open, Tensor2D>, Same<typeof count, Number0 & { readonly dtype: "int32" }>, Same<typeof mean, Number0>] = [true, true, true];
const again: Tensor4D = features;
const classes: 10 = logits.shape[1];
const five: 5 = (await Deep.load()).run({ x: tensor as never }).y.shape[4];
(await Scalar.load()).run({ x: scale }).Model.dataSync();
const arrays = await model.runArrays({ photo: { shape: [1, 2, 6, 3], data: new Float32Array(36) }, mask: { shape: [1], data: new Uint8Array(1) }, scale: { shape: [], data: new Float32Array(1) } });
const data: [Float32Array, Int32Array] = [arrays.features.data, arrays.count.data];
const wide: 64 = arrays.features.shape[1];
const clone: 64 = features.clone().shape[1];
mul(features, 2).dispose();
export {};
`;
    expect(after(use)).toEqual([]);
  });

  test.each([
    ["a wrong name", "model.run({ foto: photo, mask, scale });", /'foto' does not exist/],
    ["a name too many", "model.run({ photo, mask, scale, more: photo });", /'more' does not exist/],
    ["a missing input", "model.run({ photo, scale });", /Property 'mask' is missing/],
    ["too few axes", "model.run({ photo: flat, mask, scale });", /'Tensor3D' is not assignable to type 'Tensor4D'/],
    ["too many axes", "model.run({ photo, mask: flat, scale });", /not assignable to type 'Tensor1D'/],
    ["axes where a number is asked for", "model.run({ photo, mask, scale: mask });", /not assignable to type/],
    ["an unknown rank", "model.run({ photo: tensor, mask, scale });", /not assignable to type 'Tensor4D'/],
    ["an array", "model.run({ photo: [1], mask, scale });", /'number\[\]' is missing the following properties/],
    ["a result that is not there", "model.run({ photo, mask, scale }).feature;", /'feature' does not exist/],
    ["another size", "const c: 65 = model.run({ photo, mask, scale }).features.shape[1];", /'64' is not assignable/],
    ["an axis that is not there", "model.run({ photo, mask, scale }).logits.shape[2];", /no element at index '2'/],
  ])("do not let pass %s", (_, use, message) => {
    expect(after(use)).toEqual([expect.stringMatching(message)]);
  });
});
