// SPDX-License-Identifier: MIT

import { collect } from '../collection.ts';
import type { Command } from '../command.ts';
import { requireImage } from '../image-name.ts';

/** `img rm` */
export const rmCommand: Command = {
  name: 'rm',
  summary: 'Remove one or more images.',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: [],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, io, services, signal }) {
    const { images } = await services.metadata();
    try {
      for (const name of args.positionals) {
        const record = await requireImage(services, name);
        io.print(`Removing ${name}...`);
        images.remove(record.name);
        io.print(`Successfully removed ${name}`);
      }
    } finally {
      await collect(services, { signal });
    }
  },
};
