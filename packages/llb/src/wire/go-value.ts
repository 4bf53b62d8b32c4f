// SPDX-License-Identifier: MIT
import type { GoValue } from '@img-build/oci';
import {
  type Field,
  isEmptyMap,
  isZero,
  type MessageType,
  type MessageValue,
  sortedKeys,
} from './message.ts';

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
