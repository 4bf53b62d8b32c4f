// SPDX-License-Identifier: MIT
import { formatReference, parseReference, repositoryName } from '@img-build/oci';
import type { Command, CommandContext } from '../command.ts';
import { referenceOf, requireImage, shownName } from '../image-name.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { UsageError } from '../usage-error.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';
import { openMountSources } from '../wiring/mount-sources.ts';

/** `img push` */
export const pushCommand: Command = {
  name: 'push',
  summary: 'Push an image or a repository to a registry.',
  usage: '[OPTIONS] NAME[:TAG]',
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      type: 'boolean',
      description: 'Push every tag of the repository',
      more: true,
    },
    { name: 'insecure-registry', type: 'boolean', description: 'Push to insecure registry' },
  ],
  positionals: { min: 1, max: 1 },
  async run(context) {
    const given = context.args.positionals[0] ?? '';
    const names = context.args.is('all-tags') ? await tagsHere(context, given) : [given];
    for (const name of names) await push(context, name);
  },
};

/** Every tag of a repository that there is here. */
async function tagsHere({ services }: CommandContext, given: string): Promise<readonly string[]> {
  const wanted = referenceOf(given);
  if (wanted.digest !== undefined || given.endsWith(`:${wanted.tag}`))
    throw new UsageError(
      '--all-tags takes the name of a repository, without tag and digest',
      `see 'img push --help'`,
    );
  const { images } = await services.metadata();
  const names = images
    .list()
    .map(({ name }) => name)
    .filter((name) => {
      const one = parseReference(name);
      return one.digest === undefined && repositoryName(one) === repositoryName(wanted);
    });
  if (names.length === 0)
    throw new UsageError(`no tag of ${JSON.stringify(given)} found`, `see 'img ls' for what there is`);
  return names;
}

async function push({ args, io, services, signal }: CommandContext, given: string): Promise<void> {
  const reference = referenceOf(given);
  const { target } = await requireImage(services, given);
  const hosts = insecureHosts(args.is('insecure-registry'), reference);
  const [{ pushImage }, content, registry, mountFrom] = await Promise.all([
    import('@img-build/exporters'),
    services.content(),
    services.registry(hosts),
    openMountSources(services),
  ]);
  const name = shownName(formatReference(reference));
  io.print(`Pushing ${name}...`);
  const progress = createTransferProgress(io.stderr);
  try {
    await pushImage(reference, target, {
      content,
      registry,
      mountFrom,
      progress: (_step, work) => work(),
      onProgress: progress.update,
      signal,
    });
  } finally {
    progress.finish();
  }
  io.print(`Successfully pushed ${name}`);
}
