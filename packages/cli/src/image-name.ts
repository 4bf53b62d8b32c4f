// SPDX-License-Identifier: MIT
import type { ImageRecord } from '@img-build/interfaces';
import { familiarReference, formatReference, parseReference, type Reference } from '@img-build/oci';
import { UsageError } from './usage-error.ts';
import type { Services } from './wiring/services.ts';

/** The reference of an image name typed by a user; without a tag it means `latest`. */
export function referenceOf(name: string): Reference {
  return parseReference(name);
}

/** How an image is called in output: as docker shows it, tag included. */
export function shownName(name: string): string {
  return familiarReference(parseReference(name));
}

/**
 * The image a user means.
 *
 * @throws UsageError when there is none of that name.
 */
export async function requireImage(services: Services, name: string): Promise<ImageRecord> {
  const { images } = await services.metadata();
  const record = images.get(formatReference(referenceOf(name)));
  if (record === undefined)
    throw new UsageError(
      `image ${JSON.stringify(name)} not found`,
      `see 'img ls' for what there is, or get it with 'img pull ${name}'`,
    );
  return record;
}
