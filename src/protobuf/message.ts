/** @file Protocol Buffers messages as data: a table of fields defines how a plain object is written and read. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** How a value is encoded after its tag. */
export interface Codec<T> {
  readonly wire: WireType;
  write(writer: BinaryWriter, value: T): void;
  read(reader: BinaryReader): T;
}

export interface Field<T> {
  readonly number: number;
  write(writer: BinaryWriter, value: T): void;
  /** Reads one more occurrence and returns the field's new value. `wire` is the wire type of the tag. */
  read(reader: BinaryReader, wire: WireType, before: T | undefined): T;
}

type Held<F> = F extends Field<infer T> ? T : never;

/** A message with fields `F`. Fields missing from a value are not written; fields missing from a file are undefined. */
export interface Message<F> extends Codec<{ readonly [K in keyof F]?: Held<F[K]> }> {
  /** Writes the message without a length prefix. */
  writeBody(writer: BinaryWriter, value: { readonly [K in keyof F]?: Held<F[K]> }): void;
  readBody(reader: BinaryReader, end: number): { readonly [K in keyof F]?: Held<F[K]> };
}

export type ValueOf<M> = M extends Message<infer F> ? { readonly [K in keyof F]?: Held<F[K]> } : never;

const scalar = <T>(
  wire: WireType,
  write: (writer: BinaryWriter, value: T) => void,
  read: (reader: BinaryReader) => T,
): Codec<T> => ({ wire, write, read });

export const text = scalar<string>(
  WireType.LengthDelimited,
  (writer, value) => void writer.string(value),
  (reader) => reader.string(),
);
export const bytes = scalar<Uint8Array>(
  WireType.LengthDelimited,
  (writer, value) => void writer.bytes(value),
  (reader) => reader.bytes(),
);
export const bool = scalar<boolean>(
  WireType.Varint,
  (writer, value) => void writer.bool(value),
  (reader) => reader.bool(),
);
/** int32, int64 and enumerations. A value in a file that exceeds the safe integers is an error. */
export const integer = scalar<number>(
  WireType.Varint,
  (writer, value) => void writer.int64(value),
  (reader) => {
    const value = Number(reader.int64());
    if (!Number.isSafeInteger(value)) throw new RangeError(`the integer ${value} is too large`);
    return value;
  },
);
export const float = scalar<number>(
  WireType.Bit32,
  (writer, value) => void writer.float(value),
  (reader) => reader.float(),
);

/** Defines a field with at most one value. */
export function field<T>(number: number, codec: Codec<T>): Field<T> {
  return {
    number,
    write: (writer, value) => codec.write(writer.tag(number, codec.wire), value),
    read: (reader, wire) => {
      expectWire(wire, codec.wire);
      return codec.read(reader);
    },
  };
}

/** Defines a list. Numbers are written packed and read either way. */
export function repeated<T>(number: number, codec: Codec<T>): Field<readonly T[]> {
  const packable = codec.wire !== WireType.LengthDelimited;
  return {
    number,
    write: (writer, values) => {
      if (!packable) for (const value of values) codec.write(writer.tag(number, codec.wire), value);
      else if (values.length > 0) {
        writer.tag(number, WireType.LengthDelimited).fork();
        for (const value of values) codec.write(writer, value);
        writer.join();
      }
    },
    read: (reader, wire, before = []) => {
      // Safe to mutate: this reader created the list.
      const values = before as T[];
      if (packable && wire === WireType.LengthDelimited) {
        const end = endOf(reader);
        while (reader.pos < end) values.push(codec.read(reader));
      } else {
        expectWire(wire, codec.wire);
        values.push(codec.read(reader));
      }
      return values;
    },
  };
}

/** Defines a map with text keys. Insertion order is kept. */
export function map<T>(number: number, codec: Codec<T>): Field<ReadonlyMap<string, T>> {
  const entry = message({ key: field(1, text), value: field(2, codec) });
  return {
    number,
    write: (writer, values) => {
      for (const [key, value] of values) entry.write(writer.tag(number, entry.wire), { key, value });
    },
    read: (reader, wire, before = new Map<string, T>()) => {
      expectWire(wire, entry.wire);
      const { key = "", value } = entry.read(reader);
      if (value === undefined) throw new RangeError(`the entry ${key} is empty`);
      (before as Map<string, T>).set(key, value);
      return before;
    },
  };
}

/** Defines a message. Fields are written in the order of the table. */
export function message<const F>(fields: F & { readonly [K in keyof F]: Field<unknown> | Field<never> }): Message<F> {
  type Value = { readonly [K in keyof F]?: Held<F[K]> };
  const table = Object.entries(fields as object) as [string, Field<unknown>][];
  const byNumber = new Map(table.map(([name, field]) => [field.number, [name, field] as const]));
  const writeBody = (writer: BinaryWriter, value: Value): void => {
    const record = value as Readonly<Record<string, unknown>>;
    for (const [name, field] of table) if (record[name] !== undefined) field.write(writer, record[name]);
  };
  const readBody = (reader: BinaryReader, end: number): Value => {
    const found: Record<string, unknown> = {};
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const known = byNumber.get(number);
      if (known === undefined) reader.skip(wire, number);
      else found[known[0]] = known[1].read(reader, wire, found[known[0]]);
    }
    if (reader.pos !== end) throw new RangeError("a message does not end where it says");
    return found as Value;
  };
  return {
    wire: WireType.LengthDelimited,
    writeBody,
    readBody,
    write: (writer, value) => {
      writer.fork();
      writeBody(writer, value);
      writer.join();
    },
    read: (reader) => readBody(reader, endOf(reader)),
  };
}

function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("the file is truncated");
  return end;
}

function expectWire(found: WireType, expected: WireType): void {
  if (found !== expected) throw new RangeError(`wire type ${found} instead of ${expected}`);
}

/** Encodes a message as the content of a file. */
export function encode<F>(of: Message<F>, value: ValueOf<Message<F>>): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  of.writeBody(writer, value);
  return writer.finish();
}

/**
 * Decodes the content of a file as a message. Skips unknown fields. Whatever the bytes say, it never reads beyond them or
 * allocates more than they hold.
 * @throws RangeError or Error if the bytes are not such a message
 */
export function decode<F>(of: Message<F>, data: Uint8Array): ValueOf<Message<F>> {
  return of.readBody(new BinaryReader(data), data.length);
}
