// SPDX-License-Identifier: MIT
import { ByteSink } from './byte-sink.ts';
import {
  type Field,
  isEmptyMap,
  isZero,
  type MessageType,
  type MessageValue,
  sortedKeys,
} from './message.ts';

/** Numbers of the protobuf wire types. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Encodes a message as Go's deterministic protobuf encoder does: fields by ascending tag, members of a oneof after all
 * others, map entries by key, zero scalars left out except in a oneof.
 */
export function encodeMessage(type: MessageType, value: MessageValue): Uint8Array {
  const sink = new ByteSink();
  writeMessage(sink, type, value);
  return sink.bytes();
}

function writeMessage(sink: ByteSink, type: MessageType, value: MessageValue): void {
  const byTag = [...type.fields].sort((a, b) => a.tag - b.tag);
  for (const field of byTag) {
    if (field.oneof === undefined) writeField(sink, field, value[field.key]);
  }
  for (const field of byTag) {
    if (field.oneof !== undefined && value[field.key] !== undefined) writeOne(sink, field, value[field.key]);
  }
}

function writeField(sink: ByteSink, field: Field, value: unknown): void {
  if (typeof field.type === 'object' && 'map' in field.type) {
    writeMap(sink, field, (value ?? {}) as Readonly<Record<string, unknown>>);
  } else if (field.repeated === true) {
    writeRepeated(sink, field, (value ?? []) as readonly unknown[]);
  } else if (!isLeftOut(field, value)) {
    writeOne(sink, field, value);
  }
}

function isLeftOut(field: Field, value: unknown): boolean {
  if (typeof field.type === 'object' && 'enum' in field.type)
    return value === undefined || enumNumber(field, value) === 0;
  return isZero(value);
}

function writeRepeated(sink: ByteSink, field: Field, values: readonly unknown[]): void {
  if (values.length === 0) return;
  if (field.type !== 'int32') {
    for (const value of values) writeOne(sink, field, value);
    return;
  }
  const packed = new ByteSink();
  for (const value of values) packed.varint(BigInt(value as number));
  sink.varint(BigInt((field.tag << 3) | WIRE.bytes));
  sink.lengthPrefixed(packed.bytes());
}

function writeMap(sink: ByteSink, field: Field, map: Readonly<Record<string, unknown>>): void {
  if (isEmptyMap(map)) return;
  const kind = (field.type as { readonly map: 'string' | 'bool' | (() => MessageType) }).map;
  for (const key of sortedKeys(map)) {
    const entry = new ByteSink();
    entry.varint(BigInt((1 << 3) | WIRE.bytes));
    entry.lengthPrefixed(Buffer.from(key));
    const type = typeof kind === 'function' ? { message: kind } : kind;
    writeOne(entry, { key: 'value', json: 'value', tag: 2, type }, map[key]);
    sink.varint(BigInt((field.tag << 3) | WIRE.bytes));
    sink.lengthPrefixed(entry.bytes());
  }
}

function writeOne(sink: ByteSink, field: Field, value: unknown): void {
  const type = field.type;
  if (type === 'string') {
    sink.varint(BigInt((field.tag << 3) | WIRE.bytes));
    sink.lengthPrefixed(Buffer.from((value as string).toWellFormed()));
  } else if (type === 'bytes') {
    sink.varint(BigInt((field.tag << 3) | WIRE.bytes));
    sink.lengthPrefixed(value as Uint8Array);
  } else if (typeof type === 'object' && 'message' in type) {
    const body = new ByteSink();
    writeMessage(body, type.message(), value as MessageValue);
    sink.varint(BigInt((field.tag << 3) | WIRE.bytes));
    sink.lengthPrefixed(body.bytes());
  } else {
    sink.varint(BigInt((field.tag << 3) | WIRE.varint));
    sink.varint(scalarNumber(field, value));
  }
}

function scalarNumber(field: Field, value: unknown): bigint {
  if (typeof field.type === 'object') return BigInt(enumNumber(field, value));
  if (field.type === 'bool') return value === true ? 1n : 0n;
  return BigInt(value as number | bigint);
}

function enumNumber(field: Field, value: unknown): number {
  const names = (field.type as { readonly enum: { readonly names: readonly string[] } }).enum.names;
  const at = names.indexOf(value as string);
  if (at < 0) throw new TypeError(`${field.key} cannot be ${String(value)}`);
  return at;
}
