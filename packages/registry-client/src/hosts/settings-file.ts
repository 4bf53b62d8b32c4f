// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { isSystemError, messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';
import { isTomlTable, type TomlTable, type TomlValue } from '../toml/toml-value.ts';

/** Bytes of a settings file. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file that may be missing; one that this user may not read counts as missing, since it was not written for them.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID` for one that is too large or fails otherwise.
 */
export async function readSettingsFile(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) return undefined;
    if (info.size > MAX_BYTES) throw settingsError(path, `it is larger than ${MAX_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return undefined;
    throw error instanceof RegistryError ? error : settingsError(path, messageOf(error));
  }
}

/** The error for a settings file that cannot be used. */
export function settingsError(path: string, why: string, hint?: string): RegistryError {
  return new RegistryError(`cannot use ${path}: ${why}`, { code: 'REGISTRY_SETTINGS_INVALID', hint });
}

/** Typed access to the members of a table; members of another type are errors that name the key. */
export interface Fields {
  text(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  /** One text or a list of texts. */
  texts(key: string): readonly string[];
  table(key: string): TomlTable | undefined;
  /** The tables of `[[key]]`. */
  tables(key: string): readonly TomlTable[];
  value(key: string): TomlValue | undefined;
  /** @throws RegistryError `REGISTRY_SETTINGS_INVALID` */
  fail(why: string): never;
}

/** Reads a table. @param path - names the file in errors. */
export function fieldsOf(table: TomlTable, path: string): Fields {
  const wrong = (key: string, wanted: string): never => {
    throw settingsError(path, `${key} is not ${wanted}`);
  };
  return {
    value: (key) => table.get(key),
    fail: (why) => {
      throw settingsError(path, why);
    },
    text(key) {
      const value = table.get(key);
      return value === undefined || typeof value === 'string' ? value : wrong(key, 'a text');
    },
    flag(key) {
      const value = table.get(key);
      return value === undefined || typeof value === 'boolean' ? value : wrong(key, 'true or false');
    },
    texts(key) {
      const value = table.get(key);
      if (value === undefined) return [];
      if (typeof value === 'string') return [value];
      if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
      return wrong(key, 'a text or a list of texts');
    },
    table(key) {
      const value = table.get(key);
      return value === undefined || isTomlTable(value) ? value : wrong(key, 'a table');
    },
    tables(key) {
      const value = table.get(key);
      if (value === undefined) return [];
      return Array.isArray(value) && value.every(isTomlTable) ? value : wrong(key, 'a list of tables');
    },
  };
}
