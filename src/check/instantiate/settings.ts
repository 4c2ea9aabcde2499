/** @file Checks the settings of a model (`--set name=value`) against its parameters. */
import type { Help } from "../../source/diagnostic.ts";
import type { Reporter } from "../../source/reporter.ts";
import { nearest } from "../../source/suggest.ts";
import { allowedValue } from "../evaluate/parameters.ts";
import type { Frame } from "../frame/frame.ts";
import type { Val } from "../frame/values.ts";
import { allowing, type Parameter, type Signature } from "../text/signature.ts";

/** Settings by name, as text: `{ classes: "1000", pool: "avg" }`. */
export type Settings = Readonly<Record<string, string>>;

const greatest = 2 ** 31 - 1;

/** Reports settings that match no parameter. */
export function checkSettings(signature: Signature, settings: Settings, reporter: Reporter): void {
  const known = signature.parameters.map((parameter) => parameter.name);
  for (const name of Object.keys(settings)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const fix = near === undefined ? [] : [{ text: "did you mean", code: `--set ${near}=…` }];
    const all = known.length === 0 ? "the model has no settings" : `its settings are ${known.join(", ")}`;
    reporter.report("unknown-setting", undefined, { name, model: signature.decl.name.text }, { helps: [...fix, all] });
  }
}

/**
 * Returns a parameter's value from the settings, or its default. Reports a missing or invalid value and returns
 * undefined.
 */
export function settingValue(
  frame: Frame,
  parameter: Parameter,
  settings: Settings,
  reporter: Reporter,
): Val | undefined {
  const given = Object.hasOwn(settings, parameter.name) ? settings[parameter.name] : undefined;
  const model = frame.signature.decl.name.text;
  if (given === undefined) {
    const { default: expr } = parameter.ast;
    if (expr !== undefined) return allowedValue(frame, parameter, expr, frame);
    const helps = [{ text: "pass it", code: `--set ${parameter.name}=…` }];
    reporter.report("missing-setting", parameter.ast.span, { name: parameter.name, model }, { helps });
    return undefined;
  }
  const bad = (expected: string, helps: readonly Help[] = []): undefined => {
    reporter.report("bad-setting", parameter.ast.span, { name: parameter.name, value: given, expected }, { helps });
  };
  switch (parameter.kind) {
    case "int": {
      const value = /^-?\d{1,10}$/.test(given) ? Number(given) : NaN;
      if (!(value >= parameter.least && value <= greatest))
        return bad(
          `a whole number from ${parameter.least} to ${greatest}`,
          value <= 0 ? allowing(BigInt(value), parameter, frame.signature) : [],
        );
      return { kind: "size", size: frame.context.sizes.int(value) };
    }
    case "float": {
      // JavaScript would also read 0x10, 0b11 and the empty text.
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given.trim()) ? Number(given) : NaN;
      if (Number.isNaN(value)) return bad("a number");
      return Number.isFinite(Math.fround(value)) ? { kind: "number", value } : bad("a number that f32 can hold");
    }
    case "bool":
      return given === "true" || given === "false" ? { kind: "bool", value: given === "true" } : bad("true or false");
    case "choice": {
      if (!parameter.choices.includes(given)) return bad(`one of ${parameter.choices.join(", ")}`);
      return parameter.integers
        ? { kind: "size", size: frame.context.sizes.int(BigInt(given)) }
        : { kind: "choice", text: given };
    }
  }
}
