// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { recordDigest, sha256 } from './stored-keys.ts';

// BuildKit's formulas of mid-2026, written down a second time: nothing of the product is used here, so that tests which
// compare both can tell when one of them is wrong.

/** JSON as Go writes it. */
export function goText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const PLATFORM = { OS: 'linux', Arch: ARCHITECTURE };

/** What a source is called by: `buildkit.source.v0` and its key. */
function sourceRecord(key: string): string {
  return recordDigest(sha256(`buildkit.source.v0:${key}`), 0);
}

/** Both keys of an image: by its manifest and by its layers. @param diffIds - of its config. */
export function imageRecords(manifest: string, diffIds: readonly string[]): readonly [string, string] {
  const chain = diffIds.reduce((below, diffId) => (below === '' ? diffId : sha256(`${below} ${diffId}`)), '');
  return [sourceRecord(sha256(goText({ Digest: manifest, ...PLATFORM }))), sourceRecord(chain)];
}

/** A git checkout. */
export function gitRecord(key: string): string {
  return sourceRecord(key);
}

/** A file from the net. */
export function httpRecord(facts: Readonly<Record<string, unknown>>): string {
  return sourceRecord(sha256(goText(facts)));
}

/** RUN; `command` is the JSON of the operation with members in their order. */
export function execRecord(command: Readonly<Record<string, unknown>>): string {
  return recordDigest(sha256(goText({ Type: 'buildkit.exec.v0', Exec: command, ...PLATFORM })), 0);
}

/** COPY, ADD, WORKDIR: each action is JSON of its own. */
export function fileRecord(
  actions: readonly Readonly<Record<string, unknown>>[],
  indexes?: readonly (readonly number[])[],
): string {
  const encoded = actions.map((action) => Buffer.from(goText(action)).toString('base64'));
  const operation = {
    Type: 'buildkit.file.v0',
    Actions: encoded,
    ...(indexes === undefined ? {} : { indexes }),
  };
  return recordDigest(sha256(goText(operation)), 0);
}

/** The two layers that `--link` merges. */
export function mergeRecord(): string {
  return recordDigest(sha256('{"Type":"buildkit.merge.v0","Merge":{"inputs":[{},{"input":1}]}}'), 0);
}

/** Content by the digests of its parts. */
export function contentRecord(...digests: readonly string[]): string {
  return recordDigest(sha256(digests.join('\0')), -1);
}

/** Selector of one or more paths, which are in their order. */
export function selector(...paths: readonly string[]): string {
  return sha256(paths.join('\0'));
}

/** A file or folder as the content hash sees it. */
export interface HashedEntry {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly data?: string | Buffer;
  readonly link?: string;
  readonly children?: Readonly<Record<string, HashedEntry>>;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** The content digest of an entry, a folder with all that is in it. */
export function contentDigest(entry: HashedEntry): string {
  const header = headerDigest(entry);
  if (entry.children === undefined) return header;
  const names = Object.entries(entry.children).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const parts = names.map(([name, child]) => `\0${name}${contentDigest(child)}`);
  return sha256(`\0${header}${parts.join('')}`);
}

/** The digest of an entry alone. */
export function headerDigest({
  mode,
  uid = 0,
  gid = 0,
  data = '',
  link,
  children,
  xattrs = {},
}: HashedEntry): string {
  const bytes = Buffer.from(data);
  const kind = link !== undefined ? '2' : children !== undefined ? '5' : '0';
  const bits = link === undefined ? mode : 0o777;
  const attributes = Object.entries(xattrs).sort(([a], [b]) => (a < b ? -1 : 1));
  const header =
    `namemode${bits}uid${uid}gid${gid}size${bytes.length}typeflag${kind}` +
    `linkname${link ?? ''}unamegnamedevmajor0devminor0${attributes.flat().join('')}`;
  return `sha256:${createHash('sha256').update(header).update(bytes).digest('hex')}`;
}

/** What several matches of a wildcard or pattern are: path by path, each with its digest. */
export function matchesDigest(matches: readonly (readonly [path: string, digest: string])[]): string {
  return sha256(matches.map(([path, digest]) => `\0${path.replaceAll('/', '\0')}${digest}`).join(''));
}

/** A file or folder of a context, whose owner is root for every builder. */
export function entryAt(path: string): HashedEntry {
  const facts = lstatSync(path);
  const mode = facts.mode & 0o7777;
  if (facts.isSymbolicLink()) return { mode, link: readlinkSync(path) };
  if (!facts.isDirectory()) return { mode, data: readFileSync(path) };
  const children = readdirSync(path).map((name) => [name, entryAt(join(path, name))] as const);
  return { mode, children: Object.fromEntries(children) };
}
