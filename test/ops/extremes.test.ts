/** @file Infinities, ties and cancellation: every backend gives what PyTorch 2 gives. */
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { elements } from "../../src/contract/ndarray.ts";
import { plan } from "../../src/plan/plan.ts";
import { difference } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { runOnce } from "../support/run.ts";

const inf = Infinity;
const ends = [inf, -inf, 0, -1, 2];

/**
 * A call of `x`, the shape and elements of `x`, and the dtype and elements of every result, in the shape of the first
 * axes left.
 */
interface Extreme {
  readonly code: string;
  readonly input: string;
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly results: readonly {
    readonly type: string;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
}

const function_ = (code: string, data: readonly number[], dtype = ""): Extreme => ({
  code,
  input: "[a: 5]",
  shape: [5],
  x: ends,
  results: [{ type: `${dtype}[a: 5]`, shape: [5], data }],
});

const extremes: readonly Extreme[] = [
  function_("prelu(x)", [inf, -inf, 0, -0.25, 2]),
  function_("celu(x, alpha: 0.5)", [inf, -0.5, 0, 0.5 * Math.expm1(-2), 2]),
  function_("log_sigmoid(x)", [0, -inf, -Math.log(2), -1.3132616875, -0.126928011]),
  function_("hardtanh(x)", [1, -1, 0, -1, 1]),
  function_("softsign(x)", [NaN, NaN, 0, -0.5, 2 / 3]),
  function_("isinf(x)", [1, 1, 0, 0, 0], "bool"),
  function_("isnan(x - x)", [1, 1, 0, 0, 0], "bool"),
  {
    code: "logsumexp(x, axis: c)",
    input: "[n: 6, c: 2]",
    shape: [6, 2],
    x: [-inf, -inf, inf, 0, inf, -inf, 1000, 1000, -1000, -1001, -inf, 3],
    results: [{ type: "[n: 6]", shape: [6], data: [-inf, inf, inf, 1000 + Math.log(2), -999.68673831, 3] }],
  },
  {
    code: "normalize(x, axis: c)",
    input: "[n: 3, c: 2]",
    shape: [3, 2],
    x: [0, 0, 3, 4, 1e-3, 0],
    results: [{ type: "[n: 3, c: 2]", shape: [3, 2], data: [0, 0, 0.6, 0.8, 1, 0] }],
  },
  {
    code: "var(x, axis: c)",
    input: "[c: 3]",
    shape: [3],
    x: [30000, 30001, 30002],
    results: [{ type: "[]", shape: [], data: [1] }],
  },
  {
    code: "maxpool(x, kernel: 2, stride: 1, pad: 1, indices: true)",
    input: "[h: 3, w: 3]",
    shape: [3, 3],
    x: [-inf, -inf, -inf, -inf, -inf, -inf, 1, 2, 2],
    results: [
      {
        type: "[h: 4, w: 4]",
        shape: [4, 4],
        data: [-inf, -inf, -inf, -inf, -inf, -inf, -inf, -inf, 1, 2, 2, 2, 1, 2, 2, 2],
      },
      { type: "i32[h: 4, w: 4]", shape: [4, 4], data: [0, 0, 1, 2, 0, 0, 1, 2, 6, 7, 7, 8, 6, 7, 7, 8] },
    ],
  },
  {
    code: "adaptive_maxpool(x, t: 3, indices: true)",
    input: "[t: 5]",
    shape: [5],
    x: [-inf, -inf, 2, 2, 5],
    results: [
      { type: "[t: 3]", shape: [3], data: [-inf, 2, 5] },
      { type: "i32[t: 3]", shape: [3], data: [0, 2, 4] },
    ],
  },
  {
    code: "adaptive_avgpool(x, t: 3)",
    input: "[t: 5]",
    shape: [5],
    x: [inf, 1, 2, 3, 5],
    results: [{ type: "[t: 3]", shape: [3], data: [inf, 2, 4] }],
  },
];

describe.each(backends())("on $name", ({ name, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(name)));

  test.skipIf(skipped).each(extremes)("$code", async ({ code, input, shape, x, results }) => {
    const names = results.map((_, i) => `y${i}`);
    const declared = results.map(({ type }, i) => `${names[i]}: ${type}`).join(", ");
    const values = names.map((each) => `${each}_`).join(", ");
    const text = `fuse 1\nmodel M(x: ${input}) -> (${declared}) {\n  ${values} = ${code} return ${values}\n}`;
    expect(elements(shape)).toBe(x.length);
    const planned = plan(graphOf(text), esmProfile(name));
    const weights = Object.fromEntries(
      planned.manifest.map(({ path }) => [path, { dtype: "f32" as const, shape: [], data: Float64Array.of(0.25) }]),
    );
    const got = await runOnce(planned, { x: { dtype: "f32", shape, data: Float64Array.from(x) } }, weights);
    for (const [i, { type, shape, data }] of results.entries()) {
      const dtype = type.startsWith("i32") ? "i32" : type.startsWith("bool") ? "bool" : "f32";
      expect(difference(got[names[i]!]!, { dtype, shape, data: Float64Array.from(data) }, 1e-5)).toBeUndefined();
    }
  });
});
