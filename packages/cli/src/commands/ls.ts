// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { ImageRecord } from '@img-build/interfaces';
import type { Command } from '../command.ts';
import { parseFilters } from '../filter.ts';
import { shownName } from '../image-name.ts';
import { formatTable } from '../render/table.ts';
import { formatAge, formatBinarySize } from '../render/units.ts';
import { contentSize, findStoredImage } from '../stored-image.ts';
import type { Services } from '../wiring/services.ts';

const HEADER = ['NAME', 'SIZE', 'CREATED AT', 'UPDATED AT', 'DIGEST'];

/** `img ls` */
export const lsCommand: Command = {
  name: 'ls',
  summary: 'List images and digests.',
  usage: '[OPTIONS]',
  flags: [
    { name: 'filter', short: 'f', type: 'list', description: 'Filter output based on conditions provided' },
  ],
  positionals: { min: 0, max: 0 },
  async run({ args, io, services }) {
    const matches = parseFilters(args.list('filter'), ['name', 'target.digest', 'target.mediatype']);
    const { images } = await services.metadata();
    const shown = images
      .list()
      .filter(({ name, target }) =>
        matches({
          name: [name, shownName(name)],
          'target.digest': target.digest,
          'target.mediatype': target.mediaType,
        }),
      )
      .sort((a, b) => (shownName(a.name) < shownName(b.name) ? -1 : 1));
    const now = Date.now();
    const rows = await Promise.all(
      shown.map(async (image) => [
        shownName(image.name),
        await sizeOf(services, image),
        formatAge(image.createdAt, now),
        formatAge(image.updatedAt, now),
        image.target.digest,
      ]),
    );
    io.stdout.write(formatTable([HEADER, ...rows]));
  },
};

/** An image whose content was lost is still an image that can be seen and removed. */
async function sizeOf(services: Services, { target }: ImageRecord): Promise<string> {
  try {
    const image = await findStoredImage(await services.content(), target, services.platform);
    return formatBinarySize(image === undefined ? target.size : contentSize(image));
  } catch (error) {
    if (!isToolError(error)) throw error;
    services.logger.warn(`${target.digest}: ${error.message}`);
    return formatBinarySize(target.size);
  }
}
