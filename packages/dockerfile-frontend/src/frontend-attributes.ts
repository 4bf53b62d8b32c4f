// SPDX-License-Identifier: MIT
import { suggest } from '@img-build/dockerfile-parser';
import { messageOf } from '@img-build/errors';
import { parsePlatform } from '@img-build/oci';
import { FrontendError } from './frontend-error.ts';
import type { LowerOptions } from './options.ts';
import { parseGoBoolean } from './text/go-boolean.ts';

type Reader = (value: string, options: LowerOptions) => Partial<LowerOptions>;

/** Attributes with a fixed name. */
const READERS: Readonly<Record<string, Reader>> = {
  target: (target) => ({ target }),
  platform: (value, { buildPlatform }) => ({
    platforms: listOf(value).map((text) => parsePlatform(text, buildPlatform)),
  }),
  'no-cache': (value) => ({ noCache: value === '' ? true : listOf(value) }),
  'image-resolve-mode': (value) => ({ pull: oneOf(value, RESOLVE_MODES) }),
  'force-network-mode': (value) => ({ network: oneOf(value, NETWORK_MODES) }),
  'add-hosts': (value) => ({ extraHosts: listOf(value).map(hostOf) }),
  'shm-size': (value) => ({ shmSize: wholeNumber(value) }),
  ulimit: (value) => ({ ulimits: listOf(value).map(ulimitOf) }),
  'cgroup-parent': (cgroupParent) => ({ cgroupParent }),
  hostname: (hostname) => ({ hostname }),
  'multi-platform': (value) => ({ multiPlatform: booleanOf(value) }),
  contextsubdir: (contextSubdirectory) => ({ contextSubdirectory }),
};

/** Attributes with a name after a colon, and the option that collects them. */
const COLLECTIONS: Readonly<Record<string, 'buildArgs' | 'labels' | 'contexts'>> = {
  'build-arg': 'buildArgs',
  label: 'labels',
  context: 'contexts',
};

/** Attributes that say where the file comes from, or what happens to the result: not this frontend's business. */
const OTHERS: ReadonlySet<string> = new Set([
  'filename',
  'source',
  'cmdline',
  'contextkey',
  'dockerfilekey',
  'cache-from',
  'cache-imports',
  'attest',
  'local-sessionid',
  'sharedkey',
  'input-metadata',
  'requestid',
]);

const RESOLVE_MODES: Readonly<Record<string, 'default' | 'always'>> = {
  '': 'default',
  default: 'default',
  local: 'default',
  pull: 'always',
};

const NETWORK_MODES: Readonly<Record<string, 'unset' | 'host' | 'none'>> = {
  '': 'unset',
  sandbox: 'unset',
  host: 'host',
  none: 'none',
};

/**
 * The options with {@link LowerOptions.attributes} read into them.
 *
 * @throws FrontendError `OPTION_INVALID`
 */
export function applyAttributes({ attributes, ...options }: LowerOptions): LowerOptions {
  let applied: LowerOptions = options;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    try {
      applied = { ...applied, ...optionsFrom(name, value, applied) };
    } catch (cause) {
      if (cause instanceof FrontendError && cause.message.startsWith('unknown')) throw cause;
      throw new FrontendError(`invalid ${name}=${value}: ${messageOf(cause)}`, {
        code: 'OPTION_INVALID',
        cause,
      });
    }
  }
  return applied;
}

function optionsFrom(name: string, value: string, options: LowerOptions): Partial<LowerOptions> {
  const colon = name.indexOf(':');
  const kind = colon < 0 ? name : name.slice(0, colon);
  if (OTHERS.has(kind)) return {};
  if (colon >= 0 && Object.hasOwn(COLLECTIONS, kind)) {
    const field = COLLECTIONS[kind] ?? 'labels';
    return { [field]: { ...options[field], [name.slice(colon + 1)]: value } };
  }
  if (Object.hasOwn(READERS, name)) return READERS[name]?.(value, options) ?? {};
  const near = suggest(name, [...Object.keys(READERS), ...OTHERS]);
  throw new FrontendError(
    `unknown frontend attribute ${JSON.stringify(name)}${near === null ? '' : ` (did you mean ${near}?)`}`,
    { code: 'OPTION_INVALID' },
  );
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function oneOf<T>(value: string, known: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(known, value) ? known[value] : undefined;
  if (found === undefined) throw invalid(`it is none of ${Object.keys(known).filter(Boolean).join(', ')}`);
  return found;
}

function hostOf(text: string): { readonly host: string; readonly ip: string } {
  const [, host, ip] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (host === undefined || ip === undefined) throw invalid(`${text} is not HOST=ADDRESS`);
  return { host, ip };
}

function ulimitOf(text: string): { readonly name: string; readonly soft: number; readonly hard: number } {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name === undefined || soft === undefined || hard === undefined)
    throw invalid(`${text} is not NAME=SOFT:HARD`);
  return { name, soft: Number(soft), hard: Number(hard) };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalid('it is not a number of bytes');
  return Number(text);
}

function booleanOf(text: string): boolean {
  const value = parseGoBoolean(text);
  if (value === undefined) throw invalid('it is neither true nor false');
  return value;
}

function invalid(message: string): FrontendError {
  return new FrontendError(message, { code: 'OPTION_INVALID' });
}
