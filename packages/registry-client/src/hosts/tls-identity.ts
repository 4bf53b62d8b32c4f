// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';
import type { ConnectionChoice } from './host-connection.ts';

/** Whom to trust and as whom to appear in TLS; the same object for the same settings. */
export interface TlsIdentity {
  /** PEM certificates trusted besides the system's. */
  readonly ca: readonly string[];
  /** PEM chain and key that identify us. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Whether certificates must be good. */
  readonly verify: boolean;
  /** Milliseconds to establish a connection. */
  readonly connectTimeout: number | undefined;
}

/** Reads the files of choices, each combination once. */
export type LoadTlsIdentity = (choice: ConnectionChoice) => Promise<TlsIdentity>;

/** Creates a {@link LoadTlsIdentity}. */
export function createTlsLoader(): LoadTlsIdentity {
  const loaded = new Map<string, Promise<TlsIdentity>>();
  return (choice) => {
    const { ca, client, verify, connectTimeout } = choice;
    const key = JSON.stringify([ca?.value, client?.value, verify.value, connectTimeout]);
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const made = load(choice);
    loaded.set(key, made);
    made.catch(() => loaded.delete(key));
    return made;
  };
}

async function load({ ca, client, verify, connectTimeout }: ConnectionChoice): Promise<TlsIdentity> {
  const authorities = await Promise.all((ca?.value.files ?? []).map(readPem));
  const inline = ca?.value.pem;
  return {
    ca: [...(inline === undefined ? [] : [inline]), ...authorities],
    client: await loadClient(client),
    verify: verify.value,
    connectTimeout,
  };
}

async function loadClient(client: ConnectionChoice['client']): Promise<TlsIdentity['client']> {
  if (client === undefined) return undefined;
  const { files, pem } = client.value;
  if (pem?.cert !== undefined) return { cert: pem.cert, key: pem.key ?? pem.cert };
  if (files === undefined) return undefined;
  const cert = await readPem(files.cert);
  return { cert, key: files.key === undefined ? cert : await readPem(files.key) };
}

async function readPem(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
  // Node takes other texts for empty lists, and the connection would fail without naming the file.
  if (!text.includes('-----BEGIN ')) throw invalid(path, 'it holds no PEM');
  return text;
}

function invalid(path: string, why: string, cause?: unknown): RegistryError {
  return new RegistryError(`cannot read ${path}: ${why}`, {
    code: 'REGISTRY_SETTINGS_INVALID',
    ...(cause === undefined ? {} : { cause }),
  });
}
