// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { UsageError } from '../../usage-error.ts';

/** Named contexts, sorted by where they are. */
export interface NamedContexts {
  /** Values for the frontend, by context name. */
  readonly values: Readonly<Record<string, string>>;
  /** Absolute paths of folders, by the name the graph has for them. */
  readonly folders: Readonly<Record<string, string>>;
  /** Absolute paths of OCI layouts, by the name the graph has for them. */
  readonly layouts: Readonly<Record<string, string>>;
}

/** Names that the graph has for the main context and the Dockerfile. */
const TAKEN: ReadonlySet<string> = new Set(['context', 'dockerfile']);
const LAYOUT = 'oci-layout://';

/**
 * Turns the values of `--build-context` into what the frontend takes. Nothing is looked at: a context that nothing uses
 * may not even exist.
 *
 * @throws UsageError
 */
export function namedContextsFrom(contexts: Readonly<Record<string, string>>): NamedContexts {
  const values: Record<string, string> = {};
  const folders: Record<string, string> = {};
  const layouts: Record<string, string> = {};
  for (const [name, value] of Object.entries(contexts)) {
    if (value === '')
      throw new UsageError(`build context ${name} has no value`, 'write --build-context NAME=VALUE');
    const local = TAKEN.has(name) ? `_${name}` : name;
    if (value.startsWith(LAYOUT)) {
      const { path, reference } = splitLayout(value.slice(LAYOUT.length));
      const store = `layout${Object.keys(layouts).length}`;
      layouts[store] = resolve(path);
      values[name] = `${LAYOUT}${store}${reference}`;
    } else if (isRemote(value)) {
      values[name] = value;
    } else {
      folders[local] = resolve(value);
      values[name] = `local:${local}`;
    }
  }
  return { values, folders, layouts };
}

const REMOTE = /^(?:docker-image|target|https?|git|ssh):|^[\w.-]+@[\w.-]+:/;

function isRemote(value: string): boolean {
  if (value.startsWith('input:'))
    throw new UsageError(
      `${value}: contexts of other builds are not supported`,
      'build the stage with target:NAME',
    );
  return REMOTE.test(value);
}

/** `path[:tag][@digest]`; a colon that a slash follows belongs to the path. */
function splitLayout(text: string): { readonly path: string; readonly reference: string } {
  const at = text.indexOf('@');
  const beforeDigest = at < 0 ? text : text.slice(0, at);
  const colon = beforeDigest.lastIndexOf(':');
  const end = colon > beforeDigest.lastIndexOf('/') ? colon : beforeDigest.length;
  const path = text.slice(0, end);
  if (path === '') throw new UsageError(`${LAYOUT}${text} names no folder`);
  return { path, reference: text.slice(end) };
}
