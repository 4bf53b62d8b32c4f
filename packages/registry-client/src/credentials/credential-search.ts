// SPDX-License-Identifier: MIT
import { decodeEntry, findEntry, serverKey } from './auth-entry.ts';
import { type CredentialFile, parseCredentialFile, readCredentialFile } from './credential-file.ts';
import { credentialPaths, type Environment } from './credential-places.ts';
import type { CredentialExplanation, Credentials, PassedCredentials } from './credentials.ts';

/** What a search works with. */
export interface CredentialSearch {
  readonly environment: Environment;
  readonly home: string;
  /** Asks a helper for a host. */
  readonly ask: (helper: string, domain: string) => Promise<Credentials | undefined>;
}

/** Credentials, where they are from, and what was passed over. */
export interface FoundCredentials {
  readonly credentials: Credentials | undefined;
  readonly explanation: CredentialExplanation;
}

const INLINE = 'DOCKER_AUTH_CONFIG';

/**
 * Looks through all places in their order; within one, `credHelpers` come before `credsStore` before `auths`.
 *
 * @param all - goes on behind the place that has them, to tell which others would.
 * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID`
 */
export async function searchCredentials(
  search: CredentialSearch,
  domain: string,
  repository: string | undefined,
  all: boolean,
): Promise<FoundCredentials> {
  const passed: PassedCredentials[] = [];
  let found: { readonly credentials: Credentials; readonly explanation: CredentialExplanation } | undefined;
  for (const { place, read } of placesOf(search)) {
    const file = await read();
    if (file === undefined) {
      passed.push({ place, why: 'missing' });
      continue;
    }
    if (found !== undefined) {
      passed.push({ place, why: mayHave(file, domain, repository) ? 'outweighed' : 'nothing for this host' });
      continue;
    }
    const here = await findIn(search, file, place, domain, repository);
    if (here === undefined) passed.push({ place, why: 'nothing for this host' });
    else found = { credentials: here.credentials, explanation: { ...here.explanation, passed } };
    if (found !== undefined && !all) return found;
  }
  return found ?? { credentials: undefined, explanation: { kind: 'none', passed } };
}

/** The helper a file names for a host. */
export function helperFor(file: CredentialFile, domain: string): string | undefined {
  const helpers = objectAt(file, 'credHelpers');
  for (const key of [serverKey(domain), domain]) {
    const helper = Object.hasOwn(helpers, key) ? helpers[key] : undefined;
    if (typeof helper === 'string' && helper !== '') return helper;
  }
  const store = file['credsStore'];
  return typeof store === 'string' && store !== '' ? store : undefined;
}

/** A member that should be an object. */
export function objectAt(file: CredentialFile, key: string): Readonly<Record<string, unknown>> {
  const value = file[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

interface Place {
  readonly place: string;
  readonly read: () => Promise<CredentialFile | undefined>;
}

function placesOf({ environment, home }: CredentialSearch): readonly Place[] {
  const inline = environment[INLINE];
  return [
    {
      place: INLINE,
      read: async () =>
        inline === undefined || inline.trim() === '' ? undefined : parseCredentialFile(inline, INLINE),
    },
    ...credentialPaths(environment, home).map((place) => ({
      place,
      read: async () => await readCredentialFile(place),
    })),
  ];
}

async function findIn(
  { ask }: CredentialSearch,
  file: CredentialFile,
  place: string,
  domain: string,
  repository: string | undefined,
): Promise<{ readonly credentials: Credentials; readonly explanation: CredentialExplanation } | undefined> {
  const helper = helperFor(file, domain);
  const answer = helper === undefined ? undefined : await ask(helper, domain);
  if (helper !== undefined && answer !== undefined) {
    const explanation = {
      kind: 'helper',
      place,
      helper: `docker-credential-${helper}`,
      key: serverKey(domain),
    } as const;
    return { credentials: answer, explanation: { ...explanation, ...describe(answer), passed: [] } };
  }
  const entry = findEntry(objectAt(file, 'auths'), domain, repository);
  const credentials = entry === undefined ? undefined : decodeEntry(entry.entry, place);
  if (entry === undefined || credentials === undefined) return undefined;
  const explanation = { kind: place === INLINE ? 'environment' : 'file', place, key: entry.key } as const;
  return { credentials, explanation: { ...explanation, ...describe(credentials), passed: [] } };
}

function mayHave(file: CredentialFile, domain: string, repository: string | undefined): boolean {
  return (
    helperFor(file, domain) !== undefined ||
    findEntry(objectAt(file, 'auths'), domain, repository) !== undefined
  );
}

function describe(credentials: Credentials): Pick<CredentialExplanation, 'type' | 'username'> {
  const username = credentials.type === 'bearer' ? undefined : credentials.username;
  return { type: credentials.type, ...(username === undefined ? {} : { username }) };
}
