/** @file The nodes of graph models compute sizes exactly, even if float32 cannot represent them. */
import { describe, expect, test } from "vitest";
import { NodeEmitter, NodeNames } from "../../src/codegen/tensorflow/emitter.ts";
import { placeholder } from "../../src/codegen/tensorflow/graph.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { backends, useBackend } from "../support/backends.ts";
import { openGraphModel } from "../support/nodes.ts";

const pairs = [
  [7, 2],
  [-7, 2],
  [2 ** 24 + 1, 1],
  [2 ** 31 - 1, 1],
  [2 ** 31 - 1, 3],
  [33_177_599, 33_177_600],
  [33_177_600 * 64 - 1, 64],
  [-(2 ** 31) + 5, 7],
  [4000 * 3999, 4000],
  [4000 * 3999 - 1, 4000],
] as const;

describe.each(backends())("on $name", ({ name, skipped }) => {
  test.skipIf(skipped)("quotients of i32 are exact", async () => {
    await useBackend(name);
    const names = new NodeNames();
    const variable = () => expect.unreachable("there are no sizes");
    const e = new NodeEmitter({ sizes: new Sizes(), fused: true, variable, names });
    const { tensor } = e.quotient(placeholder(e, "a", "i32", [-1]), placeholder(e, "b", "i32", [-1]));
    const model = await openGraphModel(e.nodes);
    const feed = (index: 0 | 1) => {
      return { dtype: "i32" as const, shape: [pairs.length], data: Int32Array.from(pairs, (pair) => pair[index]) };
    };
    const [got] = model.run({ a: feed(0), b: feed(1) }, [tensor]);
    model.dispose();
    expect([...got!.data]).toEqual(pairs.map(([a, b]) => Math.floor(a / b)));
  });
});
