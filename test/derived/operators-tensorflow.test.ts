/** @file Derived from the records: every operator example as TensorFlow nodes, in a session and in TensorFlow.js. */
import { seeded } from "../support/arrays.ts";
import { prepareCase } from "../support/compare.ts";
import { describeTensorFlow, lazily } from "../support/formats.ts";
import { graphOfSet, records, setsOf } from "../support/operator-cases.ts";
import { manyShapes } from "../support/shapes.ts";
import { byTier } from "../support/tier.ts";

const runs = byTier({ quick: 2, full: 4 });

/** What a format cannot express, with the reason: nothing so far. */
const unsupported: Readonly<Record<string, string>> = {};

const cases = [...records.values()].flatMap((op) =>
  setsOf(op).map((set, i) =>
    lazily(`${set.code} of ${set.inputs}`, () => {
      const graph = graphOfSet(set);
      return prepareCase(set.code, graph, manyShapes(graph.guard, seeded(i + 1), runs), i + 1, set.values);
    }),
  ),
);

describeTensorFlow(cases, unsupported);
