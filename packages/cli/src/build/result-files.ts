// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { Digest } from '@img-build/oci';
import { prepareFile } from '../destination.ts';
import { UsageError } from '../usage-error.ts';
import { metadataOf } from './build-metadata.ts';
import type { BuildCommandRequest } from './build-request.ts';
import type { BuildOutcome } from './run-build.ts';

/** Files that tell scripts what came of a build. */
export type ResultFiles = Pick<BuildCommandRequest, 'imageIdFile' | 'metadataFile'>;

/**
 * Makes sure that the files can be written, and that what an earlier build left is not taken for the result of this one.
 *
 * @throws UsageError
 */
export function prepareResultFiles({ imageIdFile, metadataFile }: ResultFiles): void {
  for (const path of [imageIdFile, metadataFile]) if (path !== undefined) prepareFile(resolve(path));
  if (imageIdFile === undefined) return;
  try {
    unlinkSync(resolve(imageIdFile));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    if (!isSystemError(error)) throw error;
    throw new UsageError(`cannot write the image id to ${imageIdFile}: ${error.message}`);
  }
}

/** What the image is known by: the digest of its config, or of the index when it has several; `undefined` without an image. */
export function imageId({ results }: Pick<BuildOutcome, 'results'>): Digest | undefined {
  const image = results.find(({ descriptor }) => descriptor !== undefined);
  const config = image?.metadata['containerimage.config.digest'];
  return typeof config === 'string' ? (config as Digest) : image?.descriptor?.digest;
}

/** Writes the files that were asked for; each is there whole or not at all. */
export async function writeResultFiles(
  { imageIdFile, metadataFile }: ResultFiles,
  outcome: BuildOutcome,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (imageIdFile !== undefined) await writeText(imageIdFile, imageId(outcome) ?? '');
  if (metadataFile !== undefined)
    await writeText(metadataFile, `${JSON.stringify(metadataOf(outcome, env), undefined, 2)}\n`);
}

async function writeText(path: string, text: string): Promise<void> {
  const { writeToSink } = await import('@img-build/exporters');
  await writeToSink({ path: resolve(path) }, once(Buffer.from(text)));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A name for one build that no other has. */
export function newBuildReference(): string {
  return `img/local/${BigInt(`0x${randomBytes(16).toString('hex')}`)
    .toString(36)
    .padStart(25, '0')}`;
}
