// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from '@img-build/errors';
import { parseIgnoreFile } from '@img-build/path-patterns';
import { UsageError } from '../../usage-error.ts';
import type { LoadStep } from '../build-input.ts';
import { decodeInput, readInputFile } from './input-file.ts';

/** How ignore rules are looked for. */
export interface IgnoreRulesOptions {
  /** Path of the Dockerfile; absent when it is no file of the host. */
  readonly dockerfile?: string | undefined;
  readonly load: LoadStep;
  /** What the step is called; default after the file. */
  readonly step?: string | undefined;
}

/**
 * Rules of the ignore file of a folder: `<Dockerfile>.dockerignore` beside the Dockerfile wins, else `.dockerignore` of
 * the folder; no file is no rules.
 *
 * @throws UsageError
 */
export async function loadIgnoreRules(
  folder: string,
  { dockerfile, load, step }: IgnoreRulesOptions,
): Promise<readonly string[]> {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  const path = own !== undefined && existsSync(own) ? own : join(folder, '.dockerignore');
  const text = await load(step ?? `[internal] load ${basename(path)}`, 'transferring context:', async () =>
    existsSync(path) ? readInputFile(path, 'failed to read') : new Uint8Array(),
  );
  try {
    return parseIgnoreFile(decodeInput(text, basename(path)));
  } catch (cause) {
    throw new UsageError(`failed parsing ${path}: ${messageOf(cause)}`);
  }
}
