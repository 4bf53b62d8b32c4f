// SPDX-License-Identifier: MIT
import {
  type Field,
  isEmptyMap,
  isZero,
  type MessageType,
  type MessageValue,
  sortedKeys,
} from './message.ts';

/** What {@link goJson} accepts; keys of objects are written in insertion order, `undefined` ones are left out. */
export type GoValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly GoValue[]
  | { readonly [key: string]: GoValue };

const HTML: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * Writes JSON exactly as Go's `encoding/json` does: compact, `<`, `>`, `&`, U+2028 and U+2029 escaped, bytes as base64,
 * integers only. A caller gives struct fields in declaration order and leaves out what `omitempty` would.
 */
export function goJson(value: GoValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new TypeError(`${value} is not an integer`);
  if (
    value === null ||
    value === undefined ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'bigint'
  )
    return String(value ?? null);
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
  if (isList(value)) return `[${value.map(goJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${quote(key)}:${goJson(member)}`).join(',')}}`;
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => HTML[character] ?? character,
  );
}

/** A message as the value Go would marshal: struct order, `omitempty`, enums as numbers, oneofs as one member. */
export function messageToGoValue(type: MessageType, value: MessageValue): GoValue {
  const members: Record<string, GoValue> = {};
  for (const field of type.fields) {
    if (field.oneof === undefined) {
      const member = fieldToGo(field, value[field.key]);
      if (member !== undefined) members[field.json] = member;
    } else if (!(field.oneof in members)) {
      members[field.oneof] = oneofToGo(type, field.oneof, value);
    }
  }
  return members;
}

function oneofToGo(type: MessageType, oneof: string, value: MessageValue): GoValue {
  for (const field of type.fields) {
    if (field.oneof !== oneof || value[field.key] === undefined) continue;
    const member = fieldToGo(field, value[field.key]);
    return member === undefined ? {} : { [field.json]: member };
  }
  return {};
}

function fieldToGo(field: Field, value: unknown): GoValue {
  const { type } = field;
  if (typeof type === 'object' && 'map' in type)
    return isEmptyMap(value) ? undefined : mapToGo(type.map, value as MessageValue);
  if (field.repeated === true) {
    const list = (value ?? []) as readonly unknown[];
    return list.length === 0 ? undefined : list.map((item) => itemToGo(field, item));
  }
  const item = value === undefined ? undefined : itemToGo(field, value);
  return isZero(item) && field.always !== true ? undefined : item;
}

function mapToGo(kind: 'string' | 'bool' | (() => MessageType), map: MessageValue): GoValue {
  const sorted: Record<string, GoValue> = {};
  for (const key of sortedKeys(map)) {
    sorted[key] =
      typeof kind === 'function' ? messageToGoValue(kind(), map[key] as MessageValue) : (map[key] as GoValue);
  }
  return sorted;
}

function itemToGo(field: Field, value: unknown): GoValue {
  const { type } = field;
  if (typeof type === 'object' && 'message' in type)
    return messageToGoValue(type.message(), value as MessageValue);
  if (typeof type === 'object' && 'enum' in type) return type.enum.names.indexOf(value as string);
  return value as GoValue;
}
