// SPDX-License-Identifier: MIT
import { formatReference } from '@img-build/oci';
import type { Command } from '../command.ts';
import { referenceOf, requireImage, shownName } from '../image-name.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';

/** `img push` */
export const pushCommand: Command = {
  name: 'push',
  summary: 'Push an image or a repository to a registry.',
  usage: '[OPTIONS] NAME[:TAG]',
  flags: [{ name: 'insecure-registry', type: 'boolean', description: 'Push to insecure registry' }],
  positionals: { min: 1, max: 1 },
  async run({ args, io, services, signal }) {
    const given = args.positionals[0] ?? '';
    const reference = referenceOf(given);
    const { target } = await requireImage(services, given);
    const hosts = insecureHosts(args.is('insecure-registry'), reference);
    const [{ pushImage }, content, registry] = await Promise.all([
      import('@img-build/exporters'),
      services.content(),
      services.registry(hosts),
    ]);
    const name = shownName(formatReference(reference));
    io.print(`Pushing ${name}...`);
    const progress = createTransferProgress(io.stderr);
    try {
      await pushImage(reference, target, {
        content,
        registry,
        progress: (_step, work) => work(),
        onProgress: progress.update,
        signal,
      });
    } finally {
      progress.finish();
    }
    io.print(`Successfully pushed ${name}`);
  },
};
