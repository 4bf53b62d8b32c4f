// SPDX-License-Identifier: MIT
import {
  familiarReference,
  formatPlatform,
  isReference,
  type Platform,
  parseReference,
} from '@img-build/oci';
import { FrontendError } from '../frontend-error.ts';

/** A named context that was asked for. */
export interface NamedContext {
  /** The name without platform, as short as users write it. */
  readonly name: string;
  /** What the caller called it: the name, or `NAME::os/arch`. */
  readonly key: string;
  readonly value: string;
}

/** Finds named contexts. */
export interface NamedContexts {
  /** The context that stands for a stage or image of this name, one for the platform before one for all. */
  find(name: string, platform: Platform): NamedContext | undefined;
  /** All names, without platforms. */
  readonly names: readonly string[];
}

/** These names mean something else. */
const RESERVED: ReadonlySet<string> = new Set(['scratch', 'context']);
const PLATFORM_MARK = '::';

/**
 * Reads the keys of {@link LowerOptions.contexts}; values are looked at when a context is loaded.
 *
 * @throws FrontendError `CONTEXT_INVALID`
 */
export function namedContexts(contexts: Readonly<Record<string, string>> = {}): NamedContexts {
  const byKey = new Map<string, string>();
  for (const [key, value] of Object.entries(contexts)) byKey.set(normalKey(key), value);
  return {
    names: [...byKey.keys()].map((key) => key.split(PLATFORM_MARK, 1)[0] ?? key),
    find(written, platform) {
      if (byKey.size === 0 || RESERVED.has(written.toLowerCase()) || !isReference(written)) return undefined;
      const name = familiar(written);
      for (const key of [`${name}${PLATFORM_MARK}${formatPlatform(platform)}`, name]) {
        const value = byKey.get(key);
        if (value !== undefined) return { name, key, value };
      }
      return undefined;
    },
  };
}

/** Name of the stage a context is, when it is one. */
export function targetOf({ value }: NamedContext): string | undefined {
  return value.startsWith('target:') ? value.slice('target:'.length) : undefined;
}

function normalKey(key: string): string {
  const mark = key.indexOf(PLATFORM_MARK);
  const [name, platform] = mark < 0 ? [key, ''] : [key.slice(0, mark), key.slice(mark)];
  if (!isReference(name)) {
    throw new FrontendError(`invalid context name ${JSON.stringify(key)}`, {
      code: 'CONTEXT_INVALID',
      hint: 'a context is called like a stage or an image, in lower case',
    });
  }
  return familiar(name) + platform;
}

function familiar(name: string): string {
  return familiarReference(parseReference(name)).replace(/:latest$/, '');
}
