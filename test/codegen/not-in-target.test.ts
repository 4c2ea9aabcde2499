/** @file Programs that a format cannot express: every place is reported at once, and nothing is written. */
import { afterEach, expect, test, vi } from "vitest";
import { targets, type TargetName } from "../../src/codegen/targets.ts";
import { build, buildPlans } from "../../src/compile.ts";
import { unary } from "../../src/primitives/unary.ts";
import { renderDiagnostics } from "../../src/source/render.ts";
import { programOf } from "../support/check.ts";

const text = `fuse 1

model Net(x: [n, c]) -> (y: [n, c], z: [n, c]) {
  y = sinh(x)
  return y + 1, tan(y * 2)
}
`;

afterEach(() => {
  vi.restoreAllMocks();
});

/** The formats of other tools, which primitives write. What runs a standalone module is ours. */
const own: readonly TargetName[] = ["esm", "standalone"];
const formats = (Object.keys(targets) as TargetName[]).filter((name) => !own.includes(name));

test.each(formats)("%s", (name) => {
  const program = programOf(text, {}, "net.fuse");
  const plans = buildPlans(program, { target: name }).value!;
  const built = () => build(program, name, plans);
  expect(built().diagnostics).toEqual([]);

  // Simulates a format without some functions, because every primitive is supported by some format.
  vi.spyOn(unary, "tensorflow").mockImplementation((e, _, { function: of }) => e.refuse(`it has no ${of}`));
  vi.spyOn(unary, "onnx").mockImplementation((e, _, { function: of }) => e.refuse(`it has no ${of}`));
  const { value, diagnostics } = built();
  expect(value).toBe(undefined);
  expect(renderDiagnostics(diagnostics, { color: false }))
    .toBe(`error[not-in-target]: this cannot be written for ${name}: it has no sinh
  ┌─ net.fuse:4:7
4 │   y = sinh(x)
  │       ^^^^^^^
  help: the ES module supports everything    --target esm

error[not-in-target]: this cannot be written for ${name}: it has no tan
  ┌─ net.fuse:5:17
5 │   return y + 1, tan(y * 2)
  │                 ^^^^^^^^^^
  help: the ES module supports everything    --target esm

2 errors
`);
});
