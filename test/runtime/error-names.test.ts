/** @file The printed names of errors for JavaScript callers. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { GuardError } from "../../src/runtime/guard-error.ts";
import { DataError } from "../../src/weights/data-error.ts";

test.each([
  ["GuardError", new GuardError("x is missing", ["y is missing"])],
  ["DataError", new DataError("is empty", ["as it was"])],
])("%s", (name, error) => {
  expect(error.name).toBe(name);
  expect(String(error)).toBe(`${name}: ${error.message}`);
  expect(error.stack?.split("\n")[0]).toBe(`${name}: ${error.message}`);
  expect(inspect(error).split("\n")[0]).toBe(`${name}: ${error.message}`);
  expect(Object.keys(error)).toEqual(["details"]);
  expect(error).toBeInstanceOf(DataError);
});
