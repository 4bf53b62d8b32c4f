// SPDX-License-Identifier: MIT
import { lstatSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Descriptor, parseImageConfig } from '@img-build/oci';
import type { Command } from '../command.ts';
import { prepareFolder } from '../destination.ts';
import { requireImage } from '../image-name.ts';
import { readConfig, requireStoredImage } from '../stored-image.ts';
import { UsageError } from '../usage-error.ts';
import { createImageUnpacking } from '../wiring/image-unpacking.ts';
import type { Services } from '../wiring/services.ts';

/** `img unpack` */
export const unpackCommand: Command = {
  name: 'unpack',
  summary: 'Unpack an image to a rootfs directory.',
  usage: '[OPTIONS] IMAGE',
  flags: [
    {
      name: 'output',
      short: 'o',
      type: 'string',
      description:
        'Directory to unpack the rootfs to. (defaults to rootfs/ in the current working directory)',
    },
  ],
  positionals: { min: 1, max: 1 },
  async run({ args, io, services, signal }) {
    const name = args.positionals[0] ?? '';
    const folder = resolve(args.text('output') ?? 'rootfs');
    const { target } = await requireImage(services, name);
    if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined)
      throw new UsageError(
        `unpack directory ${folder} already exists`,
        'remove it, or name another one with --output',
      );
    prepareFolder(folder);
    try {
      await unpackTo(folder, target, services, signal);
    } catch (error) {
      removeUnfinished(folder);
      throw error;
    }
    io.print(`Successfully unpacked rootfs for ${name} to: ${folder}`);
  },
};

async function unpackTo(
  folder: string,
  target: Descriptor,
  services: Services,
  signal: AbortSignal,
): Promise<void> {
  const content = await services.content();
  const image = await requireStoredImage(content, target, services.platform, { signal });
  const config = parseImageConfig(await readConfig(content, image, { signal }));
  const unpacking = await createImageUnpacking(services);
  try {
    const tree = await unpacking.unpack(image.manifest.layers, config.rootfs.diff_ids, { signal });
    await (await services.worker()).exportFolder(tree, folder, 'copy', { signal });
  } finally {
    unpacking.release();
  }
}

/** Half a root file system is of no use, and its folder would be in the way of the next attempt. */
function removeUnfinished(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The failure that led here is the one to report.
  }
}
