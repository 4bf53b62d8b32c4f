// SPDX-License-Identifier: MIT
import { isToolError, messageOf } from '@img-build/errors';
import type { AbortOptions, ContentReader, ImageRecord } from '@img-build/interfaces';
import { type Descriptor, detectDocument, MAX_MANIFEST_BYTES } from '@img-build/oci';
import { corruption, type StoreProblem } from './problem.ts';

/** What the images are checked against. */
export interface ImageCheck extends AbortOptions {
  readonly content: ContentReader;
  /** Bytes by digest, of blobs that are there. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Follows every image to its layers: all that it names must be there, in the size it says. */
export async function checkImages(
  images: readonly ImageRecord[],
  check: ImageCheck,
): Promise<readonly StoreProblem[]> {
  const known = new Map<string, Promise<readonly string[]>>();
  const problems: StoreProblem[] = [];
  for (const { name, target } of images)
    for (const message of await faultsBelow(target, check, known))
      problems.push(corruption('image-incomplete', name, message));
  return problems;
}

/** Sentences about a document and all that it names; each document is read once. */
function faultsBelow(
  descriptor: Descriptor,
  check: ImageCheck,
  known: Map<string, Promise<readonly string[]>>,
): Promise<readonly string[]> {
  const found = known.get(descriptor.digest);
  if (found !== undefined) return found;
  const faults = findFaults(descriptor, check, known);
  known.set(descriptor.digest, faults);
  return faults;
}

async function findFaults(
  descriptor: Descriptor,
  check: ImageCheck,
  known: Map<string, Promise<readonly string[]>>,
): Promise<readonly string[]> {
  check.signal?.throwIfAborted();
  const own = faultOf('manifest', descriptor, check);
  if (own.length > 0) return own;
  try {
    const bytes = await check.content.read(descriptor.digest, MAX_MANIFEST_BYTES, { signal: check.signal });
    const document = detectDocument(bytes, { mediaType: descriptor.mediaType });
    if (document.kind === 'manifest') {
      const { config, layers } = document.manifest;
      return [
        ...faultOf('config', config, check),
        ...layers.flatMap((layer) => faultOf('layer', layer, check)),
      ];
    }
    const below: string[] = [];
    for (const manifest of document.index.manifests)
      below.push(...(await faultsBelow(manifest, check, known)));
    return below;
  } catch (error) {
    if (!isToolError(error)) throw error;
    return [`manifest ${descriptor.digest} cannot be read: ${messageOf(error)}`];
  }
}

function faultOf(what: string, { digest, size }: Descriptor, { sizes }: ImageCheck): readonly string[] {
  const actual = sizes.get(digest);
  if (actual === undefined) return [`${what} ${digest} is not in the store`];
  return actual === size ? [] : [`${what} ${digest} has ${actual} bytes instead of ${size}`];
}
