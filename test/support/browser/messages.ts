/** @file What a test and its page in a browser send each other, as data that survives the way. */
import { dtypeNames, typedArrays, type DType, type NdArray } from "../../../src/contract/ndarray.ts";

/** An array whose elements are the bytes of a typed array in base64: JSON has no NaN. */
export interface SentArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: string;
}

export type SentArrays = Readonly<Record<string, SentArray>>;

/** A module in the form that `emitFactory` prints, the weights of a model of it, and the inputs of some runs. */
export interface SentModel {
  readonly text: string;
  readonly model: string;
  readonly weights: SentArrays;
  readonly runs: readonly SentArrays[];
}

/** An expression over `tf` and its operands, `x0`, `x1` and so on. */
export interface SentExpression {
  readonly text: string;
  readonly operands: readonly SentArray[];
}

/** The results of each run or expression, or what went wrong: what was thrown, errors of the device, leaks. */
export type Answer<T> = { readonly results: readonly T[] } | { readonly failure: string };

/** What the page offers, as the global variable `fuse`. */
export interface Page {
  /** Selects the backend, once. */
  start(backend: string): Promise<void>;
  runModel(sent: SentModel): Promise<Answer<SentArrays>>;
  evaluate(sent: readonly SentExpression[]): Promise<readonly Answer<SentArray>[]>;
  /** Returns what `load` with `debug` reports about the runs of a model. */
  debugModel(sent: SentModel): Promise<readonly string[]>;
}

const latin1 = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return parts.join("");
};

export function sent({ dtype, shape, data }: NdArray): SentArray {
  const { buffer } = typedArrays[dtype].from(data);
  return { dtype, shape, bytes: btoa(latin1(new Uint8Array(buffer))) };
}

export function received({ dtype, shape, bytes }: SentArray): NdArray {
  const { buffer } = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  return { dtype, shape, data: new typedArrays[dtype](buffer) };
}

export const dtypeNamed = (name: string): DType | undefined =>
  (Object.keys(dtypeNames) as DType[]).find((key) => dtypeNames[key] === name);
