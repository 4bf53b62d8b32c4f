// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';

/** What a key of a TOML document can hold here: everything but dates, which no file read here has. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | TomlTable;

/** A table; keys are in the order of the file, which decides between mirrors. */
export type TomlTable = ReadonlyMap<string, TomlValue>;

/** Tells whether a value is a table. */
export function isTomlTable(value: TomlValue | undefined): value is TomlTable {
  return value instanceof Map;
}

/** The error for a document that cannot be read; it never quotes the document, which may hold secrets. */
export function tomlError(where: string, line: number, why: string): RegistryError {
  return new RegistryError(`cannot read ${where}, line ${line}: ${why}`, {
    code: 'REGISTRY_SETTINGS_INVALID',
  });
}
