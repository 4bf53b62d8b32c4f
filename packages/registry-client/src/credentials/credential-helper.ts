// SPDX-License-Identifier: MIT
import { isSystemError, messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';
import { credentialsOf } from './auth-entry.ts';
import type { Credentials } from './credentials.ts';

/** How helpers are run. */
export interface HelperOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which a helper is killed; 30,000 by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT = 30_000;
/** Bytes a helper may print. */
const MAX_OUTPUT = 1024 * 1024;
/** What helpers print, on standard output, when they have nothing. */
const ABSENT: ReadonlySet<string> = new Set([
  'credentials not found in native keychain',
  'no credentials server URL',
  'no credentials username',
]);

/**
 * Asks `docker-credential-<name>` for a server's credentials; `undefined` when it has none.
 *
 * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID` for a helper that is missing, fails, hangs or prints something else.
 * @see docker-credential-helpers, README, "Development"
 */
export async function helperGet(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const { status, output } = await run(name, 'get', server, options);
  if (status !== 0) {
    if (ABSENT.has(output.trim())) return undefined;
    throw failed(name, output.trim() === '' ? `it exited with ${status}` : firstLine(output));
  }
  try {
    const { Username, Secret } = JSON.parse(output) as Record<string, unknown>;
    if (typeof Username === 'string' && typeof Secret === 'string') return credentialsOf(Username, Secret);
  } catch {
    // Said below; what it printed may be a secret.
  }
  throw failed(name, 'it printed something that is no credential');
}

/** Gives credentials to a helper. @throws RegistryError `REGISTRY_CREDENTIALS_INVALID` */
export async function helperStore(
  name: string,
  server: string,
  credentials: Credentials,
  options: HelperOptions,
): Promise<void> {
  const [Username, Secret] =
    credentials.type === 'basic'
      ? [credentials.username, credentials.password]
      : ['<token>', credentials.token];
  const { status, output } = await run(
    name,
    'store',
    JSON.stringify({ ServerURL: server, Username, Secret }),
    options,
  );
  if (status !== 0) throw failed(name, firstLine(output));
}

/** Makes a helper forget; a helper that has nothing to forget is fine. @throws RegistryError `REGISTRY_CREDENTIALS_INVALID` */
export async function helperErase(name: string, server: string, options: HelperOptions): Promise<void> {
  const { status, output } = await run(name, 'erase', server, options);
  if (status !== 0 && !ABSENT.has(output.trim())) throw failed(name, firstLine(output));
}

async function run(
  name: string,
  verb: string,
  input: string,
  options: HelperOptions,
): Promise<{ readonly status: number | null; readonly output: string }> {
  // The name becomes part of a program's name that is looked up on PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw failed(name.slice(0, 40), 'its name is not one of a program');
  const { spawn } = await import('node:child_process');
  const { signal } = options;
  const timeout = AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(`docker-credential-${name}`, [verb], {
    env: { ...options.environment },
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    killSignal: 'SIGKILL',
  });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.byteLength;
    if (length <= MAX_OUTPUT) chunks.push(chunk);
    else child.kill('SIGKILL');
  });
  child.once('error', reject);
  child.once('close', resolve);
  // A helper that does not read its input closes the pipe; its exit status tells what it made of that.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const status = await promise;
    if (length > MAX_OUTPUT) throw failed(name, `it printed more than ${MAX_OUTPUT} bytes`);
    return { status, output: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw failed(name, 'it did not answer in time');
    if (isSystemError(error, 'ENOENT'))
      throw failed(
        name,
        'it is not installed',
        `install docker-credential-${name}, or remove it from the configuration`,
      );
    throw error instanceof RegistryError ? error : failed(name, messageOf(error));
  } finally {
    // Grandchildren of a killed helper may hold the pipe open.
    child.stdout.destroy();
  }
}

function firstLine(output: string): string {
  const line = output.trim().split('\n', 1)[0] ?? '';
  return line.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200);
}

function failed(name: string, why: string, hint?: string): RegistryError {
  return new RegistryError(`credential helper docker-credential-${name} failed: ${why}`, {
    code: 'REGISTRY_CREDENTIALS_INVALID',
    hint,
  });
}
