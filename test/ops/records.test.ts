/** @file Properties of every operator's record, whatever it computes. */
import { describe, expect, test } from "vitest";
import { operators, reservedAxisNames, symbols } from "../../src/ops/table.ts";
import { check } from "../support/check.ts";
import { resultNames } from "../support/operators.ts";

const signs = Object.entries(symbols).map(([sign, { name }]) => ({ sign: sign === "neg" ? "-" : sign, name }));

describe.each(Object.entries(operators))("%s", (name, op) => {
  test("has the name under which the table lists it", () => {
    expect(op.name).toBe(name);
    expect(name).toMatch(/^[a-z]\w*$/);
  });

  test("is documented", () => {
    const [first] = op.doc.split(/(?<=\.) /);
    expect(first).toMatch(/^[A-Z].{8,160}\.$/);
    for (const [attribute, { doc, kind, default: given, optional }] of Object.entries(op.attributes)) {
      expect(doc, attribute).toMatch(/^[a-z`].*[^.]$/);
      expect(optional && given !== undefined, attribute).toBe(false);
      if (kind === "choice") expect(op.attributes[attribute]!.choices).toContain(given);
    }
    expect(Object.values(op.attributes).filter(({ positional }) => positional).length).toBeLessThan(2);
  });

  test("is either a composite or a leaf", () => {
    expect(op.expand === undefined).toBe(op.reference !== undefined);
    expect(op.reference === undefined || op.lower !== undefined).toBe(true);
  });

  test("has examples that mention it and that the checker accepts", () => {
    const words = [name, ...signs.filter((sign) => sign.name === name).map(({ sign }) => sign)];
    expect(op.examples.length).toBeGreaterThan(0);
    for (const { code, inputs } of op.examples) {
      expect(
        words.some((word) => code.includes(word)),
        code,
      ).toBe(true);
      const names = resultNames(code).join(", ");
      const body = `${names} = ${code}\n  return ${names}`;
      const found = check(`fuse 1\nblock Example(${inputs}) {\n  ${body}\n}\n`);
      expect(
        found.map(({ message }) => message),
        code,
      ).toEqual([]);
    }
  });
});

test("another framework's name for an operator is not the name of a different one", () => {
  const words = Object.values(operators).flatMap(({ alsoCalled = [] }) => alsoCalled);
  expect(words.filter((word, i) => word in operators || words.indexOf(word) !== i)).toEqual([]);
});

test("axes cannot have the name of an attribute of their operator", () => {
  const expected =
    "align_corners axis batch bias contract dilation eps groups init keepdims kernel like mode pad scale stride";
  expect([...reservedAxisNames]).toEqual(expect.arrayContaining(expected.split(" ")));
  const free = ["c", "d", "e", "h", "w", "n", "t", "head", "keyed", "maps"];
  expect(free.filter((axis) => reservedAxisNames.has(axis))).toEqual([]);
});

test("JavaScript keywords are not operators", () => {
  expect(["constructor", "toString", "__proto__"].filter((word) => word in operators)).toEqual([]);
});
