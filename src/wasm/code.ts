/** @file WebAssembly instructions as nested arrays of bytes, and what makes them: typed expressions, statements and locals. */

import { invariant } from "../source/internal-error.ts";

/** Bytes, nested as they were put together. */
export type Code = number | readonly Code[];

export type ValueType = "i32" | "f32" | "v128";

/** Instructions that leave one value on the stack. */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: Code;
}

export type I32 = Expression<"i32">;
export type F32 = Expression<"f32">;
export type V128 = Expression<"v128">;

/** Instructions that leave nothing on the stack. */
export interface Instructions {
  readonly type: "none";
  readonly code: Code;
}

/** Statements, one after the other. */
export type Statement = Instructions | readonly Statement[];

/** A local variable, which is also the expression that reads it. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number;
}

/** Encodes an unsigned number in LEB128. */
export function unsigned(n: number): number[] {
  const bytes: number[] = [];
  for (let rest = n >>> 0; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

/** Encodes a signed 32-bit number in LEB128. */
export function signed(n: number): number[] {
  const bytes: number[] = [];
  for (let rest = n | 0; ; rest >>= 7) {
    const byte = rest & 127;
    if ((rest >= -64 && rest < 0) || (rest >= 0 && rest < 64)) return [...bytes, byte];
    bytes.push(byte | 128);
  }
}

/** Returns the bytes of numbers in memory. */
export const bytesOf = (array: Float32Array | Int32Array | Float64Array): number[] => [...new Uint8Array(array.buffer)];

/** Makes an instruction of its operands. */
export const operation =
  <R extends ValueType, P extends readonly ValueType[]>(type: R, ...opcode: readonly number[]) =>
  (...operands: { [K in keyof P]: Expression<P[K]> }): Expression<R> => ({
    type,
    code: [...operands.map((it: Expression) => it.code), opcode],
  });

/** Makes a statement. */
export const instructions = (...code: Code[]): Instructions => ({ type: "none", code });

/** Returns the instructions of statements. */
export const codeOf = (statement: Statement): Code => ("type" in statement ? statement.code : statement.map(codeOf));

export const set = <T extends ValueType>({ index }: Local<T>, value: Expression<T>): Statement =>
  instructions(value.code, 0x21, unsigned(index));

/** Runs statements before it evaluates an expression. */
export const after = <T extends ValueType>(statement: Statement, { type, code }: Expression<T>): Expression<T> => ({
  type,
  code: [codeOf(statement), code],
});

/** A constant that becomes known before the module is assembled. */
export class Later implements Expression<"i32"> {
  readonly type = "i32";
  readonly #bytes: number[] = [];
  readonly code: Code = [0x41, this.#bytes];
  #value: number | undefined;

  /** @throws InternalError if it is not known yet */
  get value(): number {
    invariant(this.#value !== undefined, "the constant is known");
    return this.#value;
  }

  set value(n: number) {
    this.#value = n;
    this.#bytes.splice(0, this.#bytes.length, ...signed(n));
  }
}

/** Repeats statements as long as the condition after them holds. */
export const doWhile = (condition: I32, ...body: readonly Statement[]): Statement =>
  instructions(0x03, 0x40, codeOf(body), condition.code, 0x0d, 0, 0x0b);

/** Runs statements if a condition holds, or others if not. */
export const when = (condition: I32, body: Statement, otherwise?: Statement): Statement =>
  instructions(
    condition.code,
    0x04,
    0x40,
    codeOf(body),
    otherwise === undefined ? [] : [0x05, codeOf(otherwise)],
    0x0b,
  );
