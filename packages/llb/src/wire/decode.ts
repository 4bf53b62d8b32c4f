// SPDX-License-Identifier: MIT
import { LlbError } from '../llb-error.ts';
import { WIRE } from './encode.ts';
import type { Field, FieldType, MessageType } from './message.ts';

const MAX_DEPTH = 32;

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Decodes a message. Fields that are not known are skipped; missing ones get proto3's zero value, missing messages stay
 * absent. A message with a oneof gets a property `type` with the key of the member that is set, or `none`. Strings and
 * bytes are copies.
 *
 * @throws LlbError `LLB_WIRE_INVALID`
 */
export function decodeMessage(type: MessageType, bytes: Uint8Array, depth = 0): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw invalid(`${type.name} is nested too deeply`);
  const value = zeroMessage(type);
  const reader: Reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const key = readNumber(reader, type.name);
    const field = type.fields.find((candidate) => candidate.tag === key >>> 3);
    if (field === undefined) skip(reader, key & 7, type.name);
    else readField(reader, { field, wire: key & 7, value, type, depth });
  }
  return value;
}

interface FieldContext {
  readonly field: Field;
  readonly wire: number;
  readonly value: Record<string, unknown>;
  readonly type: MessageType;
  readonly depth: number;
}

function readField(reader: Reader, context: FieldContext): void {
  const { field, wire, value, type, depth } = context;
  if (typeof field.type === 'object' && 'map' in field.type) {
    const [key, entry] = readEntry(takeBytes(reader, wire, type.name), field.type.map, depth);
    Object.defineProperty(value[field.key] as object, key, {
      value: entry,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else if (field.repeated === true && field.type === 'int32' && wire === WIRE.bytes) {
    const packed: Reader = { bytes: takeBytes(reader, wire, type.name), at: 0 };
    while (packed.at < packed.bytes.length)
      (value[field.key] as unknown[]).push(toScalar('int32', readVarint(packed, type.name), type.name));
  } else if (field.repeated === true) {
    (value[field.key] as unknown[]).push(readOne(reader, field.type, wire, type, depth));
  } else {
    if (field.oneof !== undefined) {
      for (const other of type.fields) if (other.oneof === field.oneof) delete value[other.key];
      value['type'] = field.key;
    }
    value[field.key] = readOne(reader, field.type, wire, type, depth);
  }
}

function readEntry(
  bytes: Uint8Array,
  kind: 'string' | 'bool' | (() => MessageType),
  depth: number,
): [string, unknown] {
  const valueType: FieldType = typeof kind === 'function' ? { message: kind } : kind;
  const entryType: MessageType = {
    name: 'map entry',
    fields: [
      { key: 'key', json: 'key', tag: 1, type: 'string' },
      { key: 'value', json: 'value', tag: 2, type: valueType },
    ],
  };
  const entry = decodeMessage(entryType, bytes, depth + 1);
  return [
    entry['key'] as string,
    entry['value'] ?? (typeof kind === 'function' ? zeroMessage(kind()) : undefined),
  ];
}

function readOne(
  reader: Reader,
  fieldType: FieldType,
  wire: number,
  type: MessageType,
  depth: number,
): unknown {
  if (fieldType === 'string') return decodeText(takeBytes(reader, wire, type.name), type.name);
  if (fieldType === 'bytes') return takeBytes(reader, wire, type.name).slice();
  if (typeof fieldType === 'object' && 'message' in fieldType) {
    return decodeMessage(fieldType.message(), takeBytes(reader, wire, type.name), depth + 1);
  }
  if (wire !== WIRE.varint) throw invalid(`${type.name} has a field of the wrong type`);
  return toScalar(fieldType, readVarint(reader, type.name), type.name);
}

function toScalar(type: FieldType, raw: bigint, name: string): unknown {
  if (typeof type === 'object') {
    const names = 'enum' in type ? type.enum.names : [];
    const found = raw < BigInt(names.length) ? names[Number(raw)] : undefined;
    if (found === undefined) throw invalid(`${name} has an unknown enum value ${raw}`);
    return found;
  }
  switch (type) {
    case 'bool':
      return raw !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, raw));
    case 'uint32':
      return Number(BigInt.asUintN(32, raw));
    case 'bigint64':
      return BigInt.asIntN(64, raw);
    default: {
      const number = Number(BigInt.asIntN(64, raw));
      if (!Number.isSafeInteger(number)) throw invalid(`${name} has a number that is too large`);
      return number;
    }
  }
}

function zeroMessage(type: MessageType): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  if (type.fields.some((field) => field.oneof !== undefined)) value['type'] = 'none';
  for (const field of type.fields) {
    if (field.oneof !== undefined) continue;
    const zero = zeroValue(field);
    if (zero !== undefined) value[field.key] = zero;
  }
  return value;
}

function zeroValue(field: Field): unknown {
  if (field.repeated === true) return [];
  if (typeof field.type === 'object') {
    if ('map' in field.type) return {};
    return 'enum' in field.type ? field.type.enum.names[0] : undefined;
  }
  switch (field.type) {
    case 'string':
      return '';
    case 'bytes':
      return new Uint8Array(0);
    case 'bool':
      return false;
    case 'bigint64':
      return 0n;
    default:
      return 0;
  }
}

function skip(reader: Reader, wire: number, name: string): void {
  if (wire === WIRE.varint) readVarint(reader, name);
  else if (wire === WIRE.bytes) takeBytes(reader, wire, name);
  else if (wire === WIRE.fixed64) take(reader, 8, name);
  else if (wire === WIRE.fixed32) take(reader, 4, name);
  else throw invalid(`${name} has a field of an unknown wire type`);
}

function takeBytes(reader: Reader, wire: number, name: string): Uint8Array {
  if (wire !== WIRE.bytes) throw invalid(`${name} has a field of the wrong type`);
  return take(reader, readNumber(reader, name), name);
}

function take(reader: Reader, count: number, name: string): Uint8Array {
  const end = reader.at + count;
  if (end > reader.bytes.length) throw invalid(`${name} ends too early`);
  const taken = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

function readNumber(reader: Reader, name: string): number {
  const value = readVarint(reader, name);
  if (value > 0x7fffffffn) throw invalid(`${name} has a length or tag that is too large`);
  return Number(value);
}

function readVarint(reader: Reader, name: string): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw invalid(`${name} ends inside a number`);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw invalid(`${name} has a number of more than ten bytes`);
}

function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(`${name} has text that is not UTF-8`, cause);
  }
}

function invalid(message: string, cause?: unknown): LlbError {
  return new LlbError(message, { code: 'LLB_WIRE_INVALID', ...(cause === undefined ? {} : { cause }) });
}
