// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError, messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';

/** The contents of docker's `config.json`, or of a file of that form. */
export type CredentialFile = Readonly<Record<string, unknown>>;

/** Bytes of a configuration file. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file of credentials; `undefined` when there is none.
 *
 * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID` for one that cannot be read; its contents are never quoted.
 */
export async function readCredentialFile(path: string): Promise<CredentialFile | undefined> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_BYTES) throw invalid(path, `it is larger than ${MAX_BYTES} bytes`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error instanceof RegistryError ? error : invalid(path, messageOf(error));
  }
  return text.trim() === '' ? {} : parseCredentialFile(text, path);
}

/**
 * Parses the text of such a file.
 *
 * @param where - names it in errors.
 * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID`
 */
export function parseCredentialFile(text: string, where: string): CredentialFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw invalid(where, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(where, 'it is not a JSON object');
  return value as CredentialFile;
}

/**
 * Replaces a file of credentials in one step: readers see the old or the new one. A link is followed, an existing file
 * keeps its mode and owner, a new one is for its owner only.
 */
export async function writeCredentialFile(path: string, contents: CredentialFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const target = await linkTarget(path);
  const temporary = `${target}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(contents, undefined, '\t')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    const before = await stat(target).catch(() => undefined);
    if (before !== undefined) {
      // Only root can give files away, and only root would take one away from its owner by replacing it.
      await chown(temporary, before.uid, before.gid).catch(() => {});
      await chmod(temporary, before.mode & 0o777);
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new RegistryError(`cannot write ${path}: ${messageOf(error)}`, {
      code: 'REGISTRY_CREDENTIALS_INVALID',
      cause: error,
    });
  }
}

async function linkTarget(path: string): Promise<string> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() === true ? await realpath(path).catch(() => path) : path;
}

function invalid(where: string, why: string): RegistryError {
  return new RegistryError(`cannot use the credentials in ${where}: ${why}`, {
    code: 'REGISTRY_CREDENTIALS_INVALID',
  });
}
