/** @file Functions of numbers that WebAssembly lacks and that models seldom use: the host computes them. */
import { binaryOf } from "../../contract/prepare-functions.ts";
import type { Import } from "../../wasm/module.ts";

interface HostFunction<N extends string = string> extends Import {
  readonly name: N;
  readonly of: (...numbers: number[]) => number;
}

const ofFloat = <N extends string>(name: N, of: (x: number) => number): HostFunction<N> => ({
  name,
  parameters: ["f32"],
  result: "f32",
  of: of,
});

const ofTwo = <N extends string>(
  name: N,
  type: "f32" | "i32",
  of: (a: number, b: number) => number,
): HostFunction<N> => ({
  name,
  parameters: [type, type],
  result: type,
  of: of,
});

/** All of them. Every module imports them. */
export const hostFunctions = [
  ofFloat("sin", Math.sin),
  ofFloat("cos", Math.cos),
  ofFloat("tan", Math.tan),
  ofFloat("asin", Math.asin),
  ofFloat("acos", Math.acos),
  ofFloat("atan", Math.atan),
  ofFloat("sinh", Math.sinh),
  ofFloat("cosh", Math.cosh),
  ofFloat("asinh", Math.asinh),
  ofFloat("acosh", Math.acosh),
  ofFloat("atanh", Math.atanh),
  ofTwo("pow", "f32", binaryOf("pow", "f32").of),
  ofTwo("mod", "f32", binaryOf("mod", "f32").of),
  ofTwo("pow_int", "i32", binaryOf("pow", "i32").of),
  ofTwo("mod_int", "i32", binaryOf("mod", "i32").of),
] as const;

export type HostName = (typeof hostFunctions)[number]["name"];
