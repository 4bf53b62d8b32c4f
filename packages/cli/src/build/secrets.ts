// SPDX-License-Identifier: MIT
import { createReadStream, type Stats, statSync } from 'node:fs';
import { isSystemError, ToolError } from '@img-build/errors';
import { readSshPrivateKey } from '@img-build/host';
import type { AbortOptions, SecretSource, SshAgent } from '@img-build/interfaces';
import { UsageError } from '../usage-error.ts';
import type { SecretSpec } from './flags/secret-spec.ts';
import type { SshSpec } from './flags/ssh-spec.ts';

/** Bytes of one secret, as BuildKit limits them. */
export const MAX_SECRET_BYTES: number = 500 * 1024;
/** Bytes of one key file. */
const MAX_KEY_BYTES = 64 * 1024;

/** What the user gives to a build. */
export interface SecretSettings {
  readonly secrets: readonly SecretSpec[];
  readonly ssh: readonly SshSpec[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Secrets and agents that the user named. Files must be there now; they are read when a step asks for them, and nothing
 * is kept.
 *
 * @throws UsageError for files that are missing, too large or of the wrong kind, HostError for keys nobody can use
 */
export async function createSecretSource(
  { secrets, ssh, env }: SecretSettings,
  options: AbortOptions = {},
): Promise<SecretSource> {
  for (const spec of secrets) if (spec.type === 'file') checkSecretFile(spec);
  const agents = new Map<string, () => Promise<SshAgent>>();
  for (const spec of ssh) agents.set(spec.id, await agentOf(spec, env, options));
  return {
    async secret(id, abort = {}) {
      const spec = secrets.find((each) => each.id === id);
      if (spec === undefined) return undefined;
      const bytes =
        spec.type === 'env' ? variableBytes(env[spec.variable]) : await readLimited(spec.path, abort);
      if (bytes !== undefined && bytes.byteLength > MAX_SECRET_BYTES) throw tooLarge(id);
      return bytes;
    },
    agent: async (id) => await agents.get(id)?.(),
  };
}

function variableBytes(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : Buffer.from(value);
}

function checkSecretFile({ id, path }: SecretSpec & { readonly type: 'file' }): void {
  const stat = statOf(path, `secret ${id}`);
  if (stat.isDirectory()) throw new UsageError(`secret ${id}: ${path} is a directory`);
  if (stat.size > MAX_SECRET_BYTES) throw tooLarge(id);
}

function tooLarge(id: string): ToolError {
  return new ToolError(`secret ${id} has more than the ${MAX_SECRET_BYTES} bytes that a secret may have`, {
    code: 'USAGE',
  });
}

function statOf(path: string, what: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason = error.code === 'ENOENT' ? 'no such file or directory' : error.message;
    throw new UsageError(`${what}: failed to stat ${path}: ${reason}`);
  }
}

/** Also what can be read but once, as a shell's `<(command)`; a writer that never comes does not outlive the build. */
async function readLimited(path: string, { signal }: AbortOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // One byte more than allowed tells that it is too much.
  for await (const chunk of createReadStream(path, { end: MAX_SECRET_BYTES, ...(signal && { signal }) }))
    chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function agentOf(
  { id, paths }: SshSpec,
  env: NodeJS.ProcessEnv,
  options: AbortOptions,
): Promise<() => Promise<SshAgent>> {
  if (paths.length === 0) {
    const path = env['SSH_AUTH_SOCK'] ?? '';
    if (path === '')
      throw new UsageError(
        `ssh ${id}: no agent: SSH_AUTH_SOCK is not set`,
        `start an agent, or name a key with --ssh ${id}=FILE`,
      );
    return () => Promise.resolve({ type: 'socket', path });
  }
  const sockets = paths.filter((path) => statOf(path, `ssh ${id}`).isSocket());
  const [path] = sockets;
  if (path !== undefined && paths.length > 1)
    throw new UsageError(`ssh ${id}: there can be one socket or several keys`, 'use several ids');
  if (path !== undefined) return () => Promise.resolve({ type: 'socket', path });
  const readKeys = async ({ signal }: AbortOptions = {}): Promise<readonly Uint8Array[]> =>
    await Promise.all(paths.map((each) => readKey(id, each, { signal })));
  for (const [index, key] of (await readKeys(options)).entries()) readSshPrivateKey(key, paths[index] ?? id);
  return async () => ({ type: 'keys', keys: await readKeys() });
}

async function readKey(id: string, path: string, options: AbortOptions): Promise<Uint8Array> {
  const stat = statOf(path, `ssh ${id}`);
  if (!stat.isFile()) throw new UsageError(`ssh ${id}: ${path} is neither a socket nor a key file`);
  if (stat.size > MAX_KEY_BYTES) throw new UsageError(`ssh ${id}: ${path} is too large for a key`);
  return await readLimited(path, options);
}
