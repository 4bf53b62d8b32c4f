// SPDX-License-Identifier: MIT
import { createTomlScanner, type TomlScanner } from './toml-scanner.ts';
import { isTomlTable, type TomlTable, type TomlValue } from './toml-value.ts';

type Table = Map<string, TomlValue>;

/** Levels of arrays and inline tables inside each other. */
const MAX_DEPTH = 64;

/** What may still be done with a table that exists. */
type TableKind =
  /** Came with a header below it; may get a header of its own. */
  | 'implied'
  /** Has a header. */
  | 'headed'
  /** Came with a dotted key; more dotted keys may follow under the same header. */
  | 'dotted'
  /** Written in braces: complete. */
  | 'inline';

interface Document {
  readonly scanner: TomlScanner;
  readonly root: Table;
  readonly kinds: Map<TomlTable, TableKind>;
  /** Arrays written with `[[…]]`, which may grow. */
  readonly growing: Set<TomlValue>;
}

/**
 * Reads a TOML document: all of the language but dates, which are refused like everything else that is not understood.
 * Tables keep the order of the file.
 *
 * @param where - names the document in errors, which name the line and quote nothing.
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID`
 * @see toml.io, v1.0.0
 */
export function parseToml(text: string, where: string): TomlTable {
  const document: Document = {
    scanner: createTomlScanner(text, where),
    root: new Map(),
    kinds: new Map(),
    growing: new Set(),
  };
  const { scanner } = document;
  let current = document.root;
  for (scanner.skipLines(); !scanner.atEnd(); scanner.skipLines()) {
    if (scanner.take('[[')) current = arrayHeader(document);
    else if (scanner.take('[')) current = tableHeader(document);
    else keyValue(document, current, 0);
    scanner.endLine();
  }
  return document.root;
}

function keyOf(scanner: TomlScanner): readonly string[] {
  const parts: string[] = [];
  do {
    scanner.skipSpace();
    parts.push(scanner.keyPart());
    scanner.skipSpace();
  } while (scanner.take('.'));
  return parts;
}

function tableHeader(document: Document): Table {
  const { scanner, kinds } = document;
  const key = keyOf(scanner);
  if (!scanner.take(']')) scanner.fail('a table header does not end');
  const parent = walk(document, key.slice(0, -1));
  const name = key.at(-1) ?? '';
  const known = parent.get(name);
  if (known === undefined) return newTable(document, parent, name, 'headed');
  if (!isTomlTable(known) || kinds.get(known) !== 'implied') scanner.fail('a table is defined twice');
  kinds.set(known as Table, 'headed');
  return known as Table;
}

function arrayHeader(document: Document): Table {
  const { scanner, kinds, growing } = document;
  const key = keyOf(scanner);
  if (!scanner.take(']]')) scanner.fail('a table header does not end');
  const parent = walk(document, key.slice(0, -1));
  const name = key.at(-1) ?? '';
  const known = parent.get(name);
  if (known !== undefined && !growing.has(known)) scanner.fail('a key is defined twice');
  const list = (known ?? []) as TomlValue[];
  parent.set(name, list);
  growing.add(list);
  const table: Table = new Map();
  kinds.set(table, 'headed');
  list.push(table);
  return table;
}

/** Goes down the tables of a header, making those that are missing. */
function walk(document: Document, key: readonly string[]): Table {
  const { scanner, kinds, growing, root } = document;
  let table = root;
  for (const part of key) {
    const next = table.get(part);
    if (next === undefined) {
      table = newTable(document, table, part, 'implied');
      continue;
    }
    const inside = Array.isArray(next) && growing.has(next) ? (next as TomlValue[]).at(-1) : next;
    if (!isTomlTable(inside) || kinds.get(inside) === 'inline') scanner.fail('a key is defined twice');
    table = inside as Table;
  }
  return table;
}

function keyValue(document: Document, table: Table, depth: number): void {
  const { scanner, kinds } = document;
  const key = keyOf(scanner);
  if (!scanner.take('=')) scanner.fail('a key has no value');
  let target = table;
  for (const part of key.slice(0, -1)) {
    const next = target.get(part);
    if (next === undefined) {
      target = newTable(document, target, part, 'dotted');
      continue;
    }
    if (!isTomlTable(next) || kinds.get(next) !== 'dotted') scanner.fail('a key is defined twice');
    target = next as Table;
  }
  scanner.skipSpace();
  const name = key.at(-1) ?? '';
  if (target.has(name)) scanner.fail('a key is defined twice');
  target.set(name, valueOf(document, depth));
}

function valueOf(document: Document, depth: number): TomlValue {
  const { scanner } = document;
  if (depth > MAX_DEPTH) scanner.fail(`values are more than ${MAX_DEPTH} levels deep`);
  const text = scanner.string();
  if (text !== undefined) return text;
  if (scanner.take('[')) return arrayOf(document, depth + 1);
  if (scanner.take('{')) return inlineTable(document, depth + 1);
  return scalarOf(scanner, scanner.scalar());
}

function arrayOf(document: Document, depth: number): TomlValue {
  const { scanner } = document;
  const list: TomlValue[] = [];
  for (;;) {
    scanner.skipLines();
    if (scanner.take(']')) return list;
    list.push(valueOf(document, depth));
    scanner.skipLines();
    if (scanner.take(']')) return list;
    if (!scanner.take(',')) scanner.fail('an array does not end');
  }
}

function inlineTable(document: Document, depth: number): TomlValue {
  const { scanner, kinds } = document;
  const table: Table = new Map();
  scanner.skipSpace();
  if (!scanner.take('}')) {
    do {
      keyValue(document, table, depth);
      scanner.skipSpace();
    } while (scanner.take(','));
    if (!scanner.take('}')) scanner.fail('an inline table does not end');
  }
  closeTable(kinds, table);
  return table;
}

/** An inline table is complete, and so are the tables its dotted keys made. */
function closeTable(kinds: Document['kinds'], table: TomlTable): void {
  kinds.set(table, 'inline');
  for (const inner of table.values()) if (isTomlTable(inner)) closeTable(kinds, inner);
}

function scalarOf(scanner: TomlScanner, text: string): TomlValue {
  if (text === '') scanner.fail('a value is missing');
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^[+-]?(?:0|[1-9](?:_?[0-9])*)$/.test(text)) return integer(scanner, text.replaceAll('_', ''));
  if (/^0(?:x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/.test(text))
    return integer(scanner, text.replaceAll('_', ''));
  if (/^[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/.test(text))
    return Number(text.replaceAll('_', ''));
  const special = /^([+-]?)(inf|nan)$/.exec(text);
  if (special !== null)
    return special[2] === 'nan'
      ? Number.NaN
      : special[1] === '-'
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  return scanner.fail(
    /^[0-9]{2,4}[-:][0-9]{2}/.test(text) ? 'dates and times are not read here' : 'a value is not understood',
  );
}

function integer(scanner: TomlScanner, text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : scanner.fail('a number is too large to be exact');
}

function newTable({ kinds }: Document, parent: Table, name: string, kind: TableKind): Table {
  const table: Table = new Map();
  kinds.set(table, kind);
  parent.set(name, table);
  return table;
}
