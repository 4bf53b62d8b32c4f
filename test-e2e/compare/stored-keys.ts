// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The record digests that builds left in a state folder.
 *
 * Links name the record they lead to; sources that nothing leads to are records themselves.
 */
export function storedRecordDigests(state: string): ReadonlySet<string> {
  const database = new DatabaseSync(join(state, 'state.db'), { readOnly: true });
  try {
    const links = database.prepare('SELECT source, digest, target FROM cache_links').all();
    const results = database.prepare('SELECT key FROM cache_results').all();
    const derived = new Set(links.map(({ target }) => target as string));
    const roots = [
      ...links.map(({ source }) => source as string),
      ...results.map(({ key }) => key as string),
    ];
    return new Set([
      ...links.map(({ digest }) => digest as string),
      ...roots.filter((key) => !derived.has(key)),
    ]);
  } finally {
    database.close();
  }
}

/**
 * What leads to what in a state folder: `SOURCE [SELECTOR] -INPUT-> RECORD`, sources and records by their record digests;
 * sources that lead nowhere stand alone.
 */
export function storedLinks(state: string): ReadonlySet<string> {
  const database = new DatabaseSync(join(state, 'state.db'), { readOnly: true });
  try {
    const links = database.prepare('SELECT source, input, digest, selector, target FROM cache_links').all();
    const names = new Map(links.map(({ target, digest }) => [target as string, digest as string]));
    const nameOf = (key: string): string => names.get(key) ?? key;
    const results = database.prepare('SELECT key FROM cache_results').all();
    return new Set([
      ...results.map(({ key }) => nameOf(key as string)),
      ...links.map(({ source, input, digest, selector }) =>
        linkText(nameOf(source as string), Number(input), digest as string, selector as string),
      ),
    ]);
  } finally {
    database.close();
  }
}

/** The same of a cache that was exported to a folder, without what stands alone. */
export function exportedLinks(folder: string): ReadonlySet<string> {
  const json = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const blob = (digest: string): unknown => json(join('blobs', digest.replace(':', '/')));
  const { manifests } = json('index.json') as { manifests: readonly { digest: string }[] };
  const { config } = blob(manifests[0]?.digest ?? '') as { config: { digest: string } };
  const { records } = blob(config.digest) as {
    records: readonly {
      digest: string;
      inputs?: readonly (readonly { link: number; selector?: string }[])[];
    }[];
  };
  return new Set(
    records.flatMap(({ digest, inputs = [] }) =>
      inputs.flatMap((all, input) =>
        all.map(({ link, selector }) => linkText(records[link]?.digest ?? '', input, digest, selector)),
      ),
    ),
  );
}

/** One line of {@link storedLinks}. */
export function linkText(source: string, input: number, record: string, selector = ''): string {
  return `${source}${selector === '' ? '' : ` ${selector}`} -${input}-> ${record}`;
}

/** BuildKit's name of an operation's output. */
export function recordDigest(operation: string, output: number): string {
  return sha256(`${operation}@${output}`);
}

/** `sha256:` and the hexadecimal hash. */
export function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
