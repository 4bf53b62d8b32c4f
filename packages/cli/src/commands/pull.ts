// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';
import { referenceOf, shownName } from '../image-name.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { formatBinarySize } from '../render/units.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';

/** `img pull` */
export const pullCommand: Command = {
  name: 'pull',
  summary: 'Pull an image or a repository from a registry.',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: [
    { name: 'insecure-registry', type: 'boolean', description: 'Pull from insecure registry', hidden: true },
  ],
  positionals: { min: 1, max: 1 },
  async run({ args, io, services, signal }) {
    const reference = referenceOf(args.positionals[0] ?? '');
    const hosts = insecureHosts(args.is('insecure-registry'), reference);
    const [{ pullImage }, content, { images, leases }] = await Promise.all([
      import('@img-build/sources'),
      services.content(),
      services.metadata(),
    ]);
    const name = shownName(args.positionals[0] ?? '');
    io.print(`Pulling ${name}...`);
    const progress = createTransferProgress(io.stderr);
    // Blobs that no image names yet must not be collected by somebody else.
    const lease = leases.create();
    try {
      const pulled = await pullImage(reference, {
        registry: () => services.registry(hosts),
        content,
        images,
        platform: services.platform,
        onProgress: progress.update,
        signal,
      });
      progress.finish();
      io.print(`Snapshot ref: ${pulled.resolved.digest}`);
      io.print(`Size: ${formatBinarySize(pulled.size)}`);
    } finally {
      lease.release();
      progress.finish();
    }
  },
};
