// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { prepareFile } from '../destination.ts';
import { writeTo } from '../output-stream.ts';
import { UsageError } from '../usage-error.ts';

const FORMATS = ['docker', 'oci'] as const;

/** `img save` */
export const saveCommand: Command = {
  name: 'save',
  summary: 'Save an image to a tar archive (streamed to STDOUT by default).',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: [
    { name: 'format', type: 'string', description: 'image output format (docker|oci)', default: '"docker"' },
    { name: 'output', short: 'o', type: 'string', description: 'write to a file, instead of STDOUT' },
  ],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, io, services, signal }) {
    const format = FORMATS.find((each) => each === (args.text('format') ?? 'docker'));
    if (format === undefined)
      throw new UsageError(
        `${JSON.stringify(args.text('format'))} is not a valid image format`,
        'choose docker or oci',
      );
    const file = args.text('output');
    if ((file === undefined || file === '-') && io.stdout.isTTY) {
      throw new UsageError('cowardly refusing to save to a terminal', 'use the -o flag or redirect');
    }
    if (file !== undefined && file !== '-') prepareFile(resolve(file));
    const [{ saveImages, writeToSink }, content, { images }] = await Promise.all([
      import('@img-build/exporters'),
      services.content(),
      services.metadata(),
    ]);
    const archive = await saveImages(args.positionals, {
      content,
      images,
      format,
      platform: services.platform,
      signal,
    });
    const sink =
      file === undefined || file === '-'
        ? { write: (chunk: Uint8Array) => writeTo(io.stdout, chunk) }
        : { path: resolve(file) };
    await writeToSink(sink, archive, { signal });
  },
};
