/** @file Which products with a softmax between them become one step. */
import { expect, test } from "vitest";
import { wasmProfile } from "../../src/codegen/wasm/profile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { plan } from "../../src/plan/plan.ts";
import { programOf } from "../support/check.ts";

/** Returns the primitives of a plan, without data movement. `body` computes y from q, k and v. */
function primitivesOf(body: string): string[] {
  const text = `fuse 1

model Attended(
  q: [n, head, t, e: 8],
  k: [n, head, s, e: 8],
  v: [n, head, s, f: 6],
) -> (y: [n, head, t, f: 6]) {
${body}
}
`;
  const { value, diagnostics } = buildGraphs(programOf(text), {});
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  const names = plan(value![0]!, wasmProfile).steps.map(({ value: { primitive } }) => primitive.name);
  return names.filter((name) => name !== "reshape" && name !== "transpose");
}

/** One key: sizes of 1 come and go in reshapes. */
test("not if values have a batch that the scores lack", () => {
  const text = `fuse 1

model Attended(q: [t, e: 8], k: [s: 1, e: 8], v: [t, s: 1, f: 6]) -> (y: [t, f: 6]) {
  share = softmax(dot(q, k, contract: e), axis: s)
  return dot(share, v, contract: s, batch: t)
}
`;
  const { value } = buildGraphs(programOf(text), {});
  const names = plan(value![0]!, wasmProfile).steps.map(({ value: { primitive } }) => primitive.name);
  expect(names).not.toContain("attention");
});

const scores = "dot(q, k, contract: e, batch: [n, head])";

test("products with a softmax between them", () => {
  expect(
    primitivesOf(`  share = softmax(${scores}, axis: s)
  return dot(share, v, contract: s, batch: [n, head])`),
  ).toEqual(["attention"]);
});

test.each([
  [
    "the scores are used again",
    `  scores = ${scores}
  y = dot(softmax(scores, axis: s), v, contract: s, batch: [n, head])
  return y * mean(scores, axis: s)`,
  ],
  [
    "the shares are used again",
    `  share = softmax(${scores}, axis: s)
  return dot(share, v, contract: s, batch: [n, head]) * max(share, axis: s)`,
  ],
  [
    "something is between them",
    `  share = softmax(relu(${scores}), axis: s)
  return dot(share, v, contract: s, batch: [n, head])`,
  ],
  [
    "the softmax is of the other axis",
    `  share = softmax(${scores}, axis: t)
  return dot(share, v, contract: s, batch: [n, head])`,
  ],
])("not if %s", (_, body) => {
  const names = primitivesOf(body);
  expect(names).not.toContain("attention");
  expect(names.filter((name) => name === "matmul")).toHaveLength(2);
  expect(names).toContain("softmax");
});
