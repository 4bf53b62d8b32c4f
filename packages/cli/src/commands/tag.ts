// SPDX-License-Identifier: MIT
import { formatReference } from '@img-build/oci';
import type { Command } from '../command.ts';
import { referenceOf, requireImage } from '../image-name.ts';
import { UsageError } from '../usage-error.ts';

/** `img tag` */
export const tagCommand: Command = {
  name: 'tag',
  summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE.',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: [],
  positionals: { min: 2, max: 2 },
  async run({ args, io, services }) {
    const [source = '', target = ''] = args.positionals;
    const record = await requireImage(services, source);
    const reference = referenceOf(target);
    if (reference.digest !== undefined)
      throw new UsageError(`${target} is not a tag: a digest names content and cannot be given`);
    (await services.metadata()).images.put(formatReference(reference), record.target);
    io.print(`Successfully tagged ${source} as ${target}`);
  },
};
