// SPDX-License-Identifier: MIT

/** Scalars of proto3 that LLB uses; `bigint64` is an int64 too large for a JavaScript number. */
export type ScalarType = 'string' | 'bytes' | 'bool' | 'int64' | 'int32' | 'uint32' | 'bigint64';

/** Names of an enum's values; the index is the number on the wire. */
export interface EnumType {
  readonly names: readonly string[];
}

/** What one field holds. Messages are thunks because they may contain themselves. */
export type FieldType =
  | ScalarType
  | { readonly enum: EnumType }
  | { readonly message: () => MessageType }
  | { readonly map: 'string' | 'bool' | (() => MessageType) };

/** One field of a message. */
export interface Field {
  /** Property name in TypeScript. */
  readonly key: string;
  /** Name in Go's JSON. */
  readonly json: string;
  readonly tag: number;
  readonly type: FieldType;
  readonly repeated?: boolean;
  /** Name of the oneof the field belongs to. */
  readonly oneof?: string;
  /** Written in JSON even when zero. */
  readonly always?: boolean;
}

/** A message; fields are in the order of the `.proto` file, which is that of Go's JSON. */
export interface MessageType {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** A message's values by {@link Field.key}. */
export type MessageValue = Readonly<Record<string, unknown>>;

/** Makes a field whose JSON name is its property name. */
export function field(tag: number, key: string, type: FieldType, extra: Partial<Field> = {}): Field {
  return { key, json: key, tag, type, ...extra };
}

/** The type of a field that holds a message. */
export function message(type: () => MessageType): FieldType {
  return { message: type };
}

/** Marks a field as a list. */
export const REPEATED: { readonly repeated: true } = { repeated: true };

/** Tells whether a field is left out when it is not part of a oneof. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === 0n || value === false)
    return true;
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return false;
}

/** Tells whether a map field has no entry. */
export function isEmptyMap(value: unknown): boolean {
  return value === undefined || Object.keys(value as object).length === 0;
}

/** Keys in the order Go writes them: by bytes of their UTF-8. */
export function sortedKeys(map: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
