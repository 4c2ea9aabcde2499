/** @file WebAssembly instructions and what makes them: typed expressions, statements and locals. */
import { unsigned, type Code } from "./bytes.ts";

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

/** Returns the bytes of numbers in memory. */
export const bytesOf = (array: Float32Array | Int32Array | Float64Array): Uint8Array => new Uint8Array(array.buffer);

/** Makes an instruction of its operands. */
export const operation =
  <R extends ValueType, P extends readonly ValueType[]>(type: R, opcode: Code) =>
  (...operands: { [K in keyof P]: Expression<P[K]> }): Expression<R> => ({ type, code: [operands, opcode] });

/** Makes a statement. */
export const instructions = (...code: Code[]): Instructions => ({ type: "none", code });

export const set = <T extends ValueType>({ index }: Local<T>, value: Expression<T>): Statement =>
  instructions(value, 0x21, unsigned(index));

/** Runs statements before it evaluates an expression. */
export const after = <T extends ValueType>(statement: Statement, value: Expression<T>): Expression<T> => ({
  type: value.type,
  code: [statement, value],
});

/** Repeats statements as long as the condition after them holds. */
export const doWhile = (condition: I32, ...body: readonly Statement[]): Statement =>
  instructions(0x03, 0x40, body, condition, 0x0d, 0, 0x0b);

/** Runs statements if a condition holds, or others if not. */
export const when = (condition: I32, body: Statement, otherwise?: Statement): Statement =>
  instructions(condition, 0x04, 0x40, body, otherwise === undefined ? [] : [0x05, otherwise], 0x0b);
